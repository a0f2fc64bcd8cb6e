import { describe, expect, it, onTestFinished, vi } from 'vitest'
import type { GatewayConfig } from '../../../src/index.ts'
import { hasRedis, startRedis } from '../../support/redis.ts'
import { priced, written } from '../budget/support.ts'
import { keyGateway } from './keys-support.ts'
import type { KeyGateway } from './keys-support.ts'

/** 1000 tokens of `priced` cost 0.1 USD: what is reserved first. */
const config = (more: GatewayConfig = {}): GatewayConfig => ({
  models: [priced({ name: 'small' })],
  ...more,
  plugins: { budget: { defaultOutputTokens: 1000 }, retry: { retries: 0 } },
})

/** A stream under way, of a key with a budget; `nodes` may be others. */
async function streaming(budget: number, more: GatewayConfig = {}, count = 1) {
  const stream = written()
  const nodes = [await keyGateway(config({ ...more, use: [stream.plugin] }))]
  while (nodes.length < count) nodes.push(await keyGateway(config(more)))
  const [first] = nodes as [KeyGateway]
  const old = await first.mint({ max_budget: budget })
  const answer = first.gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers: { authorization: `Bearer ${old.key}` },
    body: JSON.stringify({ model: 'small', stream: true, messages: [{ role: 'user', content: 'Hi' }] }),
  })
  await vi.waitFor(() => expect(stream.started()).toBe(true))
  // A gateway closes when its streams have ended, also where a test fails.
  onTestFinished(() => stream.finish())
  const spendOf = async (key: string) =>
    ((await first.read(`/key/info?key=${key}`)).body['info'] as { spend: number }).spend
  return { ...stream, first, other: nodes.at(-1)!, old, text: answer.then((one) => one.text()), spendOf }
}

async function rotate({ post }: KeyGateway, body: Record<string, unknown>) {
  const answer = await post('/key/regenerate', body)
  expect(answer.error).toBeUndefined()
  return answer.body as Record<string, unknown> & { key: string; token: string }
}

const TWO_CALLS = { max_tokens: 1500 }

describe('a stream of a key that was regenerated', () => {
  it.each([{}, { grace_period: '1h' }])('spends the budget of the new one: %o', async (grace) => {
    const { write, first, old, stopped, text, spendOf } = await streaming(0.15)
    await write(100)
    const next = await rotate(first, { key: old.key, ...grace })
    expect(next).toMatchObject({ spend: 0, max_budget: 0.15 })
    expect((await first.chat(next.key, TWO_CALLS)).error).toMatchObject({ code: 'budget_exceeded' })
    for (const tokens of [750, 640]) await write(tokens)
    expect(stopped).toEqual([])
    await write(20)
    expect(stopped).toMatchObject([{ code: 'budget_exceeded', message: expect.stringContaining('Max budget: 0.15') }])
    await text
    expect(await spendOf(next.key)).toBeCloseTo(0.151, 3)
  })

  it('gives back what it did not need', async () => {
    const { write, finish, first, old, text, spendOf } = await streaming(0.15)
    await write(100)
    const next = await rotate(first, { key: old.key })
    finish()
    await text
    expect(await spendOf(next.key)).toBeCloseTo(0.01, 6)
    const last = await rotate(first, { key: next.key })
    expect(await spendOf(last.key)).toBeCloseTo(0.01, 6)
    expect(last).not.toHaveProperty('spent_as')
  })

  it('goes on where the new one may spend more, in the grace of the old', async () => {
    const { write, finish, first, old, stopped, text } = await streaming(0.15)
    await rotate(first, { key: old.key, grace_period: '1h', max_budget: 1 })
    for (const tokens of [850, 600, 600]) await write(tokens)
    expect(stopped).toEqual([])
    finish()
    await text
  })
})

it('a key that is made where a rotated one was has a budget of its own', async () => {
  const { first, write, finish, old, text, spendOf } = await streaming(0.15)
  await write(100)
  finish()
  await text
  const next = await rotate(first, { key: old.key })
  const again = await first.mint({ key: old.key, max_budget: 1, spend: 0.5 })
  expect(again).not.toHaveProperty('spent_as')
  expect([await spendOf(next.key), await spendOf(again.key)]).toEqual([expect.closeTo(0.01, 6), 0.5])
})

describe.runIf(hasRedis())('over Redis', () => {
  it('what both spend stays within one budget, on whichever node', async () => {
    const redis = await startRedis()
    onTestFinished(() => redis.kill())
    const storage = { default: { driver: 'redis', url: redis.url, deadline: 5000 } }
    const { write, first, other, old, stopped, text, spendOf } = await streaming(0.15, { storage }, 2)
    const next = await rotate(other, { key: old.key })
    await write(850)
    expect((await other.chat(next.key, TWO_CALLS)).error).toMatchObject({ code: 'budget_exceeded' })
    await vi.waitFor(async () => {
      await write(50)
      expect(stopped).toMatchObject([{ code: 'budget_exceeded' }])
    })
    await text
    expect((await first.chat(next.key, TWO_CALLS)).error).toMatchObject({ code: 'budget_exceeded' })
    await vi.waitFor(async () => expect(await spendOf(next.key)).toBeGreaterThan(0.14))
  })
})

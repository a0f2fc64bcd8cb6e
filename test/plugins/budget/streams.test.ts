import { expect, it, vi } from 'vitest'
import type { Scope } from '../../../src/index.ts'
import { budgetGateway, hard, keyScope, priced, usd, written } from './support.ts'

async function start(scopes: readonly Scope[], options: Record<string, unknown> = {}) {
  const stream = written()
  const under = await budgetGateway(scopes, {
    use: [stream.plugin],
    plugins: { budget: { defaultOutputTokens: 1000, ...options } },
  })
  const response = await under.ask({ stream: true, max_tokens: undefined })
  expect(response.status).toBe(200)
  return { ...stream, ...under, text: response.text() }
}

const TOKEN = 100_000

it('a stream that nobody limited extends what it has reserved, in steps', async () => {
  const { write, finish, text, held, stopped } = await start([keyScope({ budgets: [hard(1)] })])
  const [first] = await held('spend:key:k1')
  expect(first).toBeGreaterThan(1000 * TOKEN)
  expect(first).toBeLessThan(1001 * TOKEN)
  await write(700)
  expect(await held('spend:key:k1')).toEqual([first])
  await write(150)
  expect(await held('spend:key:k1')).toEqual([first! + 512 * TOKEN])
  await write(1000)
  expect(await held('spend:key:k1')).toEqual([first! + (512 + 756) * TOKEN])
  finish()
  await text
  expect(stopped).toEqual([])
  expect(await held('spend:key:k1')).toEqual([1850 * TOKEN + 6])
})

it('ends where the budget is gone, with the reason; what was left is used before', async () => {
  const { write, text, held, spent, stopped } = await start([keyScope({ budgets: [hard(0.13)] })])
  const [first] = await held('spend:key:k1')
  const left = Math.floor((usd(0.13) - first!) / TOKEN)
  await write(900)
  expect(await held('spend:key:k1')).toEqual([first! + left * TOKEN])
  await write(300)
  expect(stopped).toEqual([])
  await write(left - 200)
  expect(stopped).toEqual([
    {
      status: 429,
      type: 'budget_exceeded',
      code: 'budget_exceeded',
      message: expect.stringContaining('Budget has been exceeded! Key=my key Current cost: 0, Max budget: 0.13'),
    },
  ])
  await text
  const [cost] = await spent('spend:key:k1')
  expect(cost).toBe((1000 + left) * TOKEN + 6)
  expect(cost).toBeLessThanOrEqual(usd(0.13))
  expect(await held('spend:key:k1')).toEqual([cost])
})

it('or runs to its end, where that is wanted', async () => {
  const { write, finish, text, spent, stopped } = await start([keyScope({ budgets: [hard(0.13)] })], {
    streams: 'finish',
  })
  for (let i = 0; i < 20; i++) await write(100)
  finish()
  await text
  expect(stopped).toEqual([])
  expect(await spent('spend:key:k1')).toEqual([2000 * TOKEN + 6])
})

it('a stream with a maximum is not watched, nor one whose model has a limit', async () => {
  const stream = written()
  const under = await budgetGateway([keyScope({ budgets: [hard(0.2)] })], {
    use: [stream.plugin],
    models: [priced(), priced({ name: 'limited', info: { max_output_tokens: 1500 } })],
  })
  for (const body of [{ max_tokens: 1000 }, { model: 'limited', max_tokens: undefined }]) {
    const response = await under.ask({ stream: true, ...body })
    const [first] = await under.held('spend:key:k1')
    await stream.write(950)
    expect(await under.held('spend:key:k1')).toEqual([first])
    await under.counters.settle([{ key: 'spend:key:k1', by: 0 }])
    await response.body!.cancel()
    await vi.waitFor(() => expect(under.gateway.inFlight()).toBe(0))
    expect(await under.held('spend:key:k1')).toEqual([0])
  }
})

it('a client that leaves a real stream holds nothing afterwards', async () => {
  const under = await budgetGateway([keyScope({ budgets: [hard(1)] })], {
    models: [priced({ model: 'mock/500-tokens', pace: 100 })],
  })
  const response = await under.ask({ stream: true, max_tokens: 500 })
  const reader = response.body!.getReader()
  await reader.read()
  expect((await under.held('spend:key:k1'))[0]).toBeGreaterThan(usd(0.05))
  await reader.cancel()
  await vi.waitFor(() => expect(under.gateway.inFlight()).toBe(0))
  expect(await under.held('spend:key:k1')).toEqual(await under.spent('spend:key:k1'))
})

import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startUpstream, toEvent } from '../../support/upstream.ts'
import { budgetGateway, costOf, hard, keyScope, usd } from './support.ts'

const TOKEN = 100_000
const prices = { input_cost_per_token: 1e-9, output_cost_per_token: 1e-4 }
/** Eight tokens by their bytes. */
const PIECE = toEvent({ choices: [{ index: 0, delta: { content: 'thirty-two bytes of text, really' } }] })

/** A budget of 13 cents before an upstream that writes on until it is left; a token costs a hundredth of a cent. */
async function endless(play: (response: ServerResponse) => void) {
  let gone: Promise<unknown> | undefined
  const upstream = await startUpstream((_call, response) => {
    gone = once(response, 'close')
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    play(response)
  })
  onTestFinished(() => upstream.close())
  const under = await budgetGateway([keyScope({ budgets: [hard(0.13)] })], {
    models: [{ name: 'm', model: 'openai/m', apiKey: 'sk-upstream-key', baseURL: upstream.url, prices }],
    plugins: { budget: { defaultOutputTokens: 1000 } },
  })
  return { ...under, gone: () => gone }
}

it('a stream that has used up the budget ends with the reason, at the client and at the upstream', async () => {
  const { ask, spent, held, records, gone } = await endless((response) => {
    const timer = setInterval(() => response.write(PIECE), 1)
    response.on('close', () => clearInterval(timer))
  })
  const text = await (await ask({ stream: true, max_tokens: undefined })).text()
  await gone()
  const events = text.trim().split('\n\n')
  const { error } = JSON.parse(events.at(-1)!.slice(6)) as { error: Record<string, unknown> }
  expect(error).toMatchObject({ type: 'budget_exceeded', code: 'budget_exceeded' })
  expect(text).not.toContain('[DONE]')
  const [sum] = await spent('spend:key:k1')
  expect(sum).toBe(costOf(records))
  // 1300 tokens are paid for; what was on its way when the budget was gone comes on top.
  expect(sum).toBeGreaterThan(usd(0.12))
  expect(sum).toBeLessThan(usd(0.15))
  expect(await held('spend:key:k1')).toEqual([sum])
  expect(records[0]).toMatchObject({ status: 200, error: { code: 'budget_exceeded' }, usage: { estimated: true } })
})

it('a client that leaves pays for what was generated, and its reservation returns', async () => {
  const { ask, spent, held, records, gone } = await endless((response) => response.write(PIECE.repeat(3)))
  const reader = (await ask({ stream: true })).body!.getReader()
  await reader.read()
  expect((await held('spend:key:k1'))[0]).toBeGreaterThan(100 * TOKEN)
  await reader.cancel()
  await gone()
  await vi.waitFor(() => expect(records).toHaveLength(1))
  const { input } = records[0]!.usage!
  expect(records[0]).toMatchObject({ aborted: true, usage: { output: 24, estimated: true } })
  expect(await spent('spend:key:k1')).toEqual([24 * TOKEN + input])
  expect(await held('spend:key:k1')).toEqual([24 * TOKEN + input])
})

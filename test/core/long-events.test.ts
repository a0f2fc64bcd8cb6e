import type { ServerResponse } from 'node:http'
import { expect, onTestFinished, test } from 'vitest'
import { readDatas, sumStream } from '../suites/sse-reader.ts'
import { serveGateway } from '../support/serve.ts'
import { startUpstream, toEvent } from '../support/upstream.ts'

const MIB = 1024 * 1024
const long = 'ä'.repeat(5 * MIB)

/** The same long answer in both dialects: one event of 10 MiB. */
const openai = (text: string) => [
  toEvent({ id: 'x', choices: [{ index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null }] }),
  toEvent({ id: 'x', choices: [{ index: 0, delta: { content: text }, finish_reason: null }] }),
  toEvent({ id: 'x', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }] }),
  toEvent({ id: 'x', choices: [], usage: { prompt_tokens: 1, completion_tokens: 2, total_tokens: 3 } }),
  toEvent('[DONE]'),
]
const anthropic = (text: string) => [
  toEvent({ type: 'message_start', message: { usage: { input_tokens: 1, output_tokens: 1 } } }),
  toEvent({ type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } }),
  toEvent({ type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text } }),
  toEvent({ type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 2 } }),
  toEvent({ type: 'message_stop' }),
]

async function start(play: (response: ServerResponse) => void, more: Record<string, unknown> = {}) {
  const upstream = await startUpstream((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    play(response)
  })
  const options = { apiKey: 'sk-long-0123456789', baseURL: upstream.url, ...more }
  const served = await serveGateway({
    models: [
      { name: 'openai', model: 'openai/up', ...options },
      { name: 'anthropic', model: 'anthropic/up', ...options },
    ],
    plugins: { retry: { retries: 0 } },
  })
  onTestFinished(async () => {
    await served.close()
    await upstream.close()
  })
  return async (model: string, include_usage: boolean) => {
    const body = JSON.stringify({
      model,
      stream: true,
      stream_options: { include_usage },
      messages: [{ role: 'user', content: 'Hi' }],
    })
    return (await fetch(`${served.url}/v1/chat/completions`, { method: 'POST', body })).text()
  }
}

test.each([
  ['openai', openai],
  ['anthropic', anthropic],
])('one event of 10 MiB from %s arrives whole', async (model, events) => {
  const ask = await start((response) => response.end(events(long).join('')))
  for (const includeUsage of [false, true]) {
    const sum = sumStream(await ask(model, includeUsage))
    expect({ same: sum.text === long, finishes: sum.finishes, done: sum.done }).toEqual({
      same: true,
      finishes: ['stop'],
      done: true,
    })
    expect(sum.usage !== undefined).toBe(includeUsage)
  }
})

test('bytes of a long event are the upstream’s', async () => {
  const all = openai(long).join('')
  const ask = await start((response) => response.end(all))
  expect((await ask('openai', true)) === all).toBe(true)
})

test('a break in the middle of a long event: the error is an event of its own', async () => {
  const [first, second] = openai('x'.repeat(MIB))
  const ask = await start((response) => {
    response.write(first! + second!.slice(0, 0.6 * MIB), () => setTimeout(() => response.socket!.resetAndDestroy(), 50))
  })
  const datas = readDatas(await ask('openai', false))
  expect(datas).toHaveLength(3)
  expect(JSON.parse(datas.at(-1)!)).toMatchObject({ error: { type: 'api_connection_error' } })
})

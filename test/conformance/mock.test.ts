import { expect, onTestFinished, test } from 'vitest'
import { readDatas, sumStream } from '../suites/sse-reader.ts'
import { checkCompletion, checkStream } from '../suites/provider-answers.ts'
import { serve, startGateway, until } from '../suites/gateway-under-test.ts'
import { sendOverSocket } from '../suites/socket-client.ts'
import { weather } from '../suites/openai-fixtures.ts'

// The mock answers in process: of the conformance table, what does not need an upstream of one's own.
const text = 'Ein pelican – schön! 🐦'

test('1, 3, 6 text, whole and streamed; usage only if asked for', async () => {
  const { under, ask } = await start()
  const whole = (await (await ask({})).json()) as { usage: { prompt_tokens: number; completion_tokens: number } }
  const { prompt_tokens, completion_tokens } = whole.usage
  const fixture = {
    answer: {},
    stream: '',
    expect: { text, finish: 'stop' as const, usage: { prompt_tokens, completion_tokens } },
  }
  checkCompletion(whole as never, fixture)
  const silent = await (await ask({ stream: true })).text()
  checkStream(silent, fixture)
  expect(sumStream(silent).usage).toBeUndefined()
  const asked = await (await ask({ stream: true, stream_options: { include_usage: true } })).text()
  checkStream(asked, fixture)
  expect(sumStream(asked).usage).toMatchObject({ prompt_tokens, completion_tokens })
  await until('the log records', () => under.records.length === 3)
  for (const { usage } of under.records)
    expect(usage).toMatchObject({ input: prompt_tokens, output: completion_tokens })
})

test('7 tools, whole and streamed', async () => {
  const { ask } = await start()
  const more = { model: 'mock/parallel-tools', tools: [weather()] }
  const whole = (await (await ask(more)).json()) as { choices: { message: { tool_calls: { function: object }[] } }[] }
  const streamed = sumStream(await (await ask({ ...more, stream: true })).text())
  const calls = whole.choices[0]!.message.tool_calls.map((call) => call.function)
  expect(calls).toHaveLength(2)
  expect(streamed.calls.map(({ name, arguments: args }) => ({ name, arguments: args }))).toEqual(calls)
  expect(streamed).toMatchObject({ finishes: ['tool_calls'], done: true })
})

test.each([
  ['mock/error-429', 429, 'rate_limit_exceeded'],
  ['mock/error-500', 500, 'server_error'],
  ['mock/context-window', 400, 'context_length_exceeded'],
  ['mock/html-error', 502, null],
  ['mock/empty', 502, 'bad_upstream_answer'],
])('9 %s is a %i, whole and streamed', async (model, status, code) => {
  const { ask } = await start()
  for (const stream of [false, true]) {
    const response = await ask({ model, stream })
    expect(response.status).toBe(status)
    const { error } = (await response.json()) as { error: { code: string | null; message: string } }
    expect(error.code).toBe(code)
    expect(error.message).toMatch(/^mock: /)
  }
})

test('10 reset mid-stream: an error frame, then the end', async () => {
  const { under, ask } = await start()
  const body = await (await ask({ model: 'mock/error-midstream', stream: true })).text()
  expect(sumStream(body)).toMatchObject({ done: false, finishes: [], error: { type: 'api_connection_error' } })
  expect(readDatas(body).length).toBeGreaterThan(1)
  await until('the call to be over', () => under.gateway.inFlight() === 0)
  expect(under.settled).toHaveLength(1)
})

test.each([
  ['before headers', { model: 'mock/timeout' }, undefined],
  ['mid-stream', { model: 'mock/2000-tokens', stream: true }, 'data: '],
])('11 the client leaves %s', async (_phase, more, seen) => {
  const { under } = await start({ pace: 100, latency: 0 })
  const { port, close } = await serve(under.gateway)
  onTestFinished(close)
  const client = sendOverSocket({ port, body: { messages: [{ role: 'user', content: text }], ...more } })
  await until('the call to be under way', () => under.gateway.inFlight() === 1 && client.text().includes(seen ?? ''))
  client.leave()
  await until('the call to be over', () => under.gateway.inFlight() === 0 && under.records.length > 0)
  expect(under.records).toMatchObject([{ aborted: true }])
  expect(under.settled.map(({ outcome }) => outcome.aborted)).toEqual([true])
})

test('15 calls at once do not mix', async () => {
  const { ask } = await start({ pace: 2000, latency: 1 })
  const names = Array.from({ length: 10 }, (_, i) => `call number ${i}`)
  const answers = names.map(async (content) => {
    const response = await ask({ stream: true, messages: [{ role: 'user', content }] })
    return sumStream(await response.text()).text
  })
  expect(await Promise.all(answers)).toEqual(names)
})

async function start(speed = { pace: 0, latency: 0 }) {
  const under = await startGateway({
    environment: true,
    providers: { mock: speed, ollama: { baseURL: 'http://127.0.0.1:9' } },
    plugins: { retry: { retries: 0 } },
  })
  onTestFinished(() => under.close())
  const messages = [{ role: 'user', content: text }]
  return { under, ask: (more: Record<string, unknown>) => under.post({ model: 'mock/echo', messages, ...more }) }
}

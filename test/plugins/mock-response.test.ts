import { afterEach, expect, test } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { Gateway, GatewayConfig, LogRecord } from '../../src/index.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'
import type { Upstream } from '../support/upstream.ts'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

interface Setup {
  readonly gateway: Gateway
  readonly upstream: Upstream
  readonly records: LogRecord[]
}

/** The caller's role is its key. */
const roles = definePlugin({
  name: 'roles',
  order: 'pre',
  options: z.object({}),
  setup: () => ({
    auth(ctx) {
      ctx.principal = {
        id: 'caller',
        role: ctx.call.headers.get('authorization') === 'Bearer admin' ? 'admin' : 'user',
      }
    },
  }),
})

async function setup(config: Partial<GatewayConfig> = {}): Promise<Setup> {
  const upstream = await startUpstream((call, response) =>
    sendJson(response, chatAnswer(`real ${String(call.body['model'])}`)),
  )
  const records: LogRecord[] = []
  const collect = definePlugin({
    name: 'collect',
    options: z.object({}),
    setup: () => ({ log: (record) => void records.push(record) }),
  })
  const model = (name: string) => ({
    name,
    model: `openai/${name}`,
    apiKey: 'sk-mock-key',
    baseURL: `${upstream.url}/v1`,
  })
  const gateway = await createGateway(
    {
      models: [model('m'), model('second'), { ...model('canned'), params: { mock_response: 'Canned.' } }],
      plugins: {
        retry: { retries: 1 },
        fallback: {
          fallbacks: [{ m: ['second'] }],
          contextWindow: [{ m: ['second'] }],
          contentPolicy: [{ m: ['second'] }],
        },
      },
      use: [roles, collect],
      ...config,
    },
    { env: {} },
  )
  cleanups.push(
    () => upstream.close(),
    () => gateway.close(),
  )
  return { gateway, upstream, records }
}

async function post(gateway: Gateway, body: object, role = 'admin', path = '/v1/chat/completions') {
  const response = await gateway.fetch(`http://gateway${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: `Bearer ${role}` },
    body: JSON.stringify(body),
  })
  return { status: response.status, headers: response.headers, text: await response.text() }
}

const contentOf = (text: string) =>
  (JSON.parse(text) as { choices: { message: { content: string } }[] }).choices[0]!.message.content
const chat = { model: 'm', messages: [{ role: 'user', content: 'Hello' }] }

test('an admin mocks an answer over HTTP; no provider is asked', async () => {
  const { gateway, upstream, records } = await setup()
  const { status, headers, text } = await post(gateway, { ...chat, mock_response: 'Mocked.' })
  expect(status).toBe(200)
  expect(JSON.parse(text)).toEqual({
    id: `chatcmpl-${headers.get('x-litellm-call-id')}`,
    object: 'chat.completion',
    created: expect.any(Number),
    model: 'm',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Mocked.' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
  })
  expect(headers.get('content-type')).toBe('application/json')
  expect(headers.get('x-litellm-model-group')).toBe('m')
  expect(upstream.requests).toHaveLength(0)
  await gateway.close()
  expect(records).toMatchObject([{ status: 200, group: 'm', provider: 'openai', usage: { input: 10, output: 20 } }])
})

test('from anyone else the fields are ignored and do not reach the provider', async () => {
  const { gateway, upstream } = await setup()
  const mocks = {
    mock_response: 'Mocked.',
    mock_tool_calls: [],
    mock_timeout: true,
    mock_testing_fallbacks: true,
    mock_testing_rate_limit_error: true,
  }
  const { text } = await post(gateway, { ...chat, ...mocks }, 'user')
  expect(contentOf(text)).toBe('real m')
  expect(upstream.requests.map((call) => call.body)).toEqual([chat])
})

test("a deployment's own mock answers everyone, and wins", async () => {
  const { gateway, upstream } = await setup()
  expect(contentOf((await post(gateway, { ...chat, model: 'canned' }, 'user')).text)).toBe('Canned.')
  expect(contentOf((await post(gateway, { ...chat, model: 'canned', mock_response: 'Mine.' })).text)).toBe('Canned.')
  expect(upstream.requests).toHaveLength(0)
})

test('a stream: role, words, finish, usage when asked for, end mark', async () => {
  const { gateway, records } = await setup()
  const body = { ...chat, stream: true, mock_response: 'So it is.' }
  const { headers, text } = await post(gateway, body)
  expect(headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
  const events = text
    .trimEnd()
    .split('\n\n')
    .map((event) => event.replace('data: ', ''))
  expect(events.at(-1)).toBe('[DONE]')
  const chunks = events.slice(0, -1).map((event) => JSON.parse(event) as { id: string; choices: unknown[] })
  expect(new Set(chunks.map((chunk) => chunk.id)).size).toBe(1)
  expect(chunks.map((chunk) => chunk.choices[0])).toEqual([
    { index: 0, delta: { role: 'assistant', content: '' }, finish_reason: null },
    { index: 0, delta: { content: 'So' }, finish_reason: null },
    { index: 0, delta: { content: ' it' }, finish_reason: null },
    { index: 0, delta: { content: ' is.' }, finish_reason: null },
    { index: 0, delta: {}, finish_reason: 'stop' },
  ])
  const asked = await post(gateway, { ...body, stream_options: { include_usage: true } })
  expect(asked.text).toContain(
    '"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":20,"total_tokens":30}}\n\ndata: [DONE]\n\n',
  )
  await gateway.close()
  expect(records.map(({ stream, status, usage }) => [stream, status, usage])).toEqual([
    [true, 200, { input: 10, output: 20 }],
    [true, 200, { input: 10, output: 20 }],
  ])
})

test('text completions, whole and streamed', async () => {
  const { gateway } = await setup()
  const body = { model: 'm', prompt: 'Hello', mock_response: 'Two words' }
  const whole = await post(gateway, body, 'admin', '/v1/completions')
  expect(JSON.parse(whole.text)).toMatchObject({
    object: 'text_completion',
    choices: [{ index: 0, text: 'Two words', logprobs: null, finish_reason: 'stop' }],
  })
  const streamed = await post(gateway, { ...body, stream: true }, 'admin', '/v1/completions')
  const texts = [...streamed.text.matchAll(/"text":"([^"]*)"/g)].map((match) => match[1])
  expect(texts).toEqual(['Two', ' words', ''])
})

test('a whole answer in the form of the API is passed on, and streamed when asked', async () => {
  const { gateway } = await setup()
  const answer = chatAnswer('Whole.')
  expect(JSON.parse((await post(gateway, { ...chat, mock_response: answer })).text)).toEqual(answer)
  const streamed = await post(gateway, { ...chat, stream: true, mock_response: answer })
  expect(streamed.text).toContain('"delta":{"content":"Whole."}')
})

test('tool calls stream with their index', async () => {
  const { gateway } = await setup()
  const call = { id: 'call_1', type: 'function', function: { name: 'f', arguments: '{}' } }
  const { text } = await post(gateway, { ...chat, stream: true, mock_tool_calls: [call] })
  expect(text).toContain('"delta":{"role":"assistant","content":null}')
  expect(text).toContain(
    '"delta":{"tool_calls":[{"index":0,"id":"call_1","type":"function","function":{"name":"f","arguments":"{}"}}]}',
  )
  expect(text).toContain('"finish_reason":"tool_calls"')
})

test('an error by name goes through retries and fallbacks like a real one', async () => {
  const { gateway, upstream, records } = await setup()
  const { status, text } = await post(gateway, { ...chat, mock_response: 'litellm.RateLimitError' })
  expect(status).toBe(429)
  expect(JSON.parse(text)).toEqual({
    error: {
      message: 'openai: mocked RateLimitError.',
      type: 'rate_limit_error',
      param: null,
      code: 'rate_limit_exceeded',
    },
  })
  expect(upstream.requests).toHaveLength(0)
  await gateway.close()
  // Two tries of the model, two of its fallback.
  expect(records[0]!.attempts.map(({ status: code, error }) => [code, error])).toEqual(
    Array(4).fill([429, 'rate_limit_exceeded']),
  )
})

test.each([
  ['mock_testing_fallbacks', 2],
  ['mock_testing_context_window_fallbacks', 1],
  ['mock_testing_content_policy_fallbacks', 1],
  ['mock_testing_rate_limit_error', 2],
])('%s fails the model, so that its fallback is really asked', async (field, failures) => {
  const { gateway, upstream, records } = await setup()
  const { status, text, headers } = await post(gateway, { ...chat, [field]: true })
  expect(status).toBe(200)
  expect(contentOf(text)).toBe('real second')
  expect(headers.get('x-litellm-attempted-fallbacks')).toBe('1')
  expect(upstream.requests.map((call) => call.body['model'])).toEqual(['second'])
  await gateway.close()
  expect(records[0]!.attempts).toHaveLength(failures + 1)
})

test('a mocked answer of a fallback says so', async () => {
  const { gateway } = await setup({
    plugins: { retry: { retries: 1 }, fallback: { fallbacks: [{ m: ['canned'] }] } },
  })
  const { text, headers } = await post(gateway, { ...chat, mock_testing_fallbacks: true })
  expect(contentOf(text)).toBe('Canned.')
  expect(headers.get('x-litellm-model-group')).toBe('canned')
  expect(headers.get('x-litellm-attempted-retries')).toBe('2')
  expect(headers.get('x-litellm-attempted-fallbacks')).toBe('1')
})

test('mock_timeout waits for the timeout and fails with 408', async () => {
  const { gateway, upstream } = await setup()
  const { status, text } = await post(gateway, {
    ...chat,
    mock_timeout: true,
    timeout: 0.02,
    num_retries: 0,
    disable_fallbacks: true,
  })
  expect(status).toBe(408)
  expect(JSON.parse(text)).toMatchObject({ error: { type: 'timeout_error', code: 'timeout' } })
  expect(upstream.requests).toHaveLength(0)
})

test('a mock that does not fit the endpoint is refused', async () => {
  const { gateway } = await setup()
  const embedding = await post(gateway, { model: 'm', input: 'a', mock_response: 'text' }, 'admin', '/v1/embeddings')
  expect(embedding.status).toBe(400)
  expect(JSON.parse(embedding.text)).toMatchObject({ error: { param: 'mock_response' } })
})

test('a passed-through path has no mock: the provider is asked, without the field', async () => {
  const { gateway, upstream } = await setup()
  const { text } = await post(gateway, { model: 'm', input: 'a', mock_response: 'Mocked.' }, 'admin', '/v1/moderations')
  expect(contentOf(text)).toBe('real m')
  expect(upstream.requests[0]!.body).toEqual({ model: 'm', input: 'a' })
})

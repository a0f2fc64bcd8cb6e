import { describe, expect, onTestFinished, test } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { sendEvents, sendJson, startUpstream } from '../support/upstream.ts'
import type { UpstreamHandler } from '../support/upstream.ts'

const thinking = (text: string) => ({ type: 'thinking', thinking: [{ type: 'text', text }] })
const text = (value: string) => ({ type: 'text', text: value })
const usage = { prompt_tokens: 3, completion_tokens: 4, total_tokens: 7 }

const MAGISTRAL = 'magistral-medium-2509'

/** Answers and events as Mistral's reasoning models give them (docs.mistral.ai, "Reasoning"). */
const whole = (content: unknown, more = {}, model = 'm') => ({
  id: 'a',
  object: 'chat.completion',
  created: 1,
  model,
  choices: [{ index: 0, message: { role: 'assistant', content, ...more }, finish_reason: 'stop' }],
  usage,
})
const event = (delta: unknown, finish_reason: string | null = null) => ({
  id: 'a',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason }],
  ...(finish_reason ? { usage } : {}),
})

const CONTENT = [thinking('Let me '), thinking('see.'), text('Forty-'), text('two.')]
const EVENTS = [
  event({ role: 'assistant', content: '' }),
  event({ content: [thinking('Let me ')] }),
  event({ content: [thinking('see.'), text('Forty-')] }),
  event({ content: 'two.' }),
  event({ content: '' }, 'stop'),
]

const answer: UpstreamHandler = (call, response) => {
  if (call.body['stream'] === true) return sendEvents(response, [...EVENTS, '[DONE]'])
  sendJson(response, whole(CONTENT))
}

async function start(handler: UpstreamHandler = answer) {
  const upstream = await startUpstream(handler)
  const options = { apiKey: 'sk-test-0123456789', baseURL: `${upstream.url}/v1` }
  const models = [MAGISTRAL, 'mistral-small-latest'].map((name) => ({
    name,
    model: `mistral/${name}`,
    ...options,
  }))
  const params = { reasoning_effort: 'high' }
  models.push({ name: 'high', model: 'mistral/mistral-small-latest', ...options, params } as never)
  const gateway = await createGateway({ models, plugins: { retry: { retries: 0 } } as never }, { env: {} })
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const post = (path: string, body: Record<string, unknown>) =>
    gateway.fetch(`http://gateway/v1${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  const ask = async (model: string, more: Record<string, unknown> = {}) => {
    const response = await post('/chat/completions', { model, messages: [{ role: 'user', content: 'Hi' }], ...more })
    return { status: response.status, text: await response.text(), sent: upstream.requests.at(-1) }
  }
  return { ask, post }
}

function chunksOf(stream: string) {
  return stream
    .split('\n\n')
    .filter((part) => part.startsWith('data: {'))
    .map((part) => JSON.parse(part.slice(6)) as { choices: { delta: Record<string, unknown> }[]; usage?: unknown })
}

describe('answers of Mistral models that think', () => {
  test.each([
    [MAGISTRAL, {}],
    ['mistral-small-latest', { reasoning_effort: 'high' }],
    ['high', {}],
  ])('whole: text and reasoning apart (%s)', async (model, more) => {
    const { ask } = await start()
    const { text: body } = await ask(model, more)
    expect(JSON.parse(body)).toEqual(whole('Forty-two.', { reasoning_content: 'Let me see.' }, model))
  })

  test.each([
    [MAGISTRAL, {}],
    ['mistral-small-latest', { reasoning_effort: 'high' }],
    ['high', {}],
  ])('a stream: the same (%s)', async (model, more) => {
    const { ask } = await start()
    const { text: body } = await ask(model, { ...more, stream: true, stream_options: { include_usage: true } })
    const chunks = chunksOf(body)
    const join = (field: string) => chunks.map(({ choices }) => choices[0]?.delta[field] ?? '').join('')
    expect(join('content')).toBe('Forty-two.')
    expect(join('reasoning_content')).toBe('Let me see.')
    expect(chunks.at(-1)?.usage).toMatchObject(usage)
    expect(body.endsWith('data: [DONE]\n\n')).toBe(true)
  })

  test('tools are called with nothing said', async () => {
    const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
    const { ask } = await start((_call, response) =>
      sendJson(response, whole([thinking('A tool.')], { tool_calls: [call] })),
    )
    const { text: body } = await ask(MAGISTRAL)
    expect(JSON.parse(body)).toEqual(whole(null, { tool_calls: [call], reasoning_content: 'A tool.' }, MAGISTRAL))
  })

  test('parts of other kinds do not end up in the text', async () => {
    const content = [thinking('Hm'), { type: 'reference', reference_ids: [1] }, null, 'x', text('Yes.')]
    const { ask } = await start((_call, response) => sendJson(response, whole(content)))
    const { text: body } = await ask(MAGISTRAL)
    expect(JSON.parse(body)).toEqual(whole('Yes.', { reasoning_content: 'Hm' }, MAGISTRAL))
  })

  test('text alone stays what it is', async () => {
    const { ask } = await start((_call, response) => sendJson(response, whole('Yes.')))
    expect(JSON.parse((await ask(MAGISTRAL)).text)).toEqual(whole('Yes.', {}, MAGISTRAL))
  })

  test('text completions have the text', async () => {
    const { post } = await start()
    const response = await post('/completions', { model: MAGISTRAL, prompt: 'Hi' })
    expect(await response.json()).toMatchObject({ choices: [{ text: 'Forty-two.' }] })
  })

  test.each([
    [{ error: { message: 'Overloaded', code: 529 } }, /Overloaded/],
    [{ hello: 1 }, /could not be read/],
    [{ choices: [{ index: 0 }] }, /could not be read/],
  ])('what is no answer is none: %j', async (body, message) => {
    const { ask } = await start((_call, response) => sendJson(response, body))
    const { status, text: refused } = await ask(MAGISTRAL)
    expect(status).toBeGreaterThanOrEqual(500)
    expect(refused).toMatch(message)
  })
})

test.each([{}, { reasoning_effort: 'none' }, { reasoning_effort: null }])(
  'models that do not think pass their bytes on: %j',
  async (more) => {
    const body = `{ "choices" : [{"index":0,"message":{"role":"assistant","content":"Hi"},"finish_reason":"stop"}],"usage":${JSON.stringify(usage)}}`
    const stream = `data:  {"choices":[{"index":0,"delta":{"content":"Hi"},"finish_reason":"stop"}],"x":1}\n\ndata: [DONE]\n\n`
    const { ask } = await start((call, response) => {
      const streams = call.body['stream'] === true
      response.writeHead(200, { 'content-type': streams ? 'text/event-stream' : 'application/json' })
      response.end(streams ? stream : body)
    })
    expect((await ask('mistral-small-latest', more)).text).toBe(body)
    expect((await ask('mistral-small-latest', { ...more, stream: true })).text).toBe(stream)
  },
)

describe('what was thought before', () => {
  const user = { role: 'user', content: 'Hi' }
  const call = { id: 'c', type: 'function', function: { name: 'f', arguments: '{}' } }
  const told = [
    user,
    { role: 'assistant', content: 'Forty-two.', reasoning_content: 'Let me see.', refusal: null },
    { role: 'assistant', content: [text('A')], reasoning_content: 'B' },
    { role: 'assistant', content: null, reasoning_content: 'C', tool_calls: [call] },
    { role: 'assistant', content: 'D', reasoning_content: '' },
    user,
  ]

  test('goes back as Mistral takes it', async () => {
    const { ask } = await start()
    const { sent } = await ask(MAGISTRAL, { messages: told })
    expect(sent?.body['messages']).toEqual([
      user,
      { role: 'assistant', content: [thinking('Let me see.'), text('Forty-two.')] },
      { role: 'assistant', content: [thinking('B'), text('A')] },
      { role: 'assistant', content: [thinking('C')], tool_calls: [call] },
      { role: 'assistant', content: 'D' },
      user,
    ])
  })

  test('is left out for models that do not think', async () => {
    const { ask } = await start()
    const { sent } = await ask('mistral-small-latest', { messages: told.slice(0, 2) })
    expect(sent?.body['messages']).toEqual([user, { role: 'assistant', content: 'Forty-two.' }])
  })
})

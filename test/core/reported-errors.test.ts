import { describe, expect, onTestFinished, test } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'

/** OpenRouter's form of an error that came up after it had begun ("Errors and debugging"). */
const error = { error: { code: 429, message: 'The model is busy', metadata: {} }, user_id: 'user_1' }

/** A gateway whose first model answers 200 with `body`; the second one works. */
async function start(body: unknown, fallback = false) {
  const upstream = await startUpstream((call, response) =>
    sendJson(response, call.body['model'] === 'second' ? chatAnswer('Hello') : body),
  )
  const prices = { input_cost_per_token: 0, output_cost_per_token: 0 }
  const options = { apiKey: 'sk-test-0123456789', baseURL: `${upstream.url}/v1`, prices }
  const gateway = await createGateway(
    {
      models: [
        { name: 'm', model: 'openrouter/first', ...options },
        { name: 'n', model: 'openrouter/second', ...options },
        { name: 'chat-only', model: 'groq/first', ...options },
      ],
      plugins: { retry: { retries: 0 }, fallback: fallback ? { fallbacks: [{ m: ['n'] }] } : {} } as never,
    },
    { env: {} },
  )
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  return async (path: string, more: Record<string, unknown>) => {
    const response = await gateway.fetch(`http://gateway/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', ...more }),
    })
    return { status: response.status, text: await response.text() }
  }
}

const chat = { messages: [{ role: 'user', content: 'Hi' }] }

describe('an error in place of an answer, under status 200', () => {
  test.each([
    ['chat/completions', chat],
    ['chat/completions', { ...chat, stream: true }],
    ['completions', { prompt: 'Hi' }],
    ['completions', { prompt: 'Hi', model: 'chat-only' }],
    ['embeddings', { input: 'Hi' }],
  ])('is an error: %s %j', async (path, fields) => {
    const { status, text } = await (await start(error))(path, fields)
    expect(status).toBe(429)
    expect(text).toContain('The model is busy')
  })

  test('goes to the fallbacks', async () => {
    const { status, text } = await (await start(error, true))('chat/completions', chat)
    expect(status).toBe(200)
    expect(text).toContain('Hello')
  })
})

test.each([
  { ...chatAnswer('Hello'), error: null },
  { ...chatAnswer('Hello'), error: { message: 'one of several parts failed' } },
  { id: 'x', choices: [], error: {} },
  { object: 'something', error: {} },
])('an answer with an error beside it is an answer: %j', async (body) => {
  const { status, text } = await (await start(body))('chat/completions', chat)
  expect(status).toBe(200)
  expect(JSON.parse(text)).toEqual(body)
})

test('a chat that lacks what nobody needs is a text completion', async () => {
  const body = { choices: [{ message: { content: 'Hello' } }] }
  const { status, text } = await (await start(body))('completions', { prompt: 'Hi', model: 'chat-only' })
  expect(status).toBe(200)
  expect(JSON.parse(text)).toMatchObject({
    id: expect.stringMatching(/^cmpl-./) as string,
    choices: [{ text: 'Hello' }],
  })
})

test.each([
  { choices: [{ message: {}, logprobs: { content: [null] } }] },
  {},
  { choices: [{ index: 0 }] },
  { choices: [null] },
  [],
  'text',
  null,
])('a chat that is none is no text completion: %j', async (body) => {
  const { status, text } = await (await start(body))('completions', { prompt: 'Hi', model: 'chat-only' })
  expect(status).toBe(502)
  expect(text).toContain('bad_upstream_answer')
})

import { afterEach, expect, test } from 'vitest'
import { RateLimitError, createGateway, createLibrary } from '../../src/index.ts'
import type { Library, LogRecord } from '../../src/index.ts'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function library(records: LogRecord[] = []): Promise<Library & { close(): Promise<void> }> {
  const { definePlugin, z } = await import('../../src/index.ts')
  const collect = definePlugin({
    name: 'collect',
    options: z.object({}),
    setup: () => ({ log: (record) => void records.push(record) }),
  })
  const gateway = await createGateway({ use: [collect] }, { env: {} })
  cleanups.push(() => gateway.close())
  return { ...createLibrary(gateway), close: () => gateway.close() }
}

const model = 'openai/gpt-4o'
const messages = [{ role: 'user' as const, content: 'Hello' }]

test('a mocked text needs neither key nor network', async () => {
  const { completion } = await library()
  const answer = await completion({ model, messages, mockResponse: 'It is done.' })
  expect(answer).toEqual({
    id: `chatcmpl-${answer.gateway.id}`,
    object: 'chat.completion',
    created: answer.created,
    model,
    choices: [{ index: 0, message: { role: 'assistant', content: 'It is done.' }, finish_reason: 'stop' }],
    usage: { prompt_tokens: 10, completion_tokens: 20, total_tokens: 30 },
  })
  expect(answer.gateway).toMatchObject({ provider: 'openai', group: model })
})

test('n repeats it, tool calls come as such', async () => {
  const { completion } = await library()
  const toolCalls = [{ id: 'call_1', type: 'function' as const, function: { name: 'f', arguments: '{"a":1}' } }]
  const answer = await completion({ model, messages, n: 2, mockToolCalls: toolCalls })
  expect(answer.choices).toEqual(
    [0, 1].map((index) => ({
      index,
      message: { role: 'assistant', content: null, tool_calls: toolCalls },
      finish_reason: 'tool_calls',
    })),
  )
})

test('a stream brings it in pieces', async () => {
  const { completion } = await library()
  const pieces: unknown[] = []
  const finishes: unknown[] = []
  for await (const chunk of completion({ model, messages, stream: true, mockResponse: 'It is  done. ' })) {
    pieces.push(chunk.choices[0]!.delta.content)
    finishes.push(chunk.choices[0]!.finish_reason)
  }
  expect(pieces).toEqual(['', 'It', ' is', '  done.', ' ', undefined])
  expect(finishes).toEqual([null, null, null, null, null, 'stop'])
})

test('embeddings and images are mocked by their kind', async () => {
  const { embedding, imageGeneration } = await library()
  const vectors = await embedding({ model: 'openai/e', input: ['a', 'b'], mockResponse: [0.5, 1] })
  expect(vectors.data).toEqual([
    { object: 'embedding', index: 0, embedding: [0.5, 1] },
    { object: 'embedding', index: 1, embedding: [0.5, 1] },
  ])
  const base64 = await embedding({ model: 'openai/e', input: 'a', encoding_format: 'base64', mockResponse: [[0.5, 1]] })
  expect(base64.data[0]!.embedding).toBe('AAAAPwAAgD8=')
  const images = await imageGeneration({
    model: 'openai/i',
    prompt: 'A cat',
    n: 2,
    mockResponse: 'https://images.example/1.png',
  })
  expect(images.data).toEqual([{ url: 'https://images.example/1.png' }, { url: 'https://images.example/1.png' }])
  await expect(embedding({ model: 'openai/e', input: 'a', mockResponse: 'text' })).rejects.toMatchObject({
    param: 'mock_response',
  })
})

test.each([
  ['RateLimitError', 429],
  ['litellm.RateLimitError', 429],
  ['Timeout', 408],
  ['ContextWindowExceededError', 400],
  ['ContentPolicyViolationError', 400],
  ['UnsupportedParamsError', 400],
  ['BadRequestError', 400],
  ['AuthenticationError', 401],
  ['PermissionDeniedError', 403],
  ['NotFoundError', 404],
  ['UnprocessableEntityError', 422],
  ['BudgetExceededError', 429],
  ['InternalServerError', 500],
  ['APIError', 502],
  ['APIConnectionError', 502],
  ['ServiceUnavailableError', 503],
])('the name %s is thrown as that error', async (name, statusCode) => {
  const { completion } = await library()
  const call = completion({ model, messages, mockResponse: name, numRetries: 0 })
  await expect(call).rejects.toMatchObject({
    name: name.replace('litellm.', ''),
    statusCode,
    provider: 'openai',
    model,
  })
})

test('an Error is thrown itself; retries and callbacks run', async () => {
  const records: LogRecord[] = []
  const { completion, close } = await library(records)
  const typed = new RateLimitError('Slow down', { provider: 'x' })
  await expect(completion({ model, messages, mockResponse: typed, numRetries: 2 })).rejects.toBe(typed)
  const plain = new Error('broken')
  await expect(completion({ model, messages, mockResponse: plain, numRetries: 0, stream: true })).rejects.toBe(plain)
  await close()
  expect(records.map(({ status, attempts }) => [status, attempts.map((attempt) => attempt.status)])).toEqual([
    [429, [429, 429, 429]],
    [500, [500]],
  ])
})

test('a mocked failure goes to the fallbacks, which may be mocked too', async () => {
  const { completion } = await library()
  const answer = await completion({
    model,
    messages,
    mockResponse: 'ServiceUnavailableError',
    numRetries: 0,
    fallbacks: ['openai/other', { model: 'openai/third', mockResponse: 'Third.' }],
  })
  expect(answer.choices[0]!.message.content).toBe('Third.')
  expect(answer.gateway.group).toBe('openai/third')
})

test('a mocked timeout waits for the timeout, then throws Timeout', async () => {
  const { completion } = await library()
  const call = completion({ model, messages, mockTimeout: true, timeout: 0.05, numRetries: 0 })
  await expect(call).rejects.toMatchObject({ name: 'Timeout', statusCode: 408 })
  await expect(
    completion({ model, messages, mockTimeout: true, signal: AbortSignal.timeout(10) }),
  ).rejects.toMatchObject({ name: 'TimeoutError' })
})

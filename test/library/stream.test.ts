import { afterEach, expect, test } from 'vitest'
import { RateLimitError, createGateway, createLibrary } from '../../src/index.ts'
import type { ChatCompletionChunk, Library } from '../../src/index.ts'
import { chatEvents } from '../support/openai-answers.ts'
import { sendEvents, startUpstream, toEvent } from '../support/upstream.ts'
import type { Upstream, UpstreamHandler } from '../support/upstream.ts'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** A library whose model `m` is served by the handler. */
async function library(handler: UpstreamHandler): Promise<Library & { upstream: Upstream; inFlight(): number }> {
  const upstream = await startUpstream(handler)
  const models = [{ name: 'm', model: 'openai/m', apiKey: 'sk-stream-key', baseURL: `${upstream.url}/v1` }]
  const gateway = await createGateway({ models, plugins: { retry: { retries: 0 } } }, { env: {} })
  cleanups.push(
    () => upstream.close(),
    () => gateway.close(),
  )
  return { ...createLibrary(gateway), upstream, inFlight: () => gateway.inFlight() }
}

const params = { model: 'm', messages: [{ role: 'user' as const, content: 'Hello' }], stream: true as const }

async function collect(stream: AsyncIterable<ChatCompletionChunk>): Promise<string> {
  let text = ''
  for await (const chunk of stream) text += chunk.choices[0]?.delta.content ?? ''
  return text
}

test('a stream can be awaited and then iterated; usage and cost are known at its end', async () => {
  const { completion, inFlight } = await library((_call, response) =>
    sendEvents(response, chatEvents(['Hel', 'lo ', '💚'])),
  )
  const stream = await completion({ ...params, inputCostPerToken: 0.000001, outputCostPerToken: 0.000002 })
  expect(stream.gateway).toMatchObject({ provider: 'openai', group: 'm', cacheHit: false })
  expect(await collect(stream)).toBe('Hello 💚')
  expect(stream.gateway.usage).toEqual({ input: 7, output: 3 })
  expect(stream.gateway.cost).toBe(13_000)
  expect(inFlight()).toBe(0)
})

test('a stream can be iterated at once', async () => {
  const { completion } = await library((_call, response) => sendEvents(response, chatEvents(['a', 'b'])))
  expect(await collect(completion(params))).toBe('ab')
})

test('the usage chunk comes only when asked for', async () => {
  const { completion } = await library((_call, response) => sendEvents(response, chatEvents(['a'])))
  const plain: ChatCompletionChunk[] = []
  for await (const chunk of completion(params)) plain.push(chunk)
  const asked: ChatCompletionChunk[] = []
  for await (const chunk of completion({ ...params, stream_options: { include_usage: true } })) asked.push(chunk)
  expect(plain.map((chunk) => chunk.usage)).toEqual([undefined, undefined, undefined])
  expect(asked.at(-1)).toMatchObject({ choices: [], usage: { total_tokens: 10 } })
})

test('leaving the loop closes the connection of the provider', async () => {
  const { completion, upstream, inFlight } = await library((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(chatEvents(['first', 'second']).slice(0, 3).map(toEvent).join(''))
  })
  for await (const chunk of completion(params)) {
    if (chunk.choices[0]?.delta.content === 'first') break
  }
  expect(await upstream.requests[0]!.left).toBe(true)
  expect(inFlight()).toBe(0)
})

test('controller.abort() ends the loop quietly and closes the connection', async () => {
  const { completion, upstream } = await library((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(toEvent(chatEvents(['first'])[1]))
  })
  const stream = await completion(params)
  let seen = ''
  for await (const chunk of stream) {
    seen += chunk.choices[0]?.delta.content ?? ''
    setTimeout(() => stream.controller.abort(), 0)
  }
  expect(seen).toBe('first')
  expect(await upstream.requests[0]!.left).toBe(true)
})

test("the caller's signal rejects with its reason, before the first chunk and in the middle", async () => {
  const { completion, upstream, inFlight } = await library((call, response) => {
    if (call.body['user'] === 'silent') return
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(toEvent(chatEvents(['first'])[1]))
  })
  const early = new AbortController()
  const silent = completion({ ...params, user: 'silent', signal: early.signal })
  setTimeout(() => early.abort(new Error('enough')), 20)
  await expect(silent).rejects.toThrow('enough')
  expect(await upstream.requests[0]!.left).toBe(true)

  const late = new AbortController()
  const reading = (async () => {
    for await (const _chunk of completion({ ...params, signal: late.signal })) late.abort(new Error('enough of this'))
  })()
  await expect(reading).rejects.toThrow('enough of this')
  expect(await upstream.requests[1]!.left).toBe(true)
  expect(inFlight()).toBe(0)
})

test('an error before the first chunk rejects the call, typed', async () => {
  const { completion } = await library((_call, response) => {
    response.writeHead(429, { 'content-type': 'application/json', 'retry-after': '2' })
    response.end(JSON.stringify({ error: { message: 'Slow down', type: 'rate_limit_error', param: null, code: null } }))
  })
  await expect(completion(params)).rejects.toMatchObject({ name: 'RateLimitError', statusCode: 429, retryAfter: 2 })
  await expect(collect(completion(params))).rejects.toBeInstanceOf(RateLimitError)
})

test('an error in the middle is thrown by the loop, typed, after what came before it', async () => {
  const { completion, inFlight } = await library((_call, response) =>
    sendEvents(response, [
      ...chatEvents(['good']).slice(0, 2),
      { error: { message: 'Slow down', type: 'rate_limit_error', param: null, code: 'rate_limit_exceeded' } },
    ]),
  )
  let text = ''
  const reading = (async () => {
    for await (const chunk of completion(params)) text += chunk.choices[0]?.delta.content ?? ''
  })()
  await expect(reading).rejects.toMatchObject({
    name: 'RateLimitError',
    statusCode: 429,
    code: 'rate_limit_exceeded',
    provider: 'openai',
    model: 'm',
  })
  expect(text).toBe('good')
  expect(inFlight()).toBe(0)
})

test('a connection that breaks in the middle is an APIConnectionError', async () => {
  const { completion } = await library((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(chatEvents(['good']).slice(0, 2).map(toEvent).join(''))
    setTimeout(() => response.destroy(), 20)
  })
  await expect(collect(completion(params))).rejects.toMatchObject({
    name: 'APIConnectionError',
    provider: 'openai',
    model: 'm',
  })
})

test('a stream that ends before the answer does is no whole answer', async () => {
  const { completion } = await library((_call, response) => sendEvents(response, chatEvents(['good']).slice(0, 2)))
  await expect(collect(completion(params))).rejects.toMatchObject({
    name: 'APIConnectionError',
    code: 'stream_incomplete',
  })
})

test('a slow reader pauses the provider', async () => {
  const piece = 'x'.repeat(16 * 1024)
  const count = 1500
  let written = 0
  const { completion } = await library(async (_call, answer) => {
    answer.writeHead(200, { 'content-type': 'text/event-stream' })
    const event = toEvent(chatEvents([piece])[1])
    for (; written < count; written++) {
      if (!answer.write(event)) await new Promise<void>((resolve) => answer.once('drain', resolve))
    }
    answer.end(chatEvents([]).slice(1).map(toEvent).join(''))
  })
  const stream = await completion(params)
  const reader = stream[Symbol.asyncIterator]()
  await reader.next()
  await new Promise((resolve) => setTimeout(resolve, 300))
  const paused = written
  expect(paused).toBeLessThan(count)
  let length = piece.length
  for (let next = await reader.next(); !next.done; next = await reader.next()) {
    length += next.value.choices[0]?.delta.content?.length ?? 0
  }
  expect(length).toBe(piece.length * count)
  expect(written).toBe(count)
})

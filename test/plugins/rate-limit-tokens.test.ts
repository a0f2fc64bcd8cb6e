import { describe, expect, test, vi } from 'vitest'
import type { Call } from '../../src/index.ts'
import { estimateCall, reserveFor } from '../../plugins/rate-limit/estimate.ts'
import { chatAnswer, chatEvents } from '../support/openai-answers.ts'
import { sendEvents, sendJson, toEvent } from '../support/upstream.ts'
import { caller, errorOf, limitHeaders, limitedGateway, scope, standStill } from './limited.ts'

const NOON = Date.UTC(2026, 2, 1, 12)
const tpm = (limit: number) => ({ k: caller([scope('key', 'k', { tpm: limit })]) })
/** The text of a call `ask` makes: some 20 tokens; its answer's usage is 10. */
const left = (response: Response) => Number(response.headers.get('x-ratelimit-remaining-tokens'))

describe('tokens per minute', () => {
  test('are reserved before a call and settled with what it used', async () => {
    const at = standStill(NOON)
    const { ask } = await limitedGateway(tpm(1000))
    expect(left(await ask('k', { max_tokens: 900 }))).toBe(990)
    expect(left(await ask('k', { max_tokens: 900 }))).toBe(980)
    const both = await Promise.all([ask('k', { max_tokens: 900 }), ask('k', { max_tokens: 900 })])
    expect(both.map(({ status }) => status).sort()).toEqual([200, 429])
    // What was given back has left the window where it was reserved: nothing is too much, nothing too little.
    at(60_500)
    expect(left(await ask('k', { max_tokens: 900 }))).toBe(990)
  })

  test('used on top of the reservation count as well, and stop the next', async () => {
    standStill(NOON)
    const { ask } = await limitedGateway(tpm(100), {
      answer: (_call, response) =>
        sendJson(response, {
          ...chatAnswer('Hi'),
          usage: { prompt_tokens: 7, completion_tokens: 193, total_tokens: 200 },
        }),
    })
    expect(left(await ask('k', { max_tokens: 10 }))).toBe(0)
    const refused = await ask('k', { max_tokens: 10 })
    expect(refused.status).toBe(429)
    expect((await errorOf(refused))['message']).toMatch(
      /^Rate limit exceeded for api_key: k\. Limit type: tokens\. Current limit: 100, Remaining: 0\. Limit resets at: 2026-03-01 12:01:01 UTC$/,
    )
    expect(limitHeaders(refused)).toMatchObject({ rate_limit_type: 'tokens', 'x-ratelimit-remaining-tokens': '0' })
  })

  test('of a stream are settled at its end', async () => {
    standStill(NOON)
    let finish = () => {}
    const events = chatEvents(['Hel', 'lo'])
    const { ask } = await limitedGateway(tpm(1000), {
      answer: (call, response) => {
        if (call.body['max_tokens'] === 100) return sendEvents(response, events)
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(events.slice(0, 2).map(toEvent).join(''))
        finish = () => response.end(events.slice(2).map(toEvent).join(''))
      },
    })
    const stream = await ask('k', { stream: true, max_tokens: 900 })
    expect(left(stream)).toBe(1000 - 900 - 22)
    expect((await ask('k', { stream: true, max_tokens: 900 })).status).toBe(429)
    finish()
    await stream.text()
    expect(left(await ask('k', { stream: true, max_tokens: 100 }))).toBe(1000 - 10 - 100 - 22)
  })

  test.each([
    ['too much', 900, 10, 1000],
    ['too little', 10, 200, 1000 - (200 - 29)],
  ])('reserved %s: a correction leaves the minute when it should', async (_what, max_tokens, used, expected) => {
    const at = standStill(NOON)
    let finish = () => {}
    const { ask, upstream } = await limitedGateway(tpm(1000), {
      answer: (call, response) => {
        if (call.body['user'] === 'next') return sendJson(response, chatAnswer('Hi'))
        const usage = { prompt_tokens: used - 3, completion_tokens: 3, total_tokens: used }
        finish = () => sendJson(response, { ...chatAnswer('Hi'), usage })
      },
    })
    const first = ask('k', { max_tokens })
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(1))
    at(30_000)
    finish()
    expect((await first).status).toBe(200)
    // The reservation of noon has left by now. What came on top at half past is still in its minute.
    at(61_000)
    const next = await ask('k', { user: 'next', max_tokens: 1, stream: true })
    await next.text()
    const text = JSON.stringify({
      model: 'm',
      messages: [{ role: 'user', content: 'Hi' }],
      user: 'next',
      max_tokens: 1,
      stream: true,
    })
    expect(left(next)).toBe(expected - 1 - Math.ceil(text.length / 4))
  })

  test('of a call that failed are given back', async () => {
    standStill(NOON)
    let status = 500
    const { ask } = await limitedGateway(tpm(1000), {
      answer: (_call, response) => sendJson(response, status === 200 ? chatAnswer('Hi') : { error: {} }, status),
    })
    const failed = await ask('k', { max_tokens: 900 })
    expect([failed.status, left(failed)]).toEqual([500, 1000])
    const unknown = await ask('k', { model: 'no-such-model', max_tokens: 900 })
    expect([unknown.status, left(unknown)]).toEqual([404, 1000])
    status = 200
    expect(left(await ask('k', { max_tokens: 900 }))).toBe(990)
  })

  test('of a client that left before an answer are its input; nothing where no provider was asked', async () => {
    const { gateway, upstream, ask } = await limitedGateway(tpm(1000), {
      answer: (call, response) => (call.body['user'] === 'stay' ? sendJson(response, chatAnswer('Hi')) : undefined),
    })
    const leaving = new AbortController()
    const call = ask('k', { max_tokens: 900 }, { signal: leaving.signal }).catch(() => undefined)
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(1))
    leaving.abort()
    await call
    await vi.waitFor(() => expect(gateway.inFlight()).toBe(0))
    // The text of the first call has 74 characters, which are 19 tokens.
    expect(left(await ask('k', { user: 'stay', max_tokens: 100 }))).toBe(1000 - 19 - 10)
  })

  test('of a client that left a stream are counted', async () => {
    const { gateway, ask } = await limitedGateway(tpm(1000), {
      answer: (call, response) => {
        if (call.body['stream'] !== true) return sendJson(response, chatAnswer('Hi'))
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(chatEvents(['Hello', 'there']).slice(0, 3).map(toEvent).join(''))
      },
    })
    const stream = await ask('k', { stream: true, max_tokens: 500 })
    const reader = stream.body!.getReader()
    await reader.read()
    await reader.cancel()
    await vi.waitFor(() => expect(gateway.inFlight()).toBe(0))
    const after = left(await ask('k', { max_tokens: 100 }))
    // Never less than the text of the call and its own answer, never more than was reserved.
    expect(after).toBeLessThanOrEqual(1000 - 22 - 10)
    expect(after).toBeGreaterThanOrEqual(1000 - 522 - 10)
  })

  test('a request that can never fit is told so', async () => {
    standStill(NOON)
    const { ask, upstream } = await limitedGateway(tpm(100))
    const refused = await ask('k', { max_tokens: 500 })
    expect(refused.status).toBe(429)
    expect(await errorOf(refused)).toEqual({
      message:
        'Request too large for api_key: k. Limit type: tokens. Current limit: 100, Requested: 519 (an estimate of the ' +
        'input and the longest answer that is allowed). Shorten the request or lower max_tokens.',
      type: 'rate_limit_error',
      param: null,
      code: 'rate_limit_exceeded',
    })
    expect(refused.headers.get('x-should-retry')).toBe('false')
    expect(refused.headers.get('retry-after')).toBe('60')
    expect(upstream.requests).toHaveLength(0)
  })

  test('a reservation is for all scopes or none', async () => {
    standStill(NOON)
    const team = scope('team', 't', { tpm: 300 })
    const { ask } = await limitedGateway({
      a: caller([scope('key', 'a', { tpm: 1000, rpm: 10 }), team]),
      b: caller([scope('key', 'b', { tpm: 1000, rpm: 10 }), team]),
    })
    const refused = await ask('a', { max_tokens: 290 })
    expect(await errorOf(refused)).toMatchObject({ message: expect.stringContaining('team: t') as string })
    expect(limitHeaders(refused)).toMatchObject({
      'x-ratelimit-api_key-remaining-tokens': '1000',
      'x-ratelimit-api_key-remaining-requests': '10',
      'x-ratelimit-team-remaining-tokens': '300',
    })
    expect(limitHeaders(await ask('b', { max_tokens: 100 }))).toMatchObject({
      'x-ratelimit-team-remaining-tokens': '290',
      'x-ratelimit-remaining-tokens': '290',
      'x-ratelimit-limit-tokens': '300',
    })
  })

  test.each([
    ['total', 1000 - 10],
    ['input', 1000 - 7],
    ['output', 1000 - 3],
  ] as const)('%s tokens', async (tokens, expected) => {
    standStill(NOON)
    const { ask } = await limitedGateway(tpm(1000), { config: { plugins: { 'rate-limit': { tokens } } } })
    expect(left(await ask('k', { max_tokens: 900 }))).toBe(expected)
  })

  test('an answer from the cache uses none', async () => {
    standStill(NOON)
    const { ask, upstream } = await limitedGateway(tpm(1000), { config: { plugins: { cache: {} } } })
    expect([left(await ask('k')), left(await ask('k'))]).toEqual([990, 990])
    expect(upstream.requests).toHaveLength(1)
  })
})

describe('an estimate', () => {
  const call = (body: Record<string, unknown>, more: Partial<Call> = {}): Call =>
    ({
      wire: 'openai.chat',
      method: 'POST',
      path: '/chat/completions',
      model: 'm',
      body,
      raw: JSON.stringify(body),
      ...more,
    }) as Call
  const of = (body: Record<string, unknown>, more?: Partial<Call>, metadata?: Record<string, unknown>) =>
    estimateCall(call(body, more), { id: 'k', role: 'user', metadata }, 256)

  test('takes the longest answer that the call allows, for each of its choices', () => {
    expect(of({ max_tokens: 100 })).toEqual({ input: 5, output: 100, guessed: false })
    expect(of({ max_tokens: 100, max_completion_tokens: 50 })).toMatchObject({ output: 50 })
    expect(of({ max_tokens: 100, n: 3 })).toMatchObject({ output: 300 })
    expect(of({ max_output_tokens: 70 }, { wire: 'openai.*', path: '/responses' })).toMatchObject({ output: 70 })
  })

  test('guesses where the call says nothing, at most a tenth of the limit', () => {
    const guess = of({})
    expect(guess).toEqual({ input: 1, output: 256, guessed: true })
    expect([
      reserveFor(guess, 100_000, 'total'),
      reserveFor(guess, 100, 'total'),
      reserveFor(guess, 5, 'total'),
    ]).toEqual([257, 11, 1])
    for (const wrong of [0, -1, Number.NaN, '12', null, 1e300])
      expect(of({ max_tokens: wrong })).toMatchObject({ guessed: true })
  })

  test('takes the operator’s word for a key', () => {
    const metadata = { default_estimated_output_tokens: 2000, default_estimated_output_tokens_per_model: { big: 4000 } }
    expect(of({}, {}, metadata)).toMatchObject({ output: 2000, guessed: false })
    expect(of({}, { model: 'big' }, metadata)).toMatchObject({ output: 4000, guessed: false })
    expect(of({ max_tokens: 5 }, { model: 'big' }, metadata)).toMatchObject({ output: 5 })
  })

  test('expects no answer of tokens where there is none', () => {
    expect(of({ input: 'Hi' }, { wire: 'openai.embeddings', path: '/embeddings' })).toMatchObject({ output: 0 })
    expect(of({}, { wire: 'openai.*', method: 'GET', path: '/files', raw: new Uint8Array(9999) })).toEqual({
      input: 0,
      output: 0,
      guessed: false,
    })
  })

  test('does not take images and sounds for text', () => {
    const image = `data:image/png;base64,${'A'.repeat(400_000)}`
    const text = 'word '.repeat(2000)
    const plain = of({ messages: [{ role: 'user', content: text }] }).input
    const content = [
      { type: 'text', text },
      { type: 'image_url', image_url: { url: image } },
    ]
    const seen = of({ messages: [{ role: 'user', content }] }).input
    expect(seen - plain).toBeGreaterThan(900)
    expect(seen - plain).toBeLessThan(1200)
    const heard = of({
      messages: [
        { role: 'user', content: [{ type: 'input_audio', input_audio: { format: 'wav', data: 'B'.repeat(90_000) } }] },
      ],
    })
    expect(heard.input).toBeLessThan(1200)
    expect(of({ parts: [{ data: image }, { data: image }] }).input).toBeGreaterThan(1900)
  })
})

import OpenAI, { APIConnectionTimeoutError } from 'openai'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { startUpstream } from '../support/upstream.ts'

const CHUNK =
  'data: {"id":"x","object":"chat.completion.chunk","created":1,"model":"m","choices":[{"index":0,"delta":{"content":"a"}}]}\n\n'

/** A gateway without a port, and a provider that is silent from some point on. */
async function setup() {
  const upstream = await startUpstream((call, response) => {
    if (call.body['stream'] === true) response.writeHead(200, { 'content-type': 'text/event-stream' }).write(CHUNK)
  })
  const models = [{ name: 'm', model: 'openai/m', baseURL: `${upstream.url}/v1`, apiKey: 'x' }]
  const gateway = await createGateway({ models }, { env: {} })
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const leaving = new AbortController()
  const ask = (stream: boolean, more: RequestInit = {}) =>
    gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], stream }),
      signal: leaving.signal,
      ...more,
    })
  const asked = async () => {
    while (upstream.requests.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    return upstream.requests[0]!
  }
  return { gateway, upstream, leaving, ask, asked }
}

const outcome = (work: Promise<unknown>) =>
  work.then(
    () => 'done',
    (error: Error) => error,
  )

describe('fetch in process, as any fetch', () => {
  it('rejects with the reason where the signal aborts before the answer', async () => {
    const { gateway, leaving, ask, asked } = await setup()
    const ended = outcome(ask(false))
    const call = await asked()
    leaving.abort()
    expect(await ended).toBe(leaving.signal.reason)
    expect(await call.left).toBe(true)
    expect(gateway.inFlight()).toBe(0)
  })

  it('ends a stream with the reason where it aborts in the middle', async () => {
    const { gateway, leaving, ask, asked } = await setup()
    const reader = (await ask(true)).body!.getReader()
    expect((await reader.read()).done).toBe(false)
    const ended = outcome(reader.read())
    leaving.abort(new Error('enough'))
    expect(await ended).toBe(leaving.signal.reason)
    expect(await (await asked()).left).toBe(true)
    expect(gateway.inFlight()).toBe(0)
  })

  it('rejects while the body is still being sent', async () => {
    const { upstream, leaving, ask } = await setup()
    const body = new ReadableStream({ start: (controller) => controller.enqueue(new TextEncoder().encode('{')) })
    const ended = outcome(ask(false, { body, duplex: 'half' } as RequestInit))
    leaving.abort()
    expect(await ended).toBe(leaving.signal.reason)
    expect(upstream.requests).toEqual([])
  })

  it('asks nobody where the signal has aborted before', async () => {
    const { gateway, upstream, leaving, ask } = await setup()
    leaving.abort()
    expect(await outcome(ask(true))).toBe(leaving.signal.reason)
    expect(gateway.inFlight()).toBe(0)
    expect(upstream.requests).toEqual([])
  })

  it('answers a server whose client left with 499, not with a fault of ours', async () => {
    const { gateway, leaving, asked } = await setup()
    const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
    const url = 'http://gateway/v1/chat/completions'
    const answer = gateway.fetch(new Request(url, { method: 'POST', body, signal: leaving.signal }))
    await asked()
    leaving.abort()
    expect((await answer).status).toBe(499)
    expect(await (await answer).json()).toMatchObject({ error: { code: 'client_disconnected' } })
  })

  it('lets the OpenAI client break off a stream, and time out', async () => {
    const { gateway } = await setup()
    const client = new OpenAI({ baseURL: 'http://gateway/v1', apiKey: 'x', fetch: gateway.fetch, maxRetries: 0 })
    const messages = [{ role: 'user', content: 'Hi' }] as const
    const stream = await client.chat.completions.create({ model: 'm', messages: [...messages], stream: true })
    let chunks = 0
    for await (const _chunk of stream) {
      chunks++
      setTimeout(() => stream.controller.abort(), 1)
    }
    expect(chunks).toBe(1)
    const late = client.chat.completions.create({ model: 'm', messages: [...messages] }, { timeout: 50 })
    expect(await outcome(late)).toBeInstanceOf(APIConnectionTimeoutError)
  })
})

import { describe, expect, it } from 'vitest'
import mock from '../../../providers/mock/index.ts'
import { BEHAVIOURS, findBehaviour } from '../../../providers/mock/behaviour.ts'
import { makeCall, makeProvider, makeTranslation } from './support.ts'

const { endpoints, baseURL } = makeProvider()

async function encode(call: ReturnType<typeof makeCall>, model = 'echo') {
  const request = await endpoints[call.wire]!.encode(call, makeTranslation(model))
  return { ...request, body: typeof request.body === 'string' ? (JSON.parse(request.body) as unknown) : request.body }
}

describe('the definition', () => {
  it('needs nothing', () => {
    expect(mock).toMatchObject({ kind: 'provider', name: 'mock', required: [] })
    expect(mock.options.parse({})).toEqual({ pace: 40, latency: 120 })
    expect(mock.options.safeParse({ pace: -1 }).success).toBe(false)
    expect(baseURL).toBe('mock://local')
  })

  it('passes answers through on every wire', () => {
    expect(Object.keys(endpoints)).toEqual([
      'openai.chat',
      'openai.completions',
      'openai.embeddings',
      'openai.images',
      'openai.*',
    ])
    for (const endpoint of Object.values(endpoints)) {
      expect(endpoint).not.toHaveProperty('decode')
      expect(endpoint).not.toHaveProperty('decodeStream')
    }
  })
})

describe('encoding', () => {
  it('replaces the model and keeps every other field', async () => {
    const body = { model: 'test', messages: [], x_unknown: { a: [1] }, logit_bias: { 1: 2 } }
    expect(await encode(makeCall('openai.chat', '/chat/completions', body))).toEqual({
      url: 'mock://local/chat/completions',
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: { ...body, model: 'echo' },
    })
  })

  it('asks streams for their usage', async () => {
    const stream_options = { include_usage: false, other: 1 }
    const chat = makeCall('openai.chat', '/chat/completions', { stream: true, stream_options })
    expect((await encode(chat)).body).toEqual({
      model: 'echo',
      stream: true,
      stream_options: { include_usage: true, other: 1 },
    })
    const completions = makeCall('openai.completions', '/completions', { stream: true, prompt: 'a' })
    expect((await encode(completions)).body).toMatchObject({ stream_options: { include_usage: true } })
  })

  it('names the model where the client did not', async () => {
    expect((await encode(makeCall('openai.images', '/images/generations', { prompt: 'a' }))).body).toEqual({
      prompt: 'a',
      model: 'echo',
    })
  })

  it('leaves other bodies as they are', async () => {
    const raw = Uint8Array.of(1, 2)
    const headers = { get: (name: string) => (name === 'content-type' ? 'multipart/form-data; boundary=x' : null) }
    const files = makeCall('openai.*', '/files', {}, { raw, headers, search: '?a=1' })
    expect(await encode(files)).toEqual({
      url: 'mock://local/files?a=1',
      method: 'POST',
      headers: { 'content-type': 'multipart/form-data; boundary=x' },
      body: raw,
    })
    expect(await encode(makeCall('openai.*', '/moderations', { input: 'a', model: 'test' }))).toMatchObject({
      body: { input: 'a', model: 'echo' },
    })
    const list = makeCall('openai.*', '/models', {}, { method: 'GET', raw: new Uint8Array() })
    expect(await encode(list)).toEqual({ url: 'mock://local/models', method: 'GET', headers: {}, body: undefined })
  })

  it('is answered, bytes and streams of bytes too', async () => {
    const provider = makeProvider()
    const text = JSON.stringify({ model: 'echo', messages: [{ role: 'user', content: 'ü' }] })
    const bytes = new TextEncoder().encode(text)
    async function* pieces() {
      for (const byte of bytes) yield Uint8Array.of(byte)
    }
    const answers = await Promise.all(
      [text, bytes, pieces()].map(async (body) => {
        const request = { url: 'mock://local/chat/completions', headers: { 'content-type': 'application/json' }, body }
        const response = await provider.respond!(request, new AbortController().signal)
        return response.json()
      }),
    )
    expect(answers[0]).toMatchObject({ choices: [{ message: { content: 'ü' } }] })
    expect(answers[1]).toEqual(answers[0])
    expect(answers[2]).toEqual(answers[0])
  })
})

describe('the table of behaviours', () => {
  it('shows names that do what their row says', () => {
    for (const { model, example } of BEHAVIOURS) {
      const { name } = findBehaviour(example, '')
      const expected = model.replace('mock/', '').replace(/-?<\w+>-?/, '')
      expect(name).toBe(expected === 'mock' || expected === '' ? 'default' : expected)
    }
  })

  it.each([
    ['mock', '', 'default', 0],
    ['mock/echo', '', 'echo', 0],
    ['constructor', '', 'default', 0],
    ['mock/12-tokens', '', 'tokens', 12],
    ['999999999-tokens', '', 'tokens', 100_000],
    ['error-404', '', 'error', 404],
    ['error-99', '', 'default', 0],
    ['echo', 'do [mock:timeout] it', 'timeout', 0],
    ['echo', '[mock:what]', 'default', 0],
  ])('%s %j is %s %i', (model, prompt, name, value) => {
    expect(findBehaviour(model, prompt)).toEqual({ name, value })
  })
})

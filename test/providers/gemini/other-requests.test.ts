import { describe, expect, it } from 'vitest'
import gemini from '../../../providers/gemini/index.ts'
import { encode, KEY, makeCall, makeProvider, makeTarget, refusal, type Setup } from './fakes.ts'

describe('embeddings', () => {
  const wire: Setup = { wire: 'openai.embeddings', model: 'gemini-embedding-001' }
  const model = 'models/gemini-embedding-001'
  const endpoint = makeProvider().endpoints['openai.embeddings']!
  const decode = (answer: unknown, body: Record<string, unknown>) =>
    endpoint.decode!(answer, makeCall(body, { wire: 'openai.embeddings' }), makeTarget(wire))

  it('are one request for every text', async () => {
    const { request, body } = await encode(
      { input: ['a', 'b'], dimensions: 256, encoding_format: 'base64', user: 'ada', task_type: 'RETRIEVAL_QUERY' },
      wire,
    )
    expect(request.url).toBe(`https://generativelanguage.googleapis.com/v1beta/${model}:batchEmbedContents`)
    const each = (text: string) => ({
      model,
      content: { parts: [{ text }] },
      outputDimensionality: 256,
      taskType: 'RETRIEVAL_QUERY',
    })
    expect(body).toEqual({ requests: [each('a'), each('b')] })
    expect((await encode({ input: 'a' }, wire)).body).toEqual({
      requests: [{ model, content: { parts: [{ text: 'a' }] } }],
    })
  })

  it.each([
    ['unsupported_parameter input', { input: [1, 2] }],
    ['unsupported_parameter input', { input: [[1], [2]] }],
    ['null input', { input: [] }],
    ['null input', {}],
    ['null encoding_format', { input: 'a', encoding_format: 'hex' }],
    ['unsupported_parameter truncate', { input: 'a', truncate: true }],
  ])('are refused with 400 %s for %j', async (expected, fields) => {
    expect(await refusal(fields, wire)).toBe(`400 ${expected}`)
  })

  it('are answered in the encoding that was asked for', () => {
    const answer = { embeddings: [{ values: [0.5, -1] }, { values: [2, 0] }], usageMetadata: { promptTokenCount: 5 } }
    const usage = { prompt_tokens: 5, total_tokens: 5 }
    expect(decode(answer, { input: ['a', 'b'] })).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [0.5, -1] },
        { object: 'embedding', index: 1, embedding: [2, 0] },
      ],
      model: 'gemini-embedding-001',
      usage,
    })
    expect(decode(answer, { input: ['a', 'b'], encoding_format: 'base64' })).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: 'AAAAPwAAgL8=' },
        { object: 'embedding', index: 1, embedding: 'AAAAQAAAAAA=' },
      ],
      model: 'gemini-embedding-001',
      usage,
    })
  })

  it('are counted roughly where Gemini does not count', () => {
    const answer = { embedding: { values: [1] } }
    expect(decode(answer, { input: 'a'.repeat(40) })).toMatchObject({ usage: { prompt_tokens: 10, total_tokens: 10 } })
  })

  it.each([[null], [{}], [{ embeddings: [] }], [{ embeddings: [{}] }]])('that are none are a 502: %j', (answer) => {
    expect(() => decode(answer, { input: 'a' })).toThrow(
      expect.objectContaining({ status: 502, code: 'bad_upstream_answer' }),
    )
  })
})

describe("Gemini's own dialect", () => {
  const base = 'https://generativelanguage.googleapis.com/v1beta/models/gemini-2.5-flash'
  const raw = '{ "contents": [ {"parts": [{"text": "Hi"}]} ],  "futureField": 1e2 }'
  const send = async (path: string, over: Record<string, unknown> = {}, text = raw) => {
    const call = { wire: 'gemini.generate', path, raw: text, ...over }
    const { request } = await encode(JSON.parse(text) as Record<string, unknown>, { wire: 'gemini.generate', call })
    return request
  }

  it('passes the bytes; only the model and the key change', async () => {
    expect(await send('/models/public:generateContent', { search: '?key=client&x=1' })).toEqual({
      url: `${base}:generateContent?x=1`,
      method: 'POST',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': KEY },
      body: raw,
    })
  })

  it.each([
    ['/models/public:streamGenerateContent', { stream: true, search: '?alt=sse' }, ':streamGenerateContent?alt=sse'],
    ['/models/public:streamGenerateContent', { stream: true }, ':streamGenerateContent?alt=sse'],
    ['/v1beta/models/some/public:countTokens', {}, ':countTokens'],
    ['/models/public', { stream: true }, ':streamGenerateContent?alt=sse'],
    ['/models/public', {}, ':generateContent'],
    ['/models/public', { method: 'GET' }, ''],
  ])('of %s with %j goes to the model%s', async (path, over, end) => {
    expect((await send(path, over)).url).toBe(base + end)
  })

  it('names the upstream model wherever the body names one', async () => {
    const text =
      '{"model":"models/public","generateContentRequest":{"model":"models/public","contents":[]},"requests":[{"model":"models/public"}]}'
    const { body } = await send('/models/public:countTokens', {}, text)
    expect(body).toBe(text.replaceAll('models/public', 'models/gemini-2.5-flash'))
  })
})

describe('the provider', () => {
  it('says what it needs and answers to', () => {
    expect({ ...gemini, options: 0, setup: 0, description: 0 }).toEqual({
      kind: 'provider',
      name: 'gemini',
      description: 0,
      options: 0,
      setup: 0,
      env: { apiKey: ['GEMINI_API_KEY', 'GOOGLE_API_KEY'], baseURL: 'GEMINI_API_BASE' },
      required: ['apiKey'],
      claims: ['gemini-*'],
      priceProvider: 'google',
    })
    expect(makeProvider().baseURL).toBe('https://generativelanguage.googleapis.com/v1beta')
  })

  it('lists models', () => {
    const { request, names } = makeProvider().models!()
    expect(request).toEqual({
      url: 'https://generativelanguage.googleapis.com/v1beta/models?pageSize=1000',
      method: 'GET',
      headers: { 'content-type': 'application/json', 'x-goog-api-key': KEY },
    })
    expect(names({ models: [{ name: 'models/gemini-2.5-flash' }, { name: 'tunedModels/mine' }, {}, 1] })).toEqual([
      'gemini-2.5-flash',
      'tunedModels/mine',
    ])
    expect(names(null)).toEqual([])
  })

  it.each([
    { apiKey: '' },
    {},
    { apiKey: 'x', baseURL: 'example.org' },
    { apiKey: 'x', baseURL: 'ftp://example.org' },
    { apiKey: 'x', baseURL: 'https://user:pass@example.org' },
    { apiKey: 'x', baseURL: 'https://example.org?key=1' },
    { apiKey: 'x', apiVersion: '../v1' },
  ])('does not take %j', (options) => {
    expect(gemini.options.safeParse(options).success).toBe(false)
  })
})

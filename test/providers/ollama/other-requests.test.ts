import { describe, expect, it } from 'vitest'
import ollama from '../../../providers/ollama/index.ts'
import { toOllamaAddress } from '../../../providers/ollama/base-url.ts'
import { encode, makeCall, makeProvider, makeTarget, refusal } from './support.ts'

describe('a text completion request', () => {
  const wire = 'openai.completions' as const
  it('goes to /api/generate', async () => {
    const { request, body } = await encode(
      {
        model: 'llama',
        prompt: ['Once'],
        suffix: ' end',
        max_tokens: 4,
        logprobs: 2,
        best_of: 1,
        echo: false,
        raw: true,
      },
      { wire, options: { baseURL: 'http://gpu:1234/' } },
    )
    expect(request.url).toBe('http://gpu:1234/api/generate')
    expect(request.framing).toBe('ndjson')
    expect(body).toEqual({
      model: 'llama3.2',
      prompt: 'Once',
      suffix: ' end',
      raw: true,
      logprobs: true,
      top_logprobs: 2,
      options: { num_predict: 4 },
      stream: false,
    })
  })

  it.each([
    [{ prompt: ['a', 'b'] }, '400 unsupported_parameter prompt'],
    [{ prompt: [1, 2] }, '400 unsupported_parameter prompt'],
    [{ prompt: [] }, '400 null prompt'],
    [{}, '400 null prompt'],
    [{ prompt: 'a', suffix: 1 }, '400 null suffix'],
    [{ prompt: 'a', echo: true }, '400 unsupported_parameter echo'],
    [{ prompt: 'a', best_of: 2 }, '400 unsupported_parameter best_of'],
    [{ prompt: 'a', logprobs: 1, stream: true }, '400 unsupported_parameter logprobs'],
    [{ prompt: 'a', messages: [] }, '400 unsupported_parameter messages'],
  ])('%j → %s', async (body, error) => {
    expect(await refusal(body, { wire })).toBe(error)
  })
})

describe('an embeddings request', () => {
  const wire = 'openai.embeddings' as const
  it('goes to /api/embed', async () => {
    const { request, body } = await encode(
      { model: 'e', input: ['a', 'b'], dimensions: 3, encoding_format: 'base64', user: 'u', num_ctx: 512 },
      { wire, options: { keepAlive: '1h' } },
    )
    expect(request.url).toBe('http://127.0.0.1:11434/api/embed')
    expect(body).toEqual({
      model: 'llama3.2',
      input: ['a', 'b'],
      dimensions: 3,
      keep_alive: '1h',
      options: { num_ctx: 512 },
    })
  })

  it.each([
    [{ input: [1, 2] }, '400 unsupported_parameter input'],
    [{ input: [[1], [2]] }, '400 unsupported_parameter input'],
    [{ input: [] }, '400 null input'],
    [{}, '400 null input'],
    [{ input: 'a', encoding_format: 'int8' }, '400 null encoding_format'],
    [{ input: 'a', task: 'query' }, '400 unsupported_parameter task'],
  ])('%j → %s', async (body, error) => {
    expect(await refusal(body, { wire })).toBe(error)
  })

  it('is answered with numbers or little-endian floats', () => {
    const { decode } = makeProvider().endpoints['openai.embeddings']!
    const answer = {
      model: 'x',
      embeddings: [
        [1, -0.5],
        [0, 2],
      ],
      prompt_eval_count: 6,
    }
    expect(decode!(answer, makeCall({ input: ['a', 'b'] }, wire), makeTarget())).toEqual({
      object: 'list',
      data: [
        { object: 'embedding', index: 0, embedding: [1, -0.5] },
        { object: 'embedding', index: 1, embedding: [0, 2] },
      ],
      model: 'llama3.2',
      usage: { prompt_tokens: 6, total_tokens: 6 },
    })
    const encoded = decode!(answer, makeCall({ input: ['a', 'b'], encoding_format: 'base64' }, wire), makeTarget())
    // 1.0 is 00 00 80 3f, -0.5 is 00 00 00 bf.
    expect(encoded).toMatchObject({ data: [{ embedding: 'AACAPwAAAL8=' }, { embedding: 'AAAAAAAAAEA=' }] })
  })

  it('is a 502 where the answer holds none', () => {
    const { decode } = makeProvider().endpoints['openai.embeddings']!
    expect(() => decode!({}, makeCall({ input: 'a' }, wire), makeTarget())).toThrow('the answer holds no embeddings')
  })
})

describe('the server', () => {
  it.each([
    ['', 'http://127.0.0.1:11434'],
    ['gpu', 'http://gpu:11434'],
    ['gpu:80', 'http://gpu'],
    ['gpu:8080', 'http://gpu:8080'],
    [':8080', 'http://127.0.0.1:8080'],
    ['0.0.0.0', 'http://127.0.0.1:11434'],
    ['0.0.0.0:9', 'http://127.0.0.1:9'],
    ['[::]:9', 'http://[::1]:9'],
    ['http://gpu', 'http://gpu'],
    ['https://ollama.com/', 'https://ollama.com'],
    ['https://ollama.com/api', 'https://ollama.com'],
    ['http://gpu:11434/v1/', 'http://gpu:11434'],
    ['http://gpu/ollama?key=1#x', 'http://gpu/ollama'],
  ])('%j is %s', (text, url) => {
    expect(toOllamaAddress(text)).toEqual({ url, authorization: undefined })
  })

  it('takes credentials out of the URL', () => {
    expect(toOllamaAddress('http://me:p%C3%A4ss@gpu:1')).toEqual({
      url: 'http://gpu:1',
      authorization: `Basic ${Buffer.from('me:päss').toString('base64')}`,
    })
  })

  it('says nothing of a wrong address, which may hold a password', () => {
    for (const text of ['ftp://me:secret@gpu', 'http://', 'http://me:secret@gpu:port']) {
      expect(() => toOllamaAddress(text)).toThrow(/^ollama: baseURL must be an http or https URL, or host:port$/)
    }
  })

  it('has its address checked with the options', () => {
    expect(ollama.options.safeParse({ baseURL: 'gpu:1234' }).success).toBe(true)
    expect(ollama.options.safeParse({ baseURL: 'ftp://gpu' }).error?.issues).toMatchObject([
      { path: ['baseURL'], message: 'must be an http or https URL, or host:port' },
    ])
  })

  it('gets the key as bearer token', async () => {
    const messages = [{ role: 'user', content: 'a' }]
    const { request } = await encode({ messages }, { options: { baseURL: 'https://ollama.com', apiKey: 'k1' } })
    expect(request.headers).toEqual({ 'content-type': 'application/json', authorization: 'Bearer k1' })
  })

  it('lists its models', () => {
    const { request, names } = makeProvider({ apiKey: 'k1' }).models!()
    expect(request).toEqual({
      url: 'http://127.0.0.1:11434/api/tags',
      method: 'GET',
      headers: { authorization: 'Bearer k1' },
    })
    expect(names({ models: [{ name: 'a:latest', model: 'a:latest' }, { name: 'b' }, {}, null] })).toEqual([
      'a:latest',
      'b',
    ])
    expect(names(null)).toEqual([])
  })

  it('is found without a config', () => {
    expect(ollama).toMatchObject({
      kind: 'provider',
      name: 'ollama',
      aliases: ['ollama_chat'],
      required: [],
      env: { baseURL: ['OLLAMA_API_BASE', 'OLLAMA_HOST'], apiKey: 'OLLAMA_API_KEY' },
    })
    expect(makeProvider().baseURL).toBe('http://127.0.0.1:11434')
  })
})

import { inflateSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { BEHAVIOURS } from '../../../providers/mock/behaviour.ts'
import { ask, choicesOf, makeProvider, readEvents } from './support.ts'

type Json = Record<string, unknown>
const json = async (response: Promise<Response>): Promise<Json> => {
  const answer = await response
  return { status: answer.status, ...((await answer.json()) as Json) }
}

describe('/completions', () => {
  const path = '/completions'
  const SAID =
    'You said: "Once". This is the built-in mock model: it calls no provider, needs no key and costs nothing.'

  it('continues prompts', async () => {
    const { id, created: _, ...rest } = await json(ask({ model: 'mock', prompt: 'Once' }, { path }))
    expect(id).toMatch(/^cmpl-[0-9a-f]{16}$/)
    expect(rest).toMatchObject({
      status: 200,
      object: 'text_completion',
      model: 'mock',
      choices: [{ text: SAID, index: 0, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 1, completion_tokens: 28, total_tokens: 29 },
    })
  })

  it('takes several prompts, n of each, echoed', async () => {
    const asked = { model: 'mock', prompt: ['a b', [1, 2, 3]], n: 2, echo: true, max_tokens: 1 }
    const body = await json(ask(asked, { path }))
    expect(choicesOf(body).map(({ index, text, finish_reason }) => [index, text, finish_reason])).toEqual([
      [0, 'a bYou', 'length'],
      [1, 'a bYou', 'length'],
      [2, '1 2 3You', 'length'],
      [3, '1 2 3You', 'length'],
    ])
    expect(body['usage']).toMatchObject({ prompt_tokens: 1 + 3 })
  })

  it('gives log probabilities as lists', async () => {
    const body = await json(ask({ model: 'mock', prompt: 'x', max_tokens: 2, logprobs: 2 }, { path }))
    expect(choicesOf(body)[0]!.logprobs).toEqual({
      tokens: ['You', ' said'],
      token_logprobs: [expect.any(Number), expect.any(Number)],
      top_logprobs: [
        { You: expect.any(Number), ' a': expect.any(Number) },
        { ' said': expect.any(Number), ' a': expect.any(Number) },
      ],
      text_offset: [0, 3],
    })
  })

  it('streams', async () => {
    const asked = { model: 'mock', prompt: ['Once', 'Twice'], stop: '.', logprobs: 0 }
    const whole = choicesOf(await json(ask(asked, { path })))
    const events = await readEvents(
      await ask({ ...asked, stream: true, stream_options: { include_usage: true } }, { path }),
    )
    expect(events.at(-1)).toBe('[DONE]')
    expect(events.at(-2)).toMatchObject({ choices: [], usage: { prompt_tokens: 3 } })
    const choices = events.slice(0, -2).flatMap((event) => choicesOf(event as Json))
    for (const { index, text, logprobs } of whole) {
      const own = choices.filter((choice) => choice.index === index)
      expect(own.map((choice) => choice.text).join('')).toBe(text)
      expect(own.flatMap((choice) => (choice.finish_reason === null ? [] : choice.finish_reason))).toEqual(['stop'])
      const offsets = own.flatMap((choice) => (choice.logprobs as { text_offset: number[] } | null)?.text_offset ?? [])
      expect(offsets).toEqual((logprobs as { text_offset: number[] }).text_offset)
    }
  })

  it('refuses what is no prompt', async () => {
    for (const prompt of [undefined, 5, [], ['a', {}], [[]], [1.5]]) {
      expect(await json(ask({ model: 'mock', prompt }, { path }))).toMatchObject({
        status: 400,
        error: { param: 'prompt' },
      })
    }
  })
})

describe('/embeddings', () => {
  const path = '/embeddings'
  const vectors = async (body: Json) =>
    ((await json(ask({ model: 'mock', ...body }, { path })))['data'] as { embedding: number[] }[]).map(
      (e) => e.embedding,
    )

  it('are vectors of length 1, by the text alone', async () => {
    const body = await json(ask({ model: 'mock', input: ['one', 'two', 'one'] }, { path }))
    expect(body).toMatchObject({
      status: 200,
      object: 'list',
      model: 'mock',
      data: [0, 1, 2].map((index) => ({ object: 'embedding', index })),
      usage: { prompt_tokens: 3, total_tokens: 3 },
    })
    const [one, two, again] = await vectors({ input: ['one', 'two', 'one'] })
    expect(one).toHaveLength(1536)
    expect(one).toEqual(again)
    expect((await vectors({ input: 'one', user: 'someone' }))[0]).toEqual(one)
    for (const vector of [one!, two!]) {
      expect(Math.sqrt(vector.reduce((sum, x) => sum + x * x, 0))).toBeCloseTo(1, 5)
    }
    // Of unrelated texts they are nearly at right angles.
    expect(Math.abs(one!.reduce((sum, x, i) => sum + x * two![i]!, 0))).toBeLessThan(0.15)
  })

  it('have as many dimensions as asked, and the same numbers as base64', async () => {
    const [numbers] = await vectors({ input: [1, 2, 3], dimensions: 8 })
    expect(numbers).toHaveLength(8)
    const [text] = (await vectors({
      input: [1, 2, 3],
      dimensions: 8,
      encoding_format: 'base64',
    })) as unknown as string[]
    const buffer = Buffer.from(text!, 'base64')
    expect(Array.from({ length: 8 }, (_, i) => buffer.readFloatLE(i * 4))).toEqual(numbers)
  })

  it.each([
    [{}, 'input'],
    [{ input: [] }, 'input'],
    [{ input: 'a', dimensions: 0 }, 'dimensions'],
    [{ input: 'a', encoding_format: 'int8' }, 'encoding_format'],
  ])('refuse %j', async (body, param) => {
    expect(await json(ask({ model: 'mock', ...body }, { path }))).toMatchObject({ status: 400, error: { param } })
  })
})

describe('/images/generations', () => {
  const path = '/images/generations'

  it('are small pictures', async () => {
    const body = await json(ask({ model: 'mock', prompt: 'a cat', n: 2 }, { path }))
    const data = body['data'] as { b64_json: string }[]
    expect(body).toMatchObject({
      status: 200,
      created: expect.any(Number),
      usage: { input_tokens: 2, output_tokens: 2 },
    })
    expect(data).toHaveLength(2)
    expect(data[0]).not.toEqual(data[1])
    const png = Buffer.from(data[0]!.b64_json, 'base64')
    expect(png.subarray(0, 8).toString('hex')).toBe('89504e470d0a1a0a')
    expect(png.subarray(12, 16).toString()).toBe('IHDR')
    expect([png.readUInt32BE(16), png.readUInt32BE(20)]).toEqual([1, 1])
    expect(png.subarray(37, 41).toString()).toBe('IDAT')
    // `inflateSync` checks zlib's own sum.
    const row = inflateSync(png.subarray(41, 41 + png.readUInt32BE(33)))
    expect(row).toHaveLength(4)
    expect(row[0]).toBe(0)
    // The sum of IEND is the same in every PNG.
    expect(png.subarray(-12).toString('hex')).toBe('0000000049454e44ae426082')
  })

  it('come as URL when asked', async () => {
    const body = await json(ask({ model: 'mock', prompt: 'a cat', response_format: 'url' }, { path }))
    expect(body['data']).toEqual([{ url: expect.stringMatching(/^data:image\/png;base64,iVBORw0KGgo/) }])
  })

  it.each([
    [{}, 'prompt'],
    [{ prompt: 'a', n: 11 }, 'n'],
    [{ prompt: 'a', response_format: 'gif' }, 'response_format'],
  ])('refuse %j', async (body, param) => {
    expect(await json(ask({ model: 'mock', ...body }, { path }))).toMatchObject({ status: 400, error: { param } })
  })
})

describe('other paths', () => {
  it('/moderations flags what is marked', async () => {
    const body = await json(ask({ model: 'mock', input: ['fine', 'bad [mock:flag]'] }, { path: '/moderations' }))
    expect(body).toMatchObject({
      id: expect.stringMatching(/^modr-/),
      results: [
        { flagged: false, categories: { harassment: false, violence: false } },
        { flagged: true, categories: { harassment: true, violence: false }, category_scores: { harassment: 0.99 } },
      ],
    })
    const parts = await json(ask({ input: [{ type: 'text', text: 'fine' }] }, { path: '/moderations' }))
    expect(parts['results']).toHaveLength(1)
    expect(await json(ask({}, { path: '/moderations' }))).toMatchObject({ status: 400, error: { param: 'input' } })
  })

  it('/audio/speech is a tone', async () => {
    const response = await ask({ model: 'mock', input: 'hello', voice: 'x' }, { path: '/audio/speech' })
    expect(response.headers.get('content-type')).toBe('audio/wav')
    const wav = Buffer.from(await response.arrayBuffer())
    expect(wav.subarray(0, 4).toString() + wav.subarray(8, 16).toString()).toBe('RIFFWAVEfmt ')
    expect(wav.readUInt32LE(4)).toBe(wav.length - 8)
    expect(wav.readUInt32LE(40)).toBe(wav.length - 44)
    expect(new Set(wav.subarray(44)).size).toBeGreaterThan(5)
  })

  it('/models has a name for each behaviour', async () => {
    const body = await json(ask(undefined, { path: '/models', method: 'GET' }))
    expect((body['data'] as { id: string }[]).map(({ id }) => id)).toEqual(BEHAVIOURS.map(({ example }) => example))
    expect(await json(ask(undefined, { path: '/models/echo', method: 'GET' }))).toEqual({
      status: 200,
      id: 'echo',
      object: 'model',
      created: 1735689600,
      owned_by: 'mock',
    })
    expect(await json(ask(undefined, { path: '/models/none', method: 'GET' }))).toMatchObject({
      status: 404,
      error: { code: 'model_not_found' },
    })
    const { request, names } = makeProvider().models!()
    expect(request).toEqual({ url: 'mock://local/models', method: 'GET', headers: {} })
    expect(names(body)).toEqual(BEHAVIOURS.map(({ example }) => example))
    expect(names(null)).toEqual([])
  })

  it.each([
    ['POST', '/files'],
    ['GET', '/chat/completions'],
    ['DELETE', '/models/echo'],
  ])('%s %s is unknown', async (method, path) => {
    const body = method === 'POST' ? { a: 1 } : undefined
    expect(await json(ask(body, { path, method }))).toEqual({
      status: 404,
      error: {
        message: `Unknown request URL: ${method} ${path}.`,
        type: 'invalid_request_error',
        param: null,
        code: 'unknown_url',
      },
    })
  })
})

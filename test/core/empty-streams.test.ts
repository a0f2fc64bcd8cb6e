import { describe, expect, onTestFinished, test } from 'vitest'
import { createGateway, defineProvider, z } from '../../src/index.ts'
import { chatAnswer, chatEvents } from '../support/openai-answers.ts'
import { sendEvents, startUpstream } from '../support/upstream.ts'

const usage = { prompt_tokens: 7, completion_tokens: 0, total_tokens: 7 }
const filtered = { id: '1', choices: [], prompt_filter_results: [{ prompt_index: 0 }] }
const prices = { input_cost_per_token: 0, output_cost_per_token: 0 }
const retry = { retries: 0 }

/** Sends each piece in a network write of its own. */
async function start(pieces: readonly string[], fallback = false) {
  const upstream = await startUpstream((call, response) => {
    if (call.body['model'] === 'second') return sendEvents(response, chatEvents(['Hello']))
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const next = (i: number) => {
      if (i === pieces.length) return void response.end()
      response.write(pieces[i]!, () => setImmediate(() => setImmediate(() => next(i + 1))))
    }
    next(0)
  })
  const options = { apiKey: 'sk-test-0123456789', baseURL: `${upstream.url}/v1`, prices }
  const models = ['first', 'second'].map((name) => ({ name, model: `openai/${name}`, ...options }))
  const plugins = { retry, fallback: fallback ? { fallbacks: [{ first: ['second'] }] } : {} } as never
  const gateway = await createGateway({ models, plugins }, { env: {} })
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  return asker(gateway)
}

function asker(gateway: { fetch(input: string, init?: RequestInit): Promise<Response> }) {
  return async (path = 'chat/completions', fields: object = { messages: [{ role: 'user', content: 'Hi' }] }) => {
    const response = await gateway.fetch(`http://gateway/v1/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'first', stream: true, ...fields }),
    })
    return { status: response.status, text: await response.text() }
  }
}

const event = (data: unknown) => `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
const done = event('[DONE]')

describe('a stream without a choice', () => {
  const empty: [string, string[]][] = [
    ['the end mark alone', [done]],
    ['usage alone', [event({ id: '1', choices: [], usage }), done]],
    ['usage alone, in one piece', [event({ id: '1', choices: [], usage }) + done]],
    ['usage without an end mark', [event({ id: '1', choices: [], usage })]],
    ['what Azure says before its answer', [event(filtered), done]],
  ]
  test.each(empty)('is an error: %s', async (_name, pieces) => {
    const ask = await start(pieces)
    for (const answer of [
      await ask(),
      await ask(undefined, { messages: [{ role: 'user', content: 'Hi' }], stream_options: { include_usage: true } }),
      await ask('completions', { prompt: 'Hi' }),
    ]) {
      expect(answer.status).toBe(502)
      expect(answer.text).toContain('bad_upstream_answer')
    }
  })

  test.each(empty)('goes to the fallbacks: %s', async (_name, pieces) => {
    const { status, text } = await (await start(pieces, true))()
    expect(status).toBe(200)
    expect(text).toContain('Hello')
  })
})

describe('a stream with one', () => {
  const events = [filtered, ...chatEvents(['Hel', 'lo']).slice(0, 4)].map(event)
  test.each([
    ['event by event', [...events, done]],
    ['at once', [[...events, done].join('')]],
    ['spaced', [...events.map((text) => text.replace('"choices":[{', '"choices" : [ {')), done]],
    ['after a comment', [': processing\n\n', ...events, done]],
    ['cut anywhere', [...[...events, done].join('')].reduce<string[]>(byTens, [])],
  ])('is sent on byte for byte: %s', async (_name, pieces) => {
    const { status, text } = await (await start(pieces))()
    expect(status).toBe(200)
    expect(text).toBe(pieces.join(''))
  })

  test('a comment is not held back', async () => {
    const { status, text } = await (await start([': processing\n\n', done]))()
    expect({ status, text }).toEqual({ status: 200, text: `: processing\n\n${done}` })
  })

  test('other streams of events need none', async () => {
    const pieces = [event({ type: 'image_generation.completed', b64_json: 'AAAA' })]
    const { status, text } = await (await start(pieces))('images/generations', { prompt: 'A cat' })
    expect({ status, text }).toEqual({ status: 200, text: pieces.join('') })
  })
})

function byTens(pieces: string[], char: string): string[] {
  if (pieces.length === 0 || pieces.at(-1)!.length === 10) pieces.push('')
  pieces[pieces.length - 1] += char
  return pieces
}

describe('a decoder that throws', () => {
  const choke = (where: 'event' | 'end') =>
    defineProvider({
      name: 'choking',
      options: z.object({}),
      setup: () => ({
        endpoints: {
          'openai.chat': {
            encode: () => ({ url: 'choking://', headers: {}, body: '{}' }),
            decode: () => chatAnswer('unused') as never,
            decodeStream: () => ({
              event: () => {
                if (where === 'event') throw new TypeError('no such field')
              },
              end: () => {
                throw new TypeError('no such field')
              },
            }),
          },
        },
        respond: () => new Response(event({}), { headers: { 'content-type': 'text/event-stream' } }),
      }),
    })

  test.each(['event', 'end'] as const)('is an error of the provider, at an %s too', async (where) => {
    const models = [
      { name: 'first', model: 'choking/m' },
      { name: 'second', model: 'mock/echo' },
    ]
    const alone = await createGateway({ models, use: [choke(where)], plugins: { retry } as never }, { env: {} })
    const plugins = { retry, fallback: { fallbacks: [{ first: ['second'] }] } } as never
    const both = await createGateway({ models, use: [choke(where)], plugins }, { env: {} })
    onTestFinished(async () => {
      await alone.close()
      await both.close()
    })
    const { status, text } = await asker(alone)()
    expect(status).toBe(502)
    expect(text).toContain('choking: sent a stream that could not be read')
    expect((await asker(both)()).status).toBe(200)
  })
})

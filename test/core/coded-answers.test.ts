import { brotliCompressSync, createGzip, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from 'node:zlib'
import { constants } from 'node:zlib'
import type { ServerResponse } from 'node:http'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createGateway } from '../../src/index.ts'
import { chatAnswer, chatEvents } from '../support/openai-answers.ts'
import { startUpstream, toEvent } from '../support/upstream.ts'
import type { UpstreamHandler } from '../support/upstream.ts'

const CODINGS: [string, (text: string) => Uint8Array][] = [
  ['gzip', gzipSync],
  ['GZIP', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['deflate', deflateRawSync],
  ['br', brotliCompressSync],
  ...(zstdCompressSync ? ([['zstd', zstdCompressSync]] as [string, (text: string) => Uint8Array][]) : []),
]

async function start(handler: UpstreamHandler, more: { provider?: string; headers?: Record<string, string> } = {}) {
  const upstream = await startUpstream(handler)
  const { provider = 'openai', headers } = more
  const gateway = await createGateway(
    {
      models: [
        {
          name: 'm',
          model: `${provider}/m`,
          apiKey: 'sk-test-0123456789',
          baseURL: `${upstream.url}/v1`,
          ...(headers ? { headers } : {}),
        },
      ],
      plugins: { retry: { retries: 0 } },
    },
    { env: {} },
  )
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const ask = async (fields: Record<string, unknown> = {}) => {
    const response = await gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...fields }),
    })
    return { status: response.status, headers: response.headers, text: await response.text() }
  }
  return { upstream, ask }
}

function send(
  response: ServerResponse,
  coding: string,
  body: Uint8Array,
  more: { status?: number; type?: string } = {},
) {
  const { status = 200, type = 'application/json' } = more
  response.writeHead(status, { 'content-type': type, 'content-encoding': coding })
  response.end(body)
}

const stream = chatEvents(['Hel', 'lo']).map(toEvent).join('')

it('nobody is asked to compress, unless a deployment says so', async () => {
  const plain = await start((_call, response) => response.end(JSON.stringify(chatAnswer('Hi'))))
  expect((await plain.ask()).status).toBe(200)
  expect(plain.upstream.requests[0]!.headers['accept-encoding']).toBe('identity')
  const headers = { 'Accept-Encoding': 'gzip' }
  const asked = await start((_call, response) => send(response, 'gzip', gzipSync(JSON.stringify(chatAnswer('Hi')))), {
    headers,
  })
  expect(await asked.ask()).toMatchObject({ status: 200, text: expect.stringContaining('Hi') })
  expect(asked.upstream.requests[0]!.headers['accept-encoding']).toBe('gzip')
})

describe.each(CODINGS)('%s that nobody asked for', (coding, compress) => {
  it('is read', async () => {
    const { ask } = await start((call, response) => {
      if (call.body['user'] === 'bad') {
        const error = { message: 'no such thing', type: 'invalid_request_error', code: 'odd' }
        return send(response, coding, compress(JSON.stringify({ error })), { status: 400 })
      }
      if (call.body['stream']) return send(response, coding, compress(stream), { type: 'text/event-stream' })
      send(response, coding, compress(JSON.stringify(chatAnswer('Hello'))))
    })
    const whole = await ask()
    expect(whole).toMatchObject({ status: 200, text: JSON.stringify(chatAnswer('Hello')) })
    expect(whole.headers.get('content-encoding')).toBe(null)
    expect((await ask({ stream: true, stream_options: { include_usage: true } })).text).toBe(stream)
    expect(await ask({ user: 'bad' })).toMatchObject({ status: 400, text: expect.stringContaining('no such thing') })
  })
})

it('a compressed stream goes on as it comes', async () => {
  const writes: (() => void)[] = []
  const { ask } = await start((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream', 'content-encoding': 'gzip' })
    const zip = createGzip({ flush: constants.Z_SYNC_FLUSH })
    zip.pipe(response)
    const events = chatEvents(['Hel', 'lo']).map(toEvent)
    const next = () => {
      const event = events.shift()
      if (event === undefined) return void zip.end()
      zip.write(event, () => setImmediate(next))
    }
    writes.push(next)
    next()
  })
  expect((await ask({ stream: true, stream_options: { include_usage: true } })).text).toBe(stream)
})

it('other dialects are read as well', async () => {
  const message = {
    id: 'msg_1',
    type: 'message',
    role: 'assistant',
    model: 'm',
    content: [{ type: 'text', text: 'Hello' }],
    stop_reason: 'end_turn',
    usage: { input_tokens: 1, output_tokens: 1 },
  }
  const { ask } = await start((_call, response) => send(response, 'gzip', gzipSync(JSON.stringify(message))), {
    provider: 'anthropic',
  })
  expect(await ask()).toMatchObject({ status: 200, text: expect.stringContaining('"Hello"') })
})

describe('what cannot be read', () => {
  it.each(['compress', 'gzip, br'])('is a 502 that names it: %s', async (coding) => {
    const { ask } = await start((call, response) =>
      send(response, coding, Buffer.from('xx'), call.body['user'] ? { status: 429 } : {}),
    )
    for (const fields of [{}, { stream: true }]) {
      const { status, text } = await ask(fields)
      expect(status).toBe(502)
      expect(text).toContain(`the encoding \\"${coding}\\"`.replaceAll('\\"', '`'))
      expect(text).toContain('bad_upstream_answer')
    }
    expect((await ask({ user: 'limited' })).status).toBe(429)
  })

  it('what is cut, or not what it says', async () => {
    const whole = gzipSync(JSON.stringify(chatAnswer('Hello'.repeat(1000))))
    const bodies: Record<string, Uint8Array> = { cut: whole.subarray(0, whole.length - 20), wrong: Buffer.from('{}') }
    const { ask } = await start((call, response) =>
      send(response, 'gzip', bodies[String(call.body['user'])]!, call.body['seed'] ? { status: 503 } : {}),
    )
    for (const user of ['cut', 'wrong']) {
      expect(await ask({ user })).toMatchObject({ status: 502, text: expect.stringContaining('gzip') })
      expect((await ask({ user, seed: 1 })).status).toBe(503)
    }
  })

  it('what grows beyond all measure', async () => {
    const bomb = gzipSync(Buffer.alloc(80 * 1024 * 1024, ' '))
    const { ask } = await start((_call, response) => send(response, 'gzip', bomb))
    expect(await ask()).toMatchObject({ status: 502, text: expect.stringContaining('64 MB') })
  })
})

import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, onTestFinished, test } from 'vitest'
import { toNodeListener } from '../../src/index.ts'
import { hardenServer, serverOptions } from '../../src/server/http-server.ts'
import { sendOverSocket } from '../suites/socket-client.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { chatBody, countedGateway } from '../support/counted-gateway.ts'
import { serveGateway } from '../support/serve.ts'
import { startUpstream, toEvent } from '../support/upstream.ts'
import { errorOf, postHead, postRaw, sendRaw } from '../support/raw.ts'

const counted = countedGateway()
const MIB = 1024 * 1024
const LIMIT = 10 * MIB
const json = { 'content-type': 'application/json' }
const tooLarge = { status: 413, code: 'request_too_large', param: null }

describe('bodies', () => {
  test('10 MiB pass', async () => {
    const empty = chatBody({ padding: '' })
    counted.accepted(await postRaw(counted.port, chatBody({ padding: 'x'.repeat(LIMIT - empty.length) })))
  })

  test('one byte more is a 413 before any of it is sent', async () => {
    const send = postHead('/v1/chat/completions', { ...json, 'content-length': LIMIT + 1 })
    const answer = await sendRaw({ port: counted.port, send })
    counted.refused(answer, tooLarge)
    expect(answer.headers['connection']).toBe('close')
  })

  test('a client that waits for 100-continue is refused instead', async () => {
    const send = postHead('/v1/chat/completions', { ...json, 'content-length': LIMIT + 1, expect: '100-continue' })
    const answer = await sendRaw({ port: counted.port, send, untilClose: true })
    expect(answer.text).toContain('HTTP/1.1 413')
  })

  test.each(['/v1/chat/completions', '/v1/responses', '/v1/embeddings'])(
    '%s: in chunks without a length, 413 at the limit',
    async (path) => {
      const piece = `10000\r\n${'x'.repeat(0x10000)}\r\n`
      const send = [
        postHead(path, { ...json, 'transfer-encoding': 'chunked' }),
        ...Array<string>(LIMIT / 0x10000 + 1).fill(piece),
      ]
      counted.refused(await sendRaw({ port: counted.port, send }), tooLarge)
    },
  )

  test('a client that sends on regardless still reads the 413', async () => {
    for (let i = 0; i < 5; i++) {
      const response = await fetch(`http://127.0.0.1:${counted.port}/v1/chat/completions`, {
        method: 'POST',
        headers: json,
        body: 'x'.repeat(LIMIT + 2 * MIB),
      })
      expect(response.status).toBe(413)
      expect(await response.json()).toMatchObject({ error: { code: 'request_too_large' } })
    }
    expect(counted.upstream.requests.length).toBe(1)
  })

  test('uploads may be larger, up to their own limit', async () => {
    const served = await start({ limits: { body: 100, upload: 1000 } })
    const upload = { 'content-type': 'application/octet-stream' }
    counted.accepted(await postRaw(served.port, 'x'.repeat(1000), { path: '/v1/files', headers: upload }))
    counted.refused(await postRaw(served.port, 'x'.repeat(1001), { path: '/v1/files', headers: upload }), tooLarge)
    counted.refused(
      await postRaw(served.port, chatBody({ padding: 'x'.repeat(100) }), { path: '/v1/responses' }),
      tooLarge,
    )
  })
})

describe('headers', () => {
  test.each([
    ['one long header', { 'x-long': 'x'.repeat(17_000) }],
    ['many short ones', Object.fromEntries(Array.from({ length: 400 }, (_, i) => [`x-header-${i}`, 'x'.repeat(40)]))],
  ])('%s: 431', async (_name, headers) => {
    counted.refused(await postRaw(counted.port, chatBody(), { headers }), {
      status: 431,
      code: 'bad_http_request',
      param: null,
    })
  })

  test('a path that long: 431', async () => {
    counted.refused(await postRaw(counted.port, chatBody(), { path: `/v1/${'x'.repeat(17_000)}` }), { status: 431 })
  })

  test('15 KiB pass', async () => {
    counted.accepted(await postRaw(counted.port, chatBody(), { headers: { 'x-long': 'x'.repeat(15_000) } }))
  })
})

describe('patience', () => {
  test('the server’s own: 10 s for headers, 60 s for a body, 16 KiB of headers', () => {
    const { server } = counted.served
    expect(serverOptions).toMatchObject({ maxHeaderSize: 16_384 })
    expect([server.headersTimeout, server.requestTimeout]).toEqual([10_000, 60_000])
  })

  test.each([
    ['headers', postHead('/v1/chat/completions', { ...json, 'content-length': 100 }).slice(0, -2)],
    ['a body', `${postHead('/v1/chat/completions', { ...json, 'content-length': 100 })}{"model"`],
    ['a request line', 'POST /v1/chat'],
  ])('%s that does not end: 408', async (_name, send) => {
    const port = await impatient(100)
    const answer = await sendRaw({ port, send, untilClose: true })
    expect(answer.status).toBe(408)
    expect(errorOf(answer)).toMatchObject({ type: 'invalid_request_error', code: 'bad_http_request', param: null })
  })
})

test('garbage behind a request does not get into its answer', async () => {
  let finish = () => {}
  const upstream = await startUpstream((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(toEvent({ choices: [{ index: 0, delta: { content: 'first' } }] }))
    finish = () => response.end(toEvent('[DONE]'))
  })
  onTestFinished(() => upstream.close())
  const { port } = await start({}, upstream.url)
  const client = sendOverSocket({ port, body: JSON.parse(chatBody({ stream: true })) })
  await until('the first event', () => client.text().includes('first'))
  client.socket.write('nonsense\r\n\r\n')
  // Behind the answer there is one of its own, and the end.
  finish()
  await within('the connection to be cut', client.closed)
  const [answer, refusal, ...others] = client.text().split(/(?=HTTP\/1\.1 )/)
  expect(answer).toMatch(/first[^]*\[DONE\][^]*\r\n0\r\n\r\n$/)
  expect(refusal).toMatch(/^HTTP\/1\.1 400 [^]*bad_http_request/)
  expect(others).toEqual([])
})

/** A gateway whose server waits only so long for requests (milliseconds). */
async function impatient(patience: number): Promise<number> {
  const server = createServer(
    { ...serverOptions, connectionsCheckingInterval: 20 },
    toNodeListener(counted.served.gateway),
  )
  hardenServer(server)
  server.headersTimeout = patience
  server.requestTimeout = patience
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => new Promise((resolve) => void server.close(() => resolve())))
  return (server.address() as AddressInfo).port
}

async function start(
  config: Parameters<typeof serveGateway>[0],
  baseURL = counted.upstream.url,
): Promise<{ port: number }> {
  const models = [{ name: 'm', model: 'openai/upstream-model', apiKey: 'sk-counted-0123456789', baseURL }]
  const served = await serveGateway({ models, plugins: { retry: { retries: 0 } }, ...config })
  onTestFinished(() => served.close())
  return { port: Number(new URL(served.url).port) }
}

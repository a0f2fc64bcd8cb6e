import { describe, expect, test } from 'vitest'
import { chatBody, countedGateway } from '../support/counted-gateway.ts'
import { errorOf, postHead, postRaw, sendRaw } from '../support/raw.ts'

// Request smuggling lives on requests that two parties read differently (RFC 9112 §11.2): all of these end here.
const counted = countedGateway()
const body = chatBody()
const length = `content-length: ${body.length}\r\n`
const json = 'content-type: application/json\r\n'
const chunked = `${body.length.toString(16)}\r\n${body}\r\n0\r\n\r\n`

const head = (fields: string, line = 'POST /v1/chat/completions HTTP/1.1') =>
  `${line}\r\nhost: 127.0.0.1\r\n${json}${fields}\r\n`

describe('malformed framing is refused with 400 and the connection is closed', () => {
  test.each([
    ['Content-Length and Transfer-Encoding', head(`${length}transfer-encoding: chunked\r\n`) + chunked],
    ['Transfer-Encoding and Content-Length', head(`transfer-encoding: chunked\r\n${length}`) + chunked],
    ['Content-Length twice, the same', head(length + length) + body],
    ['Content-Length twice, different', head(`${length}content-length: 3\r\n`) + body],
    ['a list as Content-Length', head(`content-length: ${body.length}, ${body.length}\r\n`) + body],
    ['a signed Content-Length', head(`content-length: +${body.length}\r\n`) + body],
    ['a negative Content-Length', head('content-length: -1\r\n') + body],
    ['a hexadecimal Content-Length', head('content-length: 0x10\r\n') + body],
    ['an endless Content-Length', head('content-length: 99999999999999999999\r\n') + body],
    ['an empty Content-Length', head('content-length: \r\n') + body],
    ['Transfer-Encoding twice', head('transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n') + chunked],
    ['another transfer coding', head('transfer-encoding: identity\r\n') + body],
    ['another one before chunked', head('transfer-encoding: gzip, chunked\r\n') + chunked],
    ['another one after chunked', head('transfer-encoding: chunked, identity\r\n') + chunked],
    ['a coding that only looks like chunked', head('transfer-encoding: xchunked\r\n') + chunked],
    ['a vertical tab before chunked', head('transfer-encoding: \x0bchunked\r\n') + chunked],
    ['a folded header', head(`x-folded: 1\r\n 2\r\n${length}`) + body],
    ['a folded Transfer-Encoding', head('transfer-encoding:\r\n chunked\r\n') + chunked],
    ['a bare LF after a header', head(`x-a: 1\n${length}`) + body],
    [
      'a bare LF after the request line',
      `POST /v1/chat/completions HTTP/1.1\nhost: 127.0.0.1\r\n${json}${length}\r\n${body}`,
    ],
    ['bare LF throughout', `POST /v1/chat/completions HTTP/1.1\nhost: 127.0.0.1\n${length.replace('\r', '')}\n${body}`],
    ['a bare CR in a header', head(`x-a: 1\rx-b: 2\r\n${length}`) + body],
    ['a NUL in a header', head(`x-a: \0\r\n${length}`) + body],
    ['a space before the colon', head(`x-a : 1\r\n${length}`) + body],
    ['a space before the header', head(`${length}`).replace('content-type', ' content-type') + body],
    ['a header without a name', head(`: 1\r\n${length}`) + body],
    ['a header without a colon', head(`nonsense\r\n${length}`) + body],
    ['no Host', `POST /v1/chat/completions HTTP/1.1\r\n${json}${length}\r\n${body}`],
    ['two Hosts', head(`Host: elsewhere.example\r\n${length}`) + body],
    ['two equal Hosts', head(`host: 127.0.0.1\r\n${length}`) + body],
    ['HTTP/0.9', 'GET /v1/models\r\n\r\n'],
    ['HTTP/2 without asking', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'],
    ['HTTP/3.1', head(length, 'POST /v1/chat/completions HTTP/3.1') + body],
    ['an unknown method', head(length, 'SEND /v1/chat/completions HTTP/1.1') + body],
    ['a method in small letters', head(length, 'post /v1/chat/completions HTTP/1.1') + body],
    ['a space in the path', head(length, 'POST /v1/chat completions HTTP/1.1') + body],
    ['a control sign in the path', head(length, 'POST /v1/chat\x01/completions HTTP/1.1') + body],
    ['nonsense', 'nonsense\r\n\r\n'],
    ['TLS', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
    ['a chunk size that is no number', `${head('transfer-encoding: chunked\r\n')}zz\r\n${body}\r\n0\r\n\r\n`],
    ['a negative chunk size', `${head('transfer-encoding: chunked\r\n')}-5\r\n${body}\r\n0\r\n\r\n`],
    ['an endless chunk size', `${head('transfer-encoding: chunked\r\n')}fffffffffffffffff\r\n${body}\r\n0\r\n\r\n`],
    ['a chunk size with 0x', `${head('transfer-encoding: chunked\r\n')}0x5\r\n${body}\r\n0\r\n\r\n`],
    [
      'a bare LF after a chunk size',
      `${head('transfer-encoding: chunked\r\n')}${body.length.toString(16)}\n${body}\r\n0\r\n\r\n`,
    ],
    ['a chunk longer than its size', `${head('transfer-encoding: chunked\r\n')}5\r\n${body}\r\n0\r\n\r\n`],
  ])('%s', async (_name, bytes) => {
    // What follows on the connection would be the smuggled request.
    const smuggled = `${head(length)}${body}`
    const answer = await sendRaw({ port: counted.port, send: bytes + smuggled, untilClose: true })
    counted.refused(answer, { code: 'bad_http_request', param: null })
    expect(answer.text.match(/HTTP\/1\.1 /g)).toHaveLength(1)
    expect(answer.headers['connection']).toBe('close')
  })

  test('a body that ends too early is not sent on', async () => {
    for (const bytes of [
      head(`content-length: ${body.length + 5}\r\n`) + body,
      `${head('transfer-encoding: chunked\r\n')}ff\r\n${body}`,
    ]) {
      const answer = await sendRaw({ port: counted.port, send: bytes, half: true, untilClose: true }).catch(
        () => undefined,
      )
      if (answer) counted.refused(answer, { param: null })
      else expect(counted.upstream.requests).toEqual([])
    }
  })

  test('right framing passes: chunked, in pieces, with an extension and a trailer', async () => {
    const [start, rest] = [body.slice(0, 10), body.slice(10)]
    const bytes = `${head('transfer-encoding: Chunked\r\n')}a;ext=1\r\n${start}\r\n${rest.length.toString(16).toUpperCase()}\r\n${rest}\r\n0\r\nx-trailer: 1\r\n\r\n`
    counted.accepted(await sendRaw({ port: counted.port, send: [...bytes].map((byte) => byte) }))
    counted.accepted(
      await sendRaw({
        port: counted.port,
        send: `${head(`${length}connection: close\r\n`, 'POST /v1/chat/completions HTTP/1.0')}${body}`,
      }),
    )
  })
})

describe('methods, paths and types', () => {
  test.each([
    ['GET', '/v1/chat/completions', 405, 'method_not_allowed'],
    ['DELETE', '/v1/embeddings', 405, 'method_not_allowed'],
    ['OPTIONS', '/v1/files', 405, 'method_not_allowed'],
    ['TRACE', '/v1/files', 405, 'method_not_allowed'],
    ['PROPFIND', '/v1/files', 405, 'method_not_allowed'],
    ['POST', '/', 404, 'unknown_url'],
    ['POST', '/v2/chat/completions', 404, 'unknown_url'],
    ['POST', '/v1', 404, 'unknown_url'],
    ['GET', '/v1/../../internal', 404, 'unknown_url'],
    ['GET', '/v1/files/%2e%2e/%2E%2e/internal', 404, 'unknown_url'],
    ['GET', '/v1/files\\..\\..\\..\\internal', 404, 'unknown_url'],
    ['GET', '/v1/%ZZ', 400, 'bad_http_request'],
    ['GET', '//elsewhere.example/v1/files', 404, 'unknown_url'],
  ])('%s %s is a %i', async (method, path, status, code) => {
    const answer = await sendRaw({
      port: counted.port,
      send: `${method} ${path} HTTP/1.1\r\nhost: 127.0.0.1\r\nconnection: close\r\n\r\n`,
    })
    counted.refused(answer, { status, code, param: null })
    if (status === 405) expect(answer.headers['allow']).toMatch(/POST/)
  })

  test.each([
    ['/engines/%E0%A4%A/chat/completions', 400],
    ['/engines/%ff/chat/completions', 400],
    ['/engines/%00/chat/completions', 404],
    ['/openai/deployments/nobody%2F%2e%2e/chat/completions', 404],
  ])('the model in %s', async (path, status) => {
    counted.refused(await postRaw(counted.port, body, { path }), { status })
  })

  test('compressed bodies and multipart are refused with 415', async () => {
    for (const headers of [
      { 'content-encoding': 'gzip' },
      { 'content-encoding': 'br, gzip' },
      { 'content-type': 'multipart/form-data; boundary=x' },
    ]) {
      counted.refused(await postRaw(counted.port, body, { headers }), {
        status: 415,
        code: 'unsupported_media_type',
        param: null,
      })
    }
  })
})

describe('headers of a connection', () => {
  const hops =
    'connection: x-hop, openai-beta ,Idempotency-Key\r\nx-hop: canary\r\nopenai-beta: canary\r\nidempotency-key: canary\r\n'
  const others =
    'keep-alive: canary\r\nproxy-authorization: canary\r\nproxy-connection: canary\r\nte: canary\r\ntrailer: canary\r\nupgrade: canary\r\n'

  test('are not forwarded to the upstream, what Connection names neither', async () => {
    for (const path of ['/v1/chat/completions', '/v1/responses']) {
      counted.accepted(
        await sendRaw({ port: counted.port, send: head(hops + others + length, `POST ${path} HTTP/1.1`) + body }),
      )
    }
    for (const { headers } of counted.upstream.requests) expect(JSON.stringify(headers)).not.toContain('canary')
  })

  test('of a client that names nothing there, the known ones are forwarded', async () => {
    const send =
      postHead('/v1/responses', {
        'content-type': 'application/json',
        'openai-beta': 'kept',
        'content-length': body.length,
      }) + body
    counted.accepted(await sendRaw({ port: counted.port, send }))
    expect(counted.upstream.requests.at(-1)!.headers['openai-beta']).toBe('kept')
  })
})

describe('unknown models are a 404 that says where to look', () => {
  const names = [
    'nobody',
    '__proto__',
    'constructor',
    'toString',
    'hasOwnProperty',
    'm ',
    'M',
    '../m',
    'm\u0000',
    'ä 🐦',
    'm\r\nx-injected: 1',
    '*',
    'm/*',
    'x'.repeat(10_000),
  ]
  test.each(names.map((model) => ({ title: JSON.stringify(model.slice(0, 30)), model })))(
    '$title',
    async ({ model }) => {
      const answer = await postRaw(counted.port, chatBody({ model }))
      counted.refused(answer, { status: 404, code: 'model_not_found', param: 'model' })
      expect(errorOf(answer).message).toContain('GET /v1/models')
      expect(errorOf(answer).message.length).toBeLessThan(600)
      expect(answer.headers['x-injected']).toBeUndefined()
    },
  )
})

import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { UpstreamRequest } from '../../src/types/provider.ts'
import { within } from '../suites/gateway-under-test.ts'
import { call, startUpstream, turns, whole } from './support.ts'
import type { Seen, Upstream } from './support.ts'

const transport = createHttpTransport()
let upstream: Upstream
beforeAll(async () => {
  upstream = await startUpstream(({ socket }, { head }) =>
    socket.write(head.startsWith('HEAD') ? 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n' : whole('ok')),
  )
})
afterAll(async () => {
  await transport.close()
  await upstream.close()
})

/** What the server receives, byte for byte, as Latin-1. */
async function wire(request: Partial<UpstreamRequest>, path = ''): Promise<string> {
  const before = upstream.peers.map((peer) => peer.size)
  const seen = await within('the answer', call({ transport, url: `${upstream.url}${path}`, request }).done)
  expect(seen.error).toBeUndefined()
  const text = upstream.peers.map((peer, i) =>
    peer
      .received()
      .subarray(before[i] ?? 0)
      .toString('latin1'),
  )
  return text.join('').replaceAll(`127.0.0.1:${upstream.port}`, 'HOST')
}

const TAIL = 'accept-encoding: identity\r\nconnection: keep-alive\r\n\r\n'

describe('what reaches the server', () => {
  test('GET, HEAD and DELETE without a body', async () => {
    for (const method of ['GET', 'HEAD', 'DELETE']) {
      const text = await wire({ method, headers: { Accept: '*/*', 'x-a': '1' } }, 'a/b?c=d&e=%20#hash')
      expect(text).toBe(`${method} /a/b?c=d&e=%20 HTTP/1.1\r\nAccept: */*\r\nx-a: 1\r\nhost: HOST\r\n${TAIL}`)
    }
  })

  test('other methods without a body say that it is empty', async () => {
    const head = 'host: HOST\r\ncontent-length: 0\r\n'
    expect(await wire({})).toBe(`POST / HTTP/1.1\r\n${head}${TAIL}`)
    for (const method of ['POST', 'PUT', 'PATCH']) {
      expect(await wire({ method })).toBe(`${method} / HTTP/1.1\r\n${head}${TAIL}`)
    }
    expect(await wire({ body: '' })).toBe(`POST / HTTP/1.1\r\n${head}${TAIL}`)
    expect(await wire({ body: new Uint8Array(0) })).toBe(`POST / HTTP/1.1\r\n${head}${TAIL}`)
  })

  test('a text, in UTF-8', async () => {
    const body = '{"a":"é€😀\ud800"}'
    const text = await wire({ body, headers: { 'content-type': 'application/json' } })
    const bytes = Buffer.from(body)
    expect(text).toBe(
      `POST / HTTP/1.1\r\ncontent-type: application/json\r\nhost: HOST\r\ncontent-length: ${bytes.length}\r\n${TAIL}${bytes.toString('latin1')}`,
    )
  })

  test('bytes', async () => {
    const body = Uint8Array.from({ length: 512 }, (_, i) => i)
    const text = await wire({ body: new Uint8Array(body.buffer, 100, 300) })
    expect(text).toBe(
      `POST / HTTP/1.1\r\nhost: HOST\r\ncontent-length: 300\r\n${TAIL}${Buffer.from(body.subarray(100, 400)).toString('latin1')}`,
    )
  })

  test('a whole in pieces', async () => {
    const body = ['{"é":', Buffer.from('"€"'), '', new Uint8Array(0), '}']
    const text = await wire({ body })
    expect(text).toBe(
      `POST / HTTP/1.1\r\nhost: HOST\r\ncontent-length: 12\r\n${TAIL}${Buffer.from('{"é":"€"}').toString('latin1')}`,
    )
    expect(await wire({ body: [] })).toBe(`POST / HTTP/1.1\r\nhost: HOST\r\ncontent-length: 0\r\n${TAIL}`)
  })

  test('a body as it comes, in chunks', async () => {
    async function* body() {
      yield Buffer.from('hello')
      yield new Uint8Array(0)
      await turns(10)
      yield Buffer.from('a'.repeat(26))
      yield new Uint8Array(0)
    }
    const text = await wire({ body: body() })
    expect(text).toBe(
      `POST / HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: chunked\r\n${TAIL}5\r\nhello\r\n1a\r\n${'a'.repeat(26)}\r\n0\r\n\r\n`,
    )
  })

  test('a body of no pieces, in the last chunk alone', async () => {
    const head = `POST / HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: chunked\r\n${TAIL}`
    async function* none() {}
    expect(await wire({ body: none() })).toBe(`${head}0\r\n\r\n`)
    async function* empty() {
      yield new Uint8Array(0)
    }
    expect(await wire({ body: empty() })).toBe(`${head}0\r\n\r\n`)
  })

  test('headers as they were written, in Latin-1', async () => {
    const text = await wire({ method: 'GET', headers: { 'X-A': 'café \xff\t"x"', 'x-empty': '', 'X-b': ' a ' } })
    expect(text).toBe(`GET / HTTP/1.1\r\nX-A: caf\xe9 \xff\t"x"\r\nx-empty: \r\nX-b:  a \r\nhost: HOST\r\n${TAIL}`)
  })

  test('a path that needs escapes', async () => {
    expect(await wire({ method: 'GET' }, 'é ü/\\?q=ö"<>#x')).toMatch(
      /^GET \/%C3%A9%20%C3%BC\/\/\?q=%C3%B6%22%3C%3E HTTP/,
    )
    expect(await wire({ method: 'GET' }, 'a\r\nx-b: c')).toMatch(/^GET \/ax-b:%20c HTTP/)
  })
})

describe('framing is the transport’s', () => {
  const framing = {
    'Content-Length': '3',
    'transfer-encoding': 'chunked',
    Connection: 'close',
    'keep-alive': 'timeout=1',
    Upgrade: 'h2c',
    TE: 'trailers',
    Expect: '100-continue',
  }

  test('a caller’s fields for it are left out', async () => {
    expect(await wire({ body: 'hello', headers: framing })).toBe(
      `POST / HTTP/1.1\r\nhost: HOST\r\ncontent-length: 5\r\n${TAIL}hello`,
    )
    async function* body() {
      yield Buffer.from('hello')
    }
    expect(await wire({ body: body(), headers: framing })).toBe(
      `POST / HTTP/1.1\r\nhost: HOST\r\ntransfer-encoding: chunked\r\n${TAIL}5\r\nhello\r\n0\r\n\r\n`,
    )
    expect(await wire({ method: 'GET', headers: framing })).toBe(`GET / HTTP/1.1\r\nhost: HOST\r\n${TAIL}`)
  })

  test('a host of the caller’s own wins', async () => {
    for (const name of ['host', 'Host', 'HOST']) {
      expect(await wire({ method: 'GET', headers: { [name]: 'other.example' } })).toBe(
        `GET / HTTP/1.1\r\n${name}: other.example\r\n${TAIL}`,
      )
    }
    const both = await wire({ method: 'GET', headers: { Host: 'one.example', host: 'two.example' } })
    expect(both).toBe(`GET / HTTP/1.1\r\nHost: one.example\r\n${TAIL}`)
  })
})

describe('what cannot be written is refused, and nothing is sent', () => {
  const refused: [string, Partial<UpstreamRequest>][] = [
    ...[
      'a\rb',
      'a\nb',
      'a\r\nx-b: c',
      '\r\n\r\nGET /',
      'a\0b',
      'a\x7fb',
      'a\x1fb',
      'a\u0100',
      '😀',
      'a\u2028b',
      'a\u010a\u010db',
    ].map((value): [string, Partial<UpstreamRequest>] => [
      `the value ${JSON.stringify(value)}`,
      { headers: { 'x-a': value } },
    ]),
    ...[
      '',
      ' ',
      'x a',
      'x-a ',
      ' x-a',
      'x:a',
      'x\r\na',
      'x-a\n',
      'x\0',
      'x\té',
      'é',
      'x(a)',
      '"x"',
      'x,a',
      'x/a',
      'x[a]',
      'x{a}',
      'x@a',
    ].map((name): [string, Partial<UpstreamRequest>] => [
      `the name ${JSON.stringify(name)}`,
      { headers: { [name]: 'a' } },
    ]),
    ...['', 'GET ', 'GE T', 'GET / HTTP/1.1\r\nx-a: b\r\n\r\nGET', 'G\nT', 'É', 'G:T'].map(
      (method): [string, Partial<UpstreamRequest>] => [`the method ${JSON.stringify(method)}`, { method }],
    ),
    ['a line in a field that is left out', { headers: { connection: 'a\r\nx-b: c' } }],
    ['a line in a host', { headers: { host: 'a\r\nx-b: c' } }],
  ]

  test.each(refused)('%s', async (_name, request) => {
    const received = () => upstream.peers.reduce((sum, peer) => sum + peer.size, 0)
    const before = { received: received(), peers: upstream.peers.length }
    checkError(await within('an error', call({ transport, url: upstream.url, request }).done))
    // A second time: nothing was learnt from the first.
    checkError(await within('an error', call({ transport, url: upstream.url, request }).done))
    await turns(5)
    expect({ received: received(), peers: upstream.peers.length }).toEqual(before)
  })

  test.each(['', 'nonsense', '/path', 'ftp://127.0.0.1/', 'http://', 'http://127.0.0.1:99999/', 'file:///etc/passwd'])(
    'the URL %j',
    async (url) => {
      checkError(await within('an error', call({ transport, url }).done))
      checkError(await within('an error', call({ transport, url }).done))
    },
  )

  function checkError(seen: Seen) {
    expect(seen.error).toBeInstanceOf(TypeError)
    expect(seen.events.at(-1)).toBe('error')
    expect(seen.events).not.toContain('headers')
  }
})

test('an error is reported, never thrown at the caller', () => {
  expect(() => call({ transport, url: 'nonsense' })).not.toThrow()
  expect(() => call({ transport, url: upstream.url, request: { headers: { 'a b': '' } } })).not.toThrow()
})

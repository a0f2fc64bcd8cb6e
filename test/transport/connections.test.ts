import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { Transport } from '../../src/transport/types.ts'
import type { UpstreamRequest } from '../../src/types/provider.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { call, startUpstream, turns, whole } from './support.ts'
import type { OnRequest, Upstream } from './support.ts'

let transport: Transport
let upstream: Upstream
let onRequest: OnRequest
beforeEach(async () => {
  onRequest = ({ socket }, { path }) => socket.write(whole(path))
  upstream = await startUpstream((peer, request) => onRequest(peer, request))
  transport = createHttpTransport()
})
afterEach(async () => {
  await upstream.close()
  await transport.close()
})

const start = (path = '', request: Partial<UpstreamRequest> = {}) =>
  call({ transport, url: `${upstream.url}${path}`, request })
const ask = async (path = '', request: Partial<UpstreamRequest> = {}) =>
  within(`the answer to ${path}`, start(path, request).done)
/** By the numbers of the connections they came over. */
const paths = () => upstream.peers.map((peer) => peer.requests.map(({ path }) => path))

describe('a connection is kept, and used again', () => {
  test('by one call after the other', async () => {
    for (let i = 0; i < 50; i++) expect((await ask(`${i}`)).body().toString()).toBe(`/${i}`)
    expect(upstream.peers.length).toBe(1)
    expect(upstream.requests.length).toBe(50)
  })

  test('by a call that is made when the answer before it ends', async () => {
    let left = 20
    const next = (): Promise<void> =>
      new Promise((resolve) =>
        call({
          transport,
          url: upstream.url,
          on: (event) => {
            if (event === 'end') resolve(left-- > 0 ? next() : undefined)
          },
        }),
      )
    await within('all', next())
    expect(upstream.peers.length).toBe(1)
    expect(upstream.requests.length).toBe(21)
  })

  test.each([
    ['HEAD', 'HEAD', 'HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n'],
    ['204', 'DELETE', 'HTTP/1.1 204 No Content\r\n\r\n'],
    ['304', 'GET', 'HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n'],
    ['an empty body', 'POST', 'HTTP/1.1 500 x\r\ncontent-length: 0\r\n\r\n'],
    ['chunks', 'POST', 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\nx-a: b\r\n\r\n'],
    ['HTTP/1.0 that stays', 'GET', 'HTTP/1.0 200 OK\r\nconnection: keep-alive\r\ncontent-length: 1\r\n\r\na'],
    ['Keep-Alive: timeout=60', 'GET', 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=60\r\ncontent-length: 1\r\n\r\na'],
    ['an early hint', 'GET', 'HTTP/1.1 103 x\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na'],
  ])('after %s', async (_name, method, answer) => {
    onRequest = ({ socket }) => socket.write(answer)
    for (let i = 0; i < 3; i++) expect((await ask('', { method })).events.at(-1)).toBe('end')
    expect(upstream.peers.length).toBe(1)
  })

  test('the one that was used last is used next', async () => {
    let release = () => {}
    const together = new Promise<void>((resolve) => (release = resolve))
    onRequest = ({ socket }, { path }) => void together.then(() => socket.write(whole(path)))
    const first = ['a', 'b', 'c'].map((path) => start(path))
    await until('three requests', () => upstream.requests.length === 3)
    release()
    await Promise.all(first.map(({ done }) => done))
    onRequest = ({ socket }, { path }) => socket.write(whole(path))
    // Two connections at once, of which one ends later: that is the one for the calls that follow.
    const slow = start('slow')
    const fast = start('fast')
    await Promise.all([slow.done, fast.done])
    for (let i = 0; i < 5; i++) await ask(`${i}`)
    expect(upstream.peers.length).toBe(3)
    const used = paths().filter((list) => list.includes('/0'))
    expect(used.length).toBe(1)
    expect(used[0]!.slice(-5)).toEqual(['/0', '/1', '/2', '/3', '/4'])
    expect(used[0]!.length).toBe(7)
  })

  test('each origin has its own', async () => {
    const other = await startUpstream(({ socket }) => socket.write(whole('other')))
    for (let i = 0; i < 3; i++) {
      expect((await ask()).body().toString()).toBe('/')
      const seen = await within('the answer', call({ transport, url: other.url }).done)
      expect(seen.body().toString()).toBe('other')
    }
    expect([upstream.peers.length, other.peers.length]).toEqual([1, 1])
    await other.close()
  })
})

describe('a connection is not used again', () => {
  test('once the server closed it', async () => {
    await ask()
    upstream.peers[0]!.socket.end()
    await until('the close', () => upstream.peers[0]!.closed)
    await turns(10)
    expect((await ask('b')).body().toString()).toBe('/b')
    expect(upstream.peers.length).toBe(2)
  })

  test('once the server reset it', async () => {
    await ask()
    upstream.peers[0]!.socket.resetAndDestroy()
    await turns(20)
    expect((await ask('b')).body().toString()).toBe('/b')
    expect(upstream.peers.length).toBe(2)
  })

  test.each([
    ['Connection: close', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 1\r\n\r\na'],
    ['HTTP/1.0', 'HTTP/1.0 200 OK\r\ncontent-length: 1\r\n\r\na'],
    ['Keep-Alive: timeout=1', 'HTTP/1.1 200 OK\r\nkeep-alive: timeout=1\r\ncontent-length: 1\r\n\r\na'],
    ['Keep-Alive: timeout=0', 'HTTP/1.1 200 OK\r\nkeep-alive: max=5, timeout=0\r\ncontent-length: 1\r\n\r\na'],
    ['Connection: close of HEAD', 'HTTP/1.1 200 OK\r\nconnection: close\r\ncontent-length: 0\r\n\r\n'],
  ])('after %s, and the client closes it', async (name, answer) => {
    onRequest = ({ socket }) => socket.write(answer)
    const method = name.endsWith('HEAD') ? 'HEAD' : 'POST'
    for (let i = 0; i < 3; i++) expect((await ask('', { method })).events.at(-1)).toBe('end')
    expect(upstream.peers.length).toBe(3)
    await until('the close', () => upstream.peers.every(({ closed }) => closed))
  })

  test('after a body that ended with it', async () => {
    onRequest = ({ socket }) => socket.end('HTTP/1.1 200 OK\r\n\r\nuntil the close')
    for (let i = 1; i <= 3; i++) {
      expect((await ask()).body().toString()).toBe('until the close')
      expect(upstream.peers.length).toBe(i)
    }
  })

  test('where the answer was whole before the request that comes as it comes', async () => {
    let more = true
    async function* body() {
      while (more) {
        yield Buffer.from('piece')
        await turns(5)
      }
    }
    const answered = startAnsweringBeforeTheEnd()
    const seen = await within('the answer', start('', { body: body() }).done)
    more = false
    answered()
    expect({ events: seen.events, body: seen.body().toString() }).toEqual({
      events: ['start', 'headers', 'data', 'end'],
      body: 'enough',
    })
    await until('the close', () => upstream.peers[0]!.closed)
    expect((await ask('b')).body().toString()).toBe('/b')
    expect(upstream.peers.length).toBe(2)
  })

  test('where the answer was whole before a long request', async () => {
    const answered = startAnsweringBeforeTheEnd()
    const seen = await within('the answer', start('', { body: Buffer.alloc(50_000_000, 'x') }).done)
    expect({ events: seen.events, body: seen.body().toString() }).toEqual({
      events: ['start', 'headers', 'data', 'end'],
      body: 'enough',
    })
    const next = await ask('b')
    expect(next.body().toString()).toBe('/b')
    expect(upstream.peers.length).toBe(2)
    answered()
  })

  /** The next connection's server reads only the beginning of the request. Returns what ends that. */
  function startAnsweringBeforeTheEnd() {
    let on = true
    onRequest = ({ socket }, { path }) => path !== '/' && socket.write(whole(path))
    const watch = setInterval(() => {
      const peer = upstream.peers[0]
      if (!on || !peer || peer.size === 0) return
      clearInterval(watch)
      peer.socket.pause()
      peer.socket.write(whole('enough'))
    }, 2)
    return () => {
      on = false
      clearInterval(watch)
      upstream.peers[0]!.socket.resume()
    }
  }
})

test('a server that closes in the middle is an error', async () => {
  const cut = [
    '',
    'HTTP/1.1 200',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n',
    'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhell',
  ]
  const chunked = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'
  for (const text of [
    ...cut,
    chunked,
    `${chunked}5\r\nhello\r\n`,
    `${chunked}5\r\nhello\r\n0\r\n`,
    'HTTP/1.1 103 x\r\n\r\n',
  ]) {
    onRequest = ({ socket }) => socket.end(text)
    const seen = await ask()
    expect({ code: seen.code(), last: seen.events.at(-1) }, text).toEqual({ code: 'UPSTREAM_CLOSED', last: 'error' })
  }
  onRequest = ({ socket }) => socket.write('HTTP/1.1 200 OK\r\n\r\nhell', () => socket.resetAndDestroy())
  const seen = await ask()
  expect(seen.events.at(-1)).toBe('error')
  expect(['ECONNRESET', 'UPSTREAM_CLOSED']).toContain(seen.code())
})

describe('a call that finds its kept connection closed before anything was sent', () => {
  /** In one turn of the timers with the call that follows: the close is there before the request would leave. */
  async function closeUnseen() {
    await turns(1)
    for (const { socket } of upstream.peers) socket.destroy()
  }

  test('has another one', async () => {
    await ask()
    await closeUnseen()
    expect((await ask('b')).body().toString()).toBe('/b')
    expect(upstream.peers.length).toBe(2)
  })

  test('has another one where it was made for a call that is no more', async () => {
    start('gone').control.abort()
    await until('the connection', () => upstream.peers.length === 1)
    await turns(20)
    await closeUnseen()
    expect((await ask('b')).body().toString()).toBe('/b')
    expect(upstream.peers.length).toBe(2)
  })

  test('comes before those that wait', async () => {
    transport = createHttpTransport({ connections: 1 })
    await ask()
    await closeUnseen()
    const calls = ['b', 'c', 'd'].map((path) => start(path))
    await within('all', Promise.all(calls.map(({ done }) => done)))
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/', '/b', '/c', '/d'])
    expect(upstream.peers.length).toBe(2)
  })

  test('is waited for by `close()`', async () => {
    await ask()
    await closeUnseen()
    const seen = start('b')
    await within('the close', transport.close())
    expect(seen.events.at(-1)).toBe('end')
  })

  test('sends nothing where it is aborted', async () => {
    await ask()
    await closeUnseen()
    const seen = start('b')
    seen.control.abort()
    await turns(30)
    expect(seen.events).toEqual(['start'])
    expect(upstream.requests.length).toBe(1)
  })
})

import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { BAD_SAMPLES } from './bad-corpus.ts'
import { call, startUpstream, turns, whole } from './support.ts'
import type { OnRequest, Peer, Seen, Upstream } from './support.ts'

const transport = createHttpTransport()
let upstream: Upstream
let onRequest: OnRequest
let onConnect: ((peer: Peer) => void) | undefined
beforeAll(async () => {
  upstream = await startUpstream({
    onRequest: (peer, request) => onRequest(peer, request),
    onConnect: (peer) => onConnect?.(peer),
  })
})
beforeEach(() => (onConnect = undefined))
afterAll(async () => {
  await transport.close()
  await upstream.close()
})

const ask = (on?: Parameters<typeof call>[0]['on']) => call({ transport, url: upstream.url, ...(on && { on }) })
const last = () => upstream.peers.at(-1)!

/** The connection was good for nothing more: the next call has another one, and its own answer. */
async function checkNext() {
  const before = upstream.peers.length
  onRequest = ({ socket }) => socket.write(whole('right', 'connection: close\r\n'))
  const next = await within('the next answer', ask().done)
  expect(next.body().toString()).toBe('right')
  expect(upstream.peers.length).toBe(before + 1)
}

function checkRefused(seen: Seen) {
  expect(seen.code()).toBe('BAD_HTTP_RESPONSE')
  expect(seen.error).toBeInstanceOf(Error)
  expect(seen.events.at(-1)).toBe('error')
  expect(seen.events).not.toContain('end')
}

describe('a response that is none is an error, and closes the socket', () => {
  test.each(BAD_SAMPLES.filter(({ unfinished }) => !unfinished))('$name', async ({ text }) => {
    onRequest = ({ socket }) => socket.write(text, 'latin1')
    const seen = await within('an error', ask().done)
    checkRefused(seen)
    await until('the close', () => last().closed)
    await checkNext()
  })

  test.each(BAD_SAMPLES.filter(({ unfinished }) => unfinished))('$name', async ({ text }) => {
    onRequest = ({ socket }) => socket.end(text, 'latin1')
    const seen = await within('an error', ask().done)
    expect(seen.code()).toBe('UPSTREAM_CLOSED')
    expect(seen.events).not.toContain('end')
    await checkNext()
  })

  test('though its bytes drip', async () => {
    onRequest = async ({ socket }) => {
      for (const char of 'HTTP/1.1 200 OK\r\nx-a: b\r\n  folded: c\r\ncontent-length: 2\r\n\r\nok') {
        socket.write(char)
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    checkRefused(await within('an error', ask().done))
  })

  test('though its endless head drips', async () => {
    let written = 0
    onRequest = async ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n')
      while (!socket.destroyed && written < 100_000) {
        socket.write(`x-${written}: a\r\n`)
        written += 10
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    checkRefused(await within('an error', ask().done, 10_000))
  })
})

describe('a response that nobody asked for', () => {
  const smuggled = whole('smuggled')

  test('behind another one in one write is given to nobody', async () => {
    onRequest = ({ socket }) => socket.write(Buffer.concat([whole('first'), smuggled]))
    const seen = await within('the answer', ask().done)
    expect({ events: seen.events, body: seen.body().toString() }).toEqual({
      events: ['start', 'headers', 'data', 'end'],
      body: 'first',
    })
    await until('the close', () => last().closed)
    await checkNext()
  })

  test('behind one without a body, with a body that is not its own, and behind chunks', async () => {
    for (const head of ['204 No Content', '304 Not Modified\r\ncontent-length: 5', '200 OK\r\ncontent-length: 0']) {
      onRequest = ({ socket }) =>
        socket.write(`HTTP/1.1 ${head}\r\n\r\nHTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong`)
      const seen = await within('the answer', ask().done)
      expect(seen.events).toEqual(['start', 'headers', 'end'])
      await until('the close', () => last().closed)
      await checkNext()
    }
    onRequest = ({ socket }) =>
      socket.write(
        Buffer.concat([
          Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n0\r\n\r\n'),
          smuggled,
        ]),
      )
    expect((await within('the answer', ask().done)).body().toString()).toBe('a')
    await until('the close', () => last().closed)
    await checkNext()
  })

  test('a body for HEAD is nobody’s', async () => {
    onRequest = ({ socket }) => socket.write(smuggled)
    const seen = await within('the answer', call({ transport, url: upstream.url, request: { method: 'HEAD' } }).done)
    expect(seen.events).toEqual(['start', 'headers', 'end'])
    await checkNext()
  })

  test('a turn later closes the idle connection', async () => {
    onRequest = ({ socket }) => socket.write(whole('first'))
    const seen = await within('the answer', ask().done)
    expect(seen.body().toString()).toBe('first')
    const peer = last()
    peer.socket.write(smuggled)
    await until('the close', () => peer.closed)
    await checkNext()
    expect(seen.events).toEqual(['start', 'headers', 'data', 'end'])
  })

  test('a part of one, too', async () => {
    for (const text of ['H', '\r\n', 'HTTP/1.1 200 OK\r\n']) {
      onRequest = ({ socket }) => socket.write(whole('first'))
      await within('the answer', ask().done)
      const peer = last()
      peer.socket.write(text)
      await until('the close', () => peer.closed)
      await checkNext()
    }
  })

  test('on a connection that was made for a call that is no more', async () => {
    onConnect = ({ socket }) => socket.write(smuggled)
    onRequest = ({ socket }) => socket.write(whole('first'))
    ask().control.abort()
    const before = upstream.peers.length
    await until('a connection', () => upstream.peers.length > before)
    await until('its close', () => last().closed)
    onConnect = undefined
    await checkNext()
  })

  test('in the middle of a call’s waiting for its turn is not its answer', async () => {
    const one = createHttpTransport({ connections: 1 })
    onRequest = ({ socket }, { path }) =>
      socket.write(path === '/a' ? Buffer.concat([whole('first'), smuggled]) : whole('right'))
    const a = call({ transport: one, url: `${upstream.url}a` })
    const b = call({ transport: one, url: `${upstream.url}b` })
    await within('both', Promise.all([a.done, b.done]))
    expect([a.body().toString(), b.body().toString()]).toEqual(['first', 'right'])
    await one.close()
  })
})

test('1xx answers are not reported', async () => {
  onRequest = async ({ socket }) => {
    socket.write('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n')
    await turns(20)
    socket.write('HTTP/1.1 103 Early Hints\r\nlink: </b>\r\n\r\n')
    socket.write(whole('right'))
  }
  const seen = await within('the answer', ask().done)
  expect(seen).toMatchObject({
    status: 200,
    events: ['start', 'headers', 'data', 'end'],
    headers: { 'content-length': '5' },
  })
  expect(seen.body().toString()).toBe('right')
})

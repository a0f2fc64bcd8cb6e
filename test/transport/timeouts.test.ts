import { describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { TransportTimeouts } from '../../src/transport/types.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { call, chunk, CHUNKED_HEAD, startUpstream, turns, upstreamForEach, whole } from './support.ts'
import type { CallOptions, OnRequest } from './support.ts'

const bench = upstreamForEach()

const start = (timeouts: Partial<TransportTimeouts>, on?: CallOptions['on']) =>
  call({ transport: bench.transport, url: bench.upstream.url, timeouts, ...(on && { on }) })
const closed = () => until('the close', () => bench.upstream.peers.every((peer) => peer.closed))

/** Does something again and again until the socket is gone. */
function keepWriting(text: () => string, ms: number): OnRequest {
  return ({ socket }) => {
    const timer = setInterval(() => socket.write(text()), ms)
    socket.on('close', () => clearInterval(timer))
  }
}

describe('the answer’s headers', () => {
  test('do not come in time', async () => {
    const seen = await within('the timeout', start({ headers: 150 }).done)
    expect(seen).toMatchObject({ events: ['start', 'error'] })
    expect(seen.code()).toBe('HEADERS_TIMEOUT')
    expect(seen.error).toBeInstanceOf(Error)
    await closed()
  })

  test('come in time', async () => {
    bench.onRequest = ({ socket }) => setTimeout(() => socket.write(whole('ok')), 300)
    expect((await within('the answer', start({ headers: 2000 }).done)).body().toString()).toBe('ok')
  })

  test('come late, and are nobody’s', async () => {
    bench.onRequest = ({ socket }) => setTimeout(() => socket.write(whole('late')), 700)
    const seen = await within('the timeout', start({ headers: 100 }).done)
    expect(seen.code()).toBe('HEADERS_TIMEOUT')
    await closed()
    bench.onRequest = ({ socket }) => socket.write(whole('ok'))
    expect((await within('the answer', start({ headers: 2000 }).done)).body().toString()).toBe('ok')
    expect(bench.upstream.peers.length).toBe(2)
  })

  test('do not come on a connection that was used before', async () => {
    bench.onRequest = ({ socket }) => socket.write(whole('ok'))
    await within('the answer', start({}).done)
    bench.onRequest = () => {}
    const seen = await within('the timeout', start({ headers: 100 }).done)
    expect(seen.code()).toBe('HEADERS_TIMEOUT')
    expect(bench.upstream.peers.length).toBe(1)
    await closed()
  })

  test('are not in time because 1xx answers are', async () => {
    bench.onRequest = keepWriting(() => 'HTTP/1.1 102 Processing\r\n\r\n', 50)
    const seen = await within('the timeout', start({ headers: 200 }).done)
    expect(seen.code()).toBe('HEADERS_TIMEOUT')
    await closed()
  })

  test('are not in time because their first lines are', async () => {
    let lines = 0
    bench.onRequest = keepWriting(() => (lines++ === 0 ? 'HTTP/1.1 200 OK\r\n' : 'x-a: b\r\n'), 50)
    const seen = await within('the timeout', start({ headers: 200 }).done)
    expect(seen.code()).toBe('HEADERS_TIMEOUT')
    await closed()
  })

  test('are waited for from the time of the request, not of the queue', async () => {
    const one = createHttpTransport({ connections: 1 })
    bench.onRequest = ({ socket }, { path }) => setTimeout(() => socket.write(whole(path)), 250)
    const ask = (path: string) =>
      call({ transport: one, url: `${bench.upstream.url}${path}`, timeouts: { headers: 500 } })
    const calls = ['a', 'b', 'c', 'd'].map(ask)
    for (const seen of calls) expect((await within('the answer', seen.done)).error).toBeUndefined()
    await one.close()
  })

  test('make room for those that wait', async () => {
    const one = createHttpTransport({ connections: 1 })
    bench.onRequest = ({ socket }, { path }) => path === '/b' && socket.write(whole('b'))
    const ask = (path: string) =>
      call({ transport: one, url: `${bench.upstream.url}${path}`, timeouts: { headers: 150 } })
    const [a, b] = [ask('a'), ask('b')]
    expect((await within('the timeout', a.done)).code()).toBe('HEADERS_TIMEOUT')
    expect((await within('the answer', b.done)).body().toString()).toBe('b')
    await one.close()
  })
})

describe('the answer’s body', () => {
  test('falls silent', async () => {
    bench.onRequest = ({ socket }) => socket.write(Buffer.concat([Buffer.from(CHUNKED_HEAD), chunk('first')]))
    const seen = await within('the timeout', start({ idle: 150 }).done)
    expect(seen).toMatchObject({ events: ['start', 'headers', 'data', 'error'] })
    expect(seen.code()).toBe('IDLE_TIMEOUT')
    expect(seen.body().toString()).toBe('first')
    await closed()
  })

  test('never begins', async () => {
    for (const head of [CHUNKED_HEAD, 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n', 'HTTP/1.1 200 OK\r\n\r\n']) {
      bench.onRequest = ({ socket }) => socket.write(head)
      const seen = await within('the timeout', start({ idle: 100, headers: 60_000 }).done)
      expect(seen).toMatchObject({ events: ['start', 'headers', 'error'] })
      expect(seen.code()).toBe('IDLE_TIMEOUT')
    }
  })

  test('takes longer than the timeout, but is never silent for so long', async () => {
    bench.onRequest = async ({ socket }) => {
      socket.write(CHUNKED_HEAD)
      for (let i = 0; i < 12; i++) {
        await turns(100)
        socket.write(chunk(`${i},`))
      }
      socket.write(chunk(''))
    }
    const seen = await within('the answer', start({ idle: 600, headers: 600 }).done)
    expect(seen.body().toString()).toBe('0,1,2,3,4,5,6,7,8,9,10,11,')
  })

  test('is not silent while its reader pauses', async () => {
    bench.onRequest = async ({ socket }) => {
      socket.write(Buffer.concat([Buffer.from(CHUNKED_HEAD), chunk('first')]))
      await turns(50)
      socket.write(Buffer.concat([chunk('second'), chunk('')]))
    }
    const seen = start({ idle: 100 }, (event, { control }) => event === 'data' && control.pause())
    await until('the first', () => seen.pieces.length > 0)
    await turns(600)
    expect(seen.over).toBe(false)
    seen.control.resume()
    await within('the end', seen.done)
    expect(seen.error).toBeUndefined()
    expect(seen.body().toString()).toBe('firstsecond')
  })

  test('is silent again once its reader reads on', async () => {
    bench.onRequest = ({ socket }) => socket.write(Buffer.concat([Buffer.from(CHUNKED_HEAD), chunk('first')]))
    const seen = start({ idle: 300 }, (event, { control }) => event === 'data' && control.pause())
    await until('the first', () => seen.pieces.length > 0)
    await turns(500)
    expect(seen.over).toBe(false)
    seen.control.resume()
    await turns(100)
    // It has its whole patience from here.
    expect(seen.over).toBe(false)
    await within('the timeout', seen.done)
    expect(seen.code()).toBe('IDLE_TIMEOUT')
  })

  test('has nothing to do with the time to its headers', async () => {
    bench.onRequest = ({ socket }) => setTimeout(() => socket.write(whole('ok')), 500)
    expect((await within('the answer', start({ idle: 100, headers: 3000 }).done)).body().toString()).toBe('ok')
  })
})

test('no timeout is reported after the end, and none reaches the next exchange', async () => {
  bench.onRequest = ({ socket }) => socket.write(whole('ok'))
  const first = await within('the answer', start({ headers: 100, idle: 100 }).done)
  await turns(600)
  expect(first.events).toEqual(['start', 'headers', 'data', 'end'])
  bench.onRequest = ({ socket }) => setTimeout(() => socket.write(whole('slow')), 500)
  const next = await within('the answer', start({ headers: 5000, idle: 5000 }).done)
  expect(next.body().toString()).toBe('slow')
  // A kept connection is no silent one.
  expect(bench.upstream.peers.length).toBe(1)
})

describe('a server that cannot be reached', () => {
  test('refuses', async () => {
    const none = await startUpstream()
    await none.close()
    const seen = await within('the error', call({ transport: bench.transport, url: none.url }).done)
    expect(seen).toMatchObject({ events: ['start', 'error'] })
    expect(seen.code()).toBe('ECONNREFUSED')
  })

  test('has no address', async () => {
    const seen = await within(
      'the error',
      call({ transport: bench.transport, url: 'http://no-such-host.invalid/' }).done,
      15_000,
    )
    expect(seen).toMatchObject({ events: ['start', 'error'] })
    expect(['ENOTFOUND', 'EAI_AGAIN']).toContain(seen.code())
  })

  test('closes at once', async () => {
    const rude = await startUpstream({ onConnect: ({ socket }) => socket.destroy() })
    for (let i = 0; i < 10; i++) {
      const seen = await within('the error', call({ transport: bench.transport, url: rude.url }).done)
      expect(seen).toMatchObject({ events: ['start', 'error'] })
      expect(['UPSTREAM_CLOSED', 'ECONNRESET', 'EPIPE']).toContain(seen.code())
    }
    await rude.close()
  })
})

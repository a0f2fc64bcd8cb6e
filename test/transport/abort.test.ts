import { describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { UpstreamRequest } from '../../src/types/provider.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { call, chunk, CHUNKED_HEAD, startUpstream, turns, upstreamForEach, whole } from './support.ts'
import type { CallOptions, Seen } from './support.ts'

const bench = upstreamForEach()

const start = (on?: CallOptions['on'], request: Partial<UpstreamRequest> = {}) =>
  call({ transport: bench.transport, url: bench.upstream.url, request, ...(on && { on }) })
const stream = Buffer.concat([Buffer.from(CHUNKED_HEAD), chunk('first')])

/** Milliseconds. An abort reaches the server at once, by itself: some for a machine that is busy, less than any timeout. */
const AT_ONCE = 500

/** Nothing is reported after an abort, and the server's socket closes. */
async function checkGone(seen: Seen, events: string[]) {
  await until('the close', () => bench.upstream.peers.every(({ closed }) => closed), AT_ONCE)
  await turns(20)
  expect(seen.events).toEqual(events)
}

/** The transport works as before. */
async function checkNext(path = 'next') {
  bench.onRequest = ({ socket }, request) => socket.write(whole(request.path))
  const seen = await within(
    'the next answer',
    call({ transport: bench.transport, url: `${bench.upstream.url}${path}` }).done,
  )
  expect(seen).toMatchObject({ events: ['start', 'headers', 'data', 'end'] })
  expect(seen.body().toString()).toBe(`/${path}`)
}

describe('an abort', () => {
  test('in `start` sends nothing, and opens nothing', async () => {
    const seen = start((event, { control }) => event === 'start' && control.abort())
    await turns(20)
    expect(seen.events).toEqual(['start'])
    expect(bench.upstream.peers.length).toBe(0)
    await checkNext()
  })

  test('in the turn of the call sends nothing', async () => {
    const seen = start()
    seen.control.abort()
    await turns(30)
    expect(seen.events).toEqual(['start'])
    // The connection that was being made serves another call.
    expect([bench.upstream.requests.length, bench.upstream.peers.length]).toEqual([0, 1])
    await checkNext()
    expect(bench.upstream.peers.length).toBe(1)
  })

  test('before the answer of a server that does not exist leaves nothing to report', async () => {
    const none = await startUpstream()
    await none.close()
    const seen = call({ transport: bench.transport, url: none.url })
    seen.control.abort()
    await turns(30)
    expect(seen.events).toEqual(['start'])
  })

  test('between a kept connection’s turn and the request sends nothing', async () => {
    await checkNext('first')
    const before = bench.upstream.requests.length
    const seen = start()
    seen.control.abort()
    await turns(20)
    expect(seen.events).toEqual(['start'])
    expect(bench.upstream.requests.length).toBe(before)
    await checkNext()
  })

  test('before the headers', async () => {
    const seen = start()
    await until('the request', () => bench.upstream.requests.length === 1)
    seen.control.abort()
    await checkGone(seen, ['start'])
    await checkNext()
  })

  test('in the middle of the headers, and between two of them', async () => {
    for (const text of ['HTTP/1.1 200', 'HTTP/1.1 103 x\r\n\r\n']) {
      bench.onRequest = ({ socket }) => socket.write(text)
      const before = bench.upstream.requests.length
      const seen = start()
      await until('the request', () => bench.upstream.requests.length > before)
      await turns(10)
      seen.control.abort()
      await checkGone(seen, ['start'])
    }
    await checkNext()
  })

  test('in the middle of the body', async () => {
    bench.onRequest = ({ socket }) => socket.write(stream)
    const seen = start()
    await until('the first piece', () => seen.pieces.length > 0)
    seen.control.abort()
    await checkGone(seen, ['start', 'headers', 'data'])
    await checkNext()
  })

  test('of a server that goes on writing', async () => {
    let more: NodeJS.Timeout | undefined
    bench.onRequest = ({ socket }) => {
      socket.write(CHUNKED_HEAD)
      more = setInterval(() => socket.write(chunk('x'.repeat(10_000))), 1)
      socket.on('close', () => clearInterval(more))
    }
    const seen = start()
    await until('some pieces', () => seen.size() > 50_000)
    seen.control.abort()
    const size = seen.size()
    await checkGone(seen, ['start', 'headers', 'data'])
    expect(seen.size()).toBe(size)
  })

  test('while it is paused', async () => {
    bench.onRequest = ({ socket }) => {
      socket.write(CHUNKED_HEAD)
      for (let i = 0; i < 300; i++) socket.write(chunk('x'.repeat(50_000)))
    }
    const seen = start((event, { control }) => event === 'data' && control.pause())
    await until('the first piece', () => seen.pieces.length > 0)
    await turns(20)
    seen.control.abort()
    await until('the close', () => bench.upstream.peers[0]!.closed, AT_ONCE)
    expect(seen.events).toEqual(['start', 'headers', 'data'])
    await checkNext()
  })

  test('in the middle of a long request', async () => {
    const seen = start(undefined, { body: Buffer.alloc(50_000_000, 'x') })
    await until('its beginning', () => (bench.upstream.peers[0]?.size ?? 0) > 0)
    seen.control.abort()
    await checkGone(seen, ['start'])
    await checkNext()
  })

  test('in the middle of a request that comes as it comes', async () => {
    async function* body() {
      for (;;) {
        yield Buffer.from('piece')
        await turns(2)
      }
    }
    const seen = start(undefined, { body: body() })
    await until('its beginning', () => (bench.upstream.peers[0]?.size ?? 0) > 200)
    seen.control.abort()
    await checkGone(seen, ['start'])
    await checkNext()
  })

  test.each([
    ['a body', 'headers', stream],
    ['a body', 'data', stream],
    ['a whole body', 'headers', whole('whole')],
    ['a whole body', 'data', whole('whole')],
    ['no body', 'headers', whole('')],
    ['all chunks', 'headers', Buffer.concat([stream, chunk('')])],
    ['all chunks', 'data', Buffer.concat([stream, chunk('')])],
    ['what is wrong', 'headers', Buffer.concat([stream, Buffer.from('wrong\r\n')])],
  ] as const)('with %s, in `%s`', async (_name, when, bytes) => {
    bench.onRequest = ({ socket }) => socket.write(bytes)
    const seen = start((event, { control }) => event === when && control.abort())
    await until('the event', () => seen.events.includes(when))
    await checkGone(seen, when === 'headers' ? ['start', 'headers'] : ['start', 'headers', 'data'])
    await checkNext()
  })

  test('in `end` or in `error` changes nothing', async () => {
    bench.onRequest = ({ socket }) => socket.write(whole('whole'))
    const seen = start((event, { control }) => event === 'end' && control.abort())
    await within('the answer', seen.done)
    await checkNext()
    expect(bench.upstream.peers.length).toBe(1)
    bench.onRequest = ({ socket }) => socket.write('nonsense\r\n\r\n')
    const failed = start((event, { control }) => event === 'error' && control.abort())
    await within('the error', failed.done)
    await turns(10)
    expect(failed.events).toEqual(['start', 'error'])
    await checkNext()
  })

  test('twice is once', async () => {
    const seen = start()
    await until('the request', () => bench.upstream.requests.length === 1)
    seen.control.abort()
    seen.control.abort()
    await checkGone(seen, ['start'])
    seen.control.abort()
    await checkNext()
    expect(bench.upstream.peers.length).toBe(2)
  })
})

describe('what is said to an exchange after its end', () => {
  const say = ({ control }: Seen) => {
    control.pause()
    control.resume()
    control.pause()
    control.abort()
  }

  test('does not reach the next one on its connection', async () => {
    bench.onRequest = ({ socket }) => socket.write(whole('first'))
    const first = await within('the answer', start().done)
    bench.onRequest = ({ socket }) => socket.write(stream)
    const next = start()
    say(first)
    await until('the first piece', () => next.pieces.length > 0)
    say(first)
    await turns(10)
    bench.upstream.peers[0]!.socket.write(chunk('second'))
    await until('the second', () => next.body().toString() === 'firstsecond')
    say(first)
    bench.upstream.peers[0]!.socket.write(chunk(''))
    await within('the end', next.done)
    expect(bench.upstream.peers.length).toBe(1)
    expect(first.events).toEqual(['start', 'headers', 'data', 'end'])
    expect(next.events).toEqual(['start', 'headers', 'data', 'end'])
  })

  test('nor what is said in its `end` to one that is already waiting', async () => {
    const one = createHttpTransport({ connections: 1 })
    bench.onRequest = ({ socket }, { path }) => socket.write(path === '/a' ? whole('a') : stream)
    const first = call({
      transport: one,
      url: `${bench.upstream.url}a`,
      on: (event, seen) => event === 'end' && say(seen),
    })
    const next = call({ transport: one, url: `${bench.upstream.url}b` })
    await within('the first', first.done)
    say(first)
    await until('the first piece', () => next.pieces.length > 0)
    bench.upstream.peers[0]!.socket.write(chunk(''))
    await within('the end', next.done)
    expect(next.body().toString()).toBe('first')
    expect(bench.upstream.peers.length).toBe(1)
    await one.close()
  })

  test('nor what is said to one that failed or was aborted', async () => {
    bench.onRequest = ({ socket }) => socket.destroy()
    const failed = await within('the error', start().done)
    bench.onRequest = () => {}
    const aborted = start()
    await until('the request', () => bench.upstream.requests.length === 2)
    aborted.control.abort()
    await turns(10)
    bench.onRequest = ({ socket }) => socket.write(stream)
    const next = start()
    await until('the first piece', () => next.pieces.length > 0)
    say(failed)
    say(aborted)
    await turns(10)
    bench.upstream.peers.at(-1)!.socket.write(chunk(''))
    await within('the end', next.done)
  })
})

test('hundreds of calls that are aborted at any time leave the others alone', async () => {
  const delays = Array.from({ length: 300 }, (_, i) => (i * 7919) % 12)
  bench.onRequest = ({ socket }, { path }) => {
    const i = Number(path.slice(1))
    socket.write(CHUNKED_HEAD)
    socket.write(chunk(`<${i}`))
    setTimeout(() => socket.write(Buffer.concat([chunk(`${i}>`), chunk('')])), (i * 31) % 9)
  }
  const own = createHttpTransport({ connections: 20 })
  const calls = delays.map((_, i) => call({ transport: own, url: `${bench.upstream.url}${i}` }))
  for (const [i, seen] of calls.entries()) if (i % 2 === 0) setTimeout(() => seen.control.abort(), delays[i]! * 5)
  const kept = await within(
    'the others',
    Promise.all(calls.filter((_, i) => i % 2 === 1).map(({ done }) => done)),
    10_000,
  )
  for (const [at, seen] of kept.entries()) {
    expect(seen.error).toBeUndefined()
    expect(seen.body().toString()).toBe(`<${at * 2 + 1}${at * 2 + 1}>`)
  }
  await own.close()
})

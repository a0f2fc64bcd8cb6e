import type { Socket } from 'node:net'
import { describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { seeded } from './random.ts'
import { call, chunk, CHUNKED_HEAD, turns, upstreamForEach, whole } from './support.ts'
import type { CallOptions, Seen } from './support.ts'

const bench = upstreamForEach()

const start = (on?: CallOptions['on']) =>
  call({ transport: bench.transport, url: bench.upstream.url, ...(on && { on }) })
const PIECE = 64 * 1024

/** Writes as fast as it is read. Counts what was handed to the socket. */
async function pour(socket: Socket, total: number, framed: boolean, written = { bytes: 0 }) {
  const block = seeded(1).bytes(PIECE)
  socket.write(framed ? CHUNKED_HEAD : `HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`)
  while (written.bytes < total && !socket.destroyed) {
    // Each piece is another one: a lost or a doubled one would be seen.
    block.writeUInt32BE(written.bytes)
    const piece = Buffer.from(block)
    const open = socket.write(framed ? chunk(piece) : piece)
    written.bytes += piece.length
    if (!open) await drained(socket)
  }
  if (framed) socket.write('0\r\n\r\n')
  return written
}

function drained(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done)
      resolve()
    }
    socket.on('drain', done).on('close', done)
  })
}

function checkPoured(seen: Seen, total: number) {
  expect(seen.error).toBeUndefined()
  const body = seen.body()
  expect(body.length).toBe(total)
  const block = seeded(1).bytes(PIECE)
  for (let at = 0; at < total; at += PIECE) {
    block.writeUInt32BE(at)
    if (!body.subarray(at, at + PIECE).equals(block)) throw new Error(`the piece at ${at} is not what was sent`)
  }
}

describe.each([
  ['chunks', true],
  ['a length', false],
] as const)('a reader that pauses, of %s', (_name, framed) => {
  const total = 800 * PIECE

  test('stops the server, and gets everything when it reads on', { timeout: 60_000 }, async () => {
    const written = { bytes: 0 }
    bench.onRequest = ({ socket }) => void pour(socket, total, framed, written)
    const seen = start((event, { control, pieces }) => event === 'data' && pieces.length === 1 && control.pause())
    await until('the first piece', () => seen.pieces.length > 0)
    // Until the server stands still: as much as the kernel holds.
    for (let before = -1; before !== written.bytes;) {
      before = written.bytes
      await turns(150)
    }
    expect(written.bytes).toBeLessThan(total / 2)
    expect(seen.pieces.length).toBe(1)
    expect(bench.upstream.peers[0]!.socket.writableLength).toBeGreaterThan(0)
    seen.control.resume()
    await within('the rest', seen.done, 30_000)
    checkPoured(seen, total)
  })

  test('many times, at any time, loses nothing', { timeout: 60_000 }, async () => {
    const size = 160 * PIECE
    bench.onRequest = ({ socket }) => void pour(socket, size, framed)
    const random = seeded(2)
    const seen = start((event, { control }) => {
      if (event !== 'data' || random.chance(0.4)) return
      control.pause()
      const wake = random.pick<(go: () => void) => unknown>([
        (go) => go(),
        queueMicrotask,
        (go) => process.nextTick(go),
        setImmediate,
        (go) => setTimeout(go, random.below(4)),
        (go) => setImmediate(() => (go(), control.pause(), control.resume())),
      ])
      wake(() => control.resume())
    })
    await within('the end', seen.done, 30_000)
    checkPoured(seen, size)
  })
})

describe('a pause', () => {
  test('holds, though a resume came before it in the same turn', async () => {
    bench.onRequest = ({ socket }) => socket.write(Buffer.concat([Buffer.from(CHUNKED_HEAD), chunk('first')]))
    const seen = start((event, { control, pieces }) => event === 'data' && pieces.length === 1 && control.pause())
    await until('the first', () => seen.pieces.length > 0)
    seen.control.resume()
    seen.control.pause()
    await turns(20)
    bench.upstream.peers[0]!.socket.write(chunk('second'))
    await turns(50)
    expect(seen.body().toString()).toBe('first')
    // And the other way round.
    seen.control.resume()
    seen.control.pause()
    seen.control.resume()
    await until('the second', () => seen.body().toString() === 'firstsecond')
    bench.upstream.peers[0]!.socket.write(chunk(''))
    await within('the end', seen.done)
  })

  test('in `headers` holds back the body that comes later', async () => {
    bench.onRequest = ({ socket }) => socket.write(CHUNKED_HEAD)
    const seen = start((event, { control }) => event === 'headers' && control.pause())
    await until('the headers', () => seen.status === 200)
    bench.upstream.peers[0]!.socket.write(chunk('first'))
    await turns(50)
    expect(seen.pieces.length).toBe(0)
    seen.control.resume()
    await until('the first', () => seen.body().toString() === 'first')
    bench.upstream.peers[0]!.socket.write(chunk(''))
    await within('the end', seen.done)
  })

  test('holds back the end, too', async () => {
    bench.onRequest = ({ socket }) => socket.write(Buffer.concat([Buffer.from(CHUNKED_HEAD), chunk('first')]))
    const seen = start((event, { control }) => event === 'data' && control.pause())
    await until('the first', () => seen.pieces.length > 0)
    bench.upstream.peers[0]!.socket.write(chunk(''))
    await turns(50)
    expect(seen.over).toBe(false)
    seen.control.resume()
    await within('the end', seen.done)
  })

  test('lets a body come that ends with the connection, and its end', async () => {
    bench.onRequest = ({ socket }) => {
      socket.write('HTTP/1.1 200 OK\r\n\r\nfirst')
      setTimeout(() => socket.end('second'), 20)
    }
    const seen = start((event, { control, pieces }) => event === 'data' && pieces.length === 1 && control.pause())
    await until('the first', () => seen.pieces.length > 0)
    await turns(100)
    expect(seen.body().toString()).toBe('first')
    seen.control.resume()
    await within('the end', seen.done)
    expect({ events: seen.events, body: seen.body().toString() }).toEqual({
      events: ['start', 'headers', 'data', 'end'],
      body: 'firstsecond',
    })
  })

  test('before the headers keeps nobody from them, be they cut anywhere', async () => {
    bench.onRequest = async ({ socket }) => {
      socket.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 200')
      await turns(20)
      socket.write(' OK\r\ncontent-length: 2\r\n\r\n')
      await turns(20)
      socket.write('ok')
    }
    const seen = start((event, { control }) => event === 'start' && control.pause())
    await until('the headers', () => seen.status === 200)
    seen.control.resume()
    await within('the end', seen.done)
    expect(seen.body().toString()).toBe('ok')
  })

  test('before the headers holds back the body', async () => {
    const written = { bytes: 0 }
    bench.onRequest = ({ socket }) => void pour(socket, 400 * PIECE, true, written)
    const seen = start((event, { control }) => event === 'start' && control.pause())
    await until('the headers', () => seen.status === 200)
    for (let before = -1; before !== written.bytes;) {
      before = written.bytes
      await turns(100)
    }
    expect(seen.size()).toBeLessThanOrEqual(PIECE)
    seen.control.resume()
    await within('the end', seen.done, 20_000)
    checkPoured(seen, 400 * PIECE)
  })

  test('in `start`, and a resume before there is a connection', async () => {
    bench.onRequest = ({ socket }) => socket.write(whole('ok'))
    const seen = start((event, { control }) => event === 'start' && control.pause())
    seen.control.resume()
    await within('the end', seen.done)
    expect(seen.body().toString()).toBe('ok')
  })

  test.each(['headers', 'data'] as const)('in `%s` of the last read is not the next exchange’s', async (when) => {
    for (const last of [whole('whole'), Buffer.concat([Buffer.from(CHUNKED_HEAD), chunk('a'), chunk('')])]) {
      bench.onRequest = ({ socket }) => socket.write(last)
      const seen = start((event, { control }) => event === when && control.pause())
      await within('the end', seen.done)
      bench.onRequest = async ({ socket }) => {
        socket.write(CHUNKED_HEAD)
        await turns(5)
        socket.write(chunk('next'))
        await turns(5)
        socket.write(chunk(''))
      }
      expect((await within('the next', start().done)).body().toString()).toBe('next')
    }
    expect(bench.upstream.peers.length).toBe(1)
  })

  test('of the last read is not that of an exchange that waits for the connection', async () => {
    const one = createHttpTransport({ connections: 1 })
    bench.onRequest = ({ socket }) => socket.write(whole('ok'))
    const calls = Array.from({ length: 8 }, () =>
      call({
        transport: one,
        url: bench.upstream.url,
        on: (event, { control }) => event === 'data' && control.pause(),
      }),
    )
    await within('all', Promise.all(calls.map(({ done }) => done)))
    expect(bench.upstream.peers.length).toBe(1)
    await one.close()
  })

  test('of one exchange is not that of another', async () => {
    bench.onRequest = ({ socket }) => socket.write(Buffer.concat([Buffer.from(CHUNKED_HEAD), chunk('first')]))
    const paused = start((event, { control }) => event === 'data' && control.pause())
    await until('the first', () => paused.pieces.length > 0)
    bench.onRequest = ({ socket }) => void pour(socket, 40 * PIECE, true)
    const seen = await within('the other', start().done, 10_000)
    checkPoured(seen, 40 * PIECE)
    bench.upstream.peers[0]!.socket.write(chunk(''))
    paused.control.resume()
    await within('the end', paused.done)
  })
})

test('pieces stay as they were, whatever comes after them on any connection', async () => {
  bench.onRequest = ({ socket }, { path }) => {
    let left = 30
    socket.write(CHUNKED_HEAD)
    const next = () => {
      if (left-- === 0) return void socket.write(chunk(''))
      socket.write(Buffer.concat([chunk(path.repeat(50)), chunk(path.repeat(200))]))
      setTimeout(next, 1)
    }
    next()
  }
  const calls = Array.from({ length: 20 }, (_, i) =>
    call({ transport: bench.transport, url: `${bench.upstream.url}${i}` }),
  )
  await within('all', Promise.all(calls.map(({ done }) => done)), 10_000)
  for (const [i, seen] of calls.entries()) expect(seen.body().toString()).toBe(`/${i}`.repeat(250 * 30))
})

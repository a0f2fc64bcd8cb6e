import { connect } from 'node:net'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import { writeWhole } from '../../src/transport/http/write-request.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { seeded } from './random.ts'
import { call, startUpstream, turns, whole } from './support.ts'
import type { OnRequest, Peer, Upstream } from './support.ts'

const transport = createHttpTransport()
let upstream: Upstream
let onConnect: (peer: Peer) => void
let onRequest: OnRequest
beforeAll(async () => {
  upstream = await startUpstream({
    onConnect: (peer) => onConnect(peer),
    onRequest: (peer, request) => onRequest(peer, request),
  })
})
beforeEach(() => {
  onConnect = () => {}
  onRequest = ({ socket }, { body }) => socket.write(whole(`${body.length}`))
})
afterAll(async () => {
  await transport.close()
  await upstream.close()
})

/** Reads a little, waits, and reads on. */
function readSlowly({ socket }: Peer) {
  socket.on('data', () => {
    socket.pause()
    setTimeout(() => socket.resume(), 1)
  })
}

describe('a body of any size arrives as it was', () => {
  const random = seeded(30)
  const block = random.bytes(100_000)

  test('around the size where a request is no longer one write', async () => {
    const before = upstream.requests.length
    const bodies: (string | Uint8Array)[] = []
    for (let size = 65_536 - 120; size <= 65_536 + 20; size += 4) bodies.push(block.subarray(0, size))
    for (let size = 21_750; size <= 21_850; size += 3) bodies.push('€'.repeat(size))
    for (const body of bodies) {
      const seen = await within('the answer', call({ transport, url: upstream.url, request: { body } }).done)
      expect(seen.body().toString()).toBe(`${Buffer.byteLength(body)}`)
    }
    const received = upstream.requests.slice(before).map(({ body }) => body)
    expect(received.every((body, i) => body.equals(Buffer.from(bodies[i] as string)))).toBe(true)
  })

  test.each([
    ['text', 'é€x'.repeat(900_000)],
    ['bytes', Buffer.alloc(5_400_000, block)],
    ['pieces', ['€'.repeat(700_000), Buffer.alloc(3_000_000, block), 'é'.repeat(200_000)]],
  ])('5 MB of %s to a server that reads slowly', async (_name, body) => {
    const before = upstream.requests.length
    onConnect = readSlowly
    const own = createHttpTransport()
    const seen = await within('the answer', call({ transport: own, url: upstream.url, request: { body } }).done, 15_000)
    expect(seen.error).toBeUndefined()
    const sent = Buffer.concat([body].flat().map((piece) => Buffer.from(piece as string)))
    expect(upstream.requests[before]!.body.equals(sent)).toBe(true)
    await own.close()
  })

  test('20 MB as they come, no faster than the server reads', async () => {
    const before = upstream.requests.length
    const own = createHttpTransport()
    let reading = false
    onConnect = ({ socket }) => {
      socket.pause()
      void until('the start', () => reading).then(() => socket.resume())
    }
    let made = 0
    async function* body() {
      for (; made < 200; made++) yield block
    }
    const seen = call({ transport: own, url: upstream.url, request: { body: body() } })
    await turns(200)
    // What the kernel holds, and little more.
    expect(made).toBeLessThan(150)
    reading = true
    await within('the answer', seen.done, 15_000)
    expect(made).toBe(200)
    const received = upstream.requests[before]!.body
    expect(received.equals(Buffer.alloc(20_000_000, block))).toBe(true)
    await own.close()
  })

  test('of many calls at once, to a server that pauses', async () => {
    const before = upstream.requests.length
    onConnect = (peer) => {
      peer.socket.pause()
      setTimeout(() => readSlowly(peer), random.below(30))
      setTimeout(() => peer.socket.resume(), random.below(60))
    }
    const bodies = Array.from({ length: 120 }, (_, i) => {
      const size = random.pick([0, 10, 1000, 8000, 20_000, 60_000, 65_000, 70_000, 300_000])
      const body = Buffer.alloc(size + 4, block.subarray(i))
      body.writeUInt32BE(i)
      return body
    })
    const own = createHttpTransport({ connections: 24 })
    const texts = (body: Buffer, i: number) => (i % 3 === 0 ? body.toString('latin1') : body)
    const all = bodies.map((body, i) => {
      const shape = i % 4 === 1 ? [body.subarray(0, 3), body.subarray(3)] : texts(body, i)
      return call({ transport: own, url: `${upstream.url}${i}`, request: { body: shape } }).done
    })
    for (const seen of await within('all answers', Promise.all(all), 15_000)) expect(seen.error).toBeUndefined()
    const received = new Map(upstream.requests.slice(before).map(({ path, body }) => [path, body]))
    for (const [i, body] of bodies.entries()) {
      const sent = i % 4 === 1 ? body : Buffer.from(texts(body, i) as string)
      expect(received.get(`/${i}`)!.equals(sent), `body ${i}`).toBe(true)
    }
    await own.close()
  })
})

test('what the kernel did not take at once is not overwritten by the next request', async () => {
  const before = upstream.peers.length
  onRequest = () => {}
  onConnect = ({ socket }) => socket.pause()
  const random = seeded(31)
  const sockets = Array.from({ length: 6 }, () => connect({ port: upstream.port, host: '127.0.0.1' }))
  await until('the connections', () => upstream.peers.length === before + 6 && sockets.every(({ pending }) => !pending))
  const sent = sockets.map((): string[] => [])
  const stuck = () => sockets.filter((socket) => socket.writableLength > 0).length
  for (let i = 0; stuck() < 6 || i % 50 !== 0; i++) {
    if (i > 20_000) throw new Error('the kernel takes everything')
    const at = random.below(6)
    // Those behind a full one stay what they are, too; but not megabytes of them.
    if (sockets[at]!.writableLength > 1_000_000) continue
    const head = `POST /${at}/${i} HTTP/1.1\r\n\r\n`
    const body = `${i},`.repeat(random.pick([10, 1000, 8000]))
    writeWhole(sockets[at]!, head, body, true)
    sent[at]!.push(head, body)
  }
  for (const peer of upstream.peers.slice(before)) peer.socket.resume()
  await until('all bytes', () => sockets.every((socket) => socket.writableLength === 0), 10_000)
  for (const [at, socket] of sockets.entries()) {
    const peer = upstream.peers.find((each) => each.socket.remotePort === socket.localPort)!
    const text = sent[at]!.join('')
    await until('the last of them', () => peer.size >= text.length, 10_000)
    expect(peer.received().toString('latin1') === text, `connection ${at}`).toBe(true)
    socket.destroy()
  }
}, 60_000)

describe('a body that comes as it comes', () => {
  test('and throws, is an error, and closes the socket', async () => {
    const wrong = new Error('no more')
    async function* body() {
      yield Buffer.from('first')
      await turns(10)
      throw wrong
    }
    const own = createHttpTransport()
    const seen = await within('the error', call({ transport: own, url: upstream.url, request: { body: body() } }).done)
    expect(seen).toMatchObject({ events: ['start', 'error'], error: wrong })
    const peer = upstream.peers.at(-1)!
    await until('the close', () => peer.closed)
    // The server cannot take it for whole.
    expect(peer.received().toString('latin1')).toMatch(/\r\n\r\n5\r\nfirst\r\n$/)
    await own.close()
  })

  test('and throws at once, too', async () => {
    // oxlint-disable-next-line require-yield
    async function* body() {
      throw new Error('nothing')
    }
    const seen = await within('the error', call({ transport, url: upstream.url, request: { body: body() } }).done)
    expect(seen).toMatchObject({ events: ['start', 'error'], error: new Error('nothing') })
  })

  test('is read no further once the server is gone', async () => {
    let read = 0
    let returned = false
    async function* body() {
      try {
        for (; ; read++) {
          yield Buffer.from('piece')
          await turns(2)
        }
      } finally {
        returned = true
      }
    }
    onConnect = ({ socket }) => setTimeout(() => socket.destroy(), 20)
    const own = createHttpTransport()
    const seen = await within('the error', call({ transport: own, url: upstream.url, request: { body: body() } }).done)
    expect(seen.events).toEqual(['start', 'error'])
    await until('its end', () => returned)
    const then = read
    await turns(20)
    expect(read).toBe(then)
    await own.close()
  })

  test('is read no further once its call is aborted, be it that the server reads nothing', async () => {
    let returned = false
    let read = 0
    async function* body() {
      try {
        for (; ; read++) yield Buffer.alloc(100_000)
      } finally {
        returned = true
      }
    }
    onConnect = ({ socket }) => setImmediate(() => socket.pause())
    const own = createHttpTransport()
    const seen = call({ transport: own, url: upstream.url, request: { body: body() } })
    for (let before = -1; before !== read;) {
      before = read
      await turns(100)
    }
    seen.control.abort()
    await until('its end', () => returned)
    expect(seen.events).toEqual(['start'])
    await own.close()
  })

  test('is told when its call is aborted, though it has nothing to give', async () => {
    let returned = false
    const body: AsyncIterable<Uint8Array> = {
      [Symbol.asyncIterator]: () => ({
        next: () => new Promise(() => {}),
        return: async () => {
          returned = true
          return { done: true, value: undefined }
        },
      }),
    }
    const before = upstream.peers.length
    const own = createHttpTransport()
    const seen = call({ transport: own, url: upstream.url, request: { body } })
    await until('the head', () => (upstream.peers[before]?.size ?? 0) > 0)
    seen.control.abort()
    await until('the close', () => upstream.peers[before]!.closed)
    await until('its end', () => returned)
    await own.close()
  })
})

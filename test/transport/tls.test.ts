import { readFileSync } from 'node:fs'
import tls from 'node:tls'
import type { TLSSocket } from 'node:tls'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { Transport } from '../../src/transport/types.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { callInChild } from './child.ts'
import { seeded } from './random.ts'
import { call, chunk, CHUNKED_HEAD, startUpstream, turns, whole } from './support.ts'
import type { OnRequest, Upstream } from './support.ts'

const fixture = new URL('tls-for-tests-only.pem', import.meta.url)
const pem = readFileSync(fixture, 'utf8')
const defaults = tls.getCACertificates('default')
const trusted = /-----BEGIN CERTIFICATE-----[^]+/.exec(pem)![0]

let transport: Transport
let upstream: Upstream
let onRequest: OnRequest
/** Of each connection: whether it went on with a session of one before it. */
let reused: boolean[]
beforeEach(async () => {
  reused = []
  onRequest = ({ socket }, { path }) => socket.write(whole(path))
  upstream = await startUpstream({
    onRequest: (peer, request) => onRequest(peer, request),
    onConnect: ({ socket }) => void reused.push((socket as TLSSocket).isSessionReused()),
    tls: { key: pem, cert: pem, ALPNProtocols: ['h2', 'http/1.1'] },
  })
  transport = createHttpTransport()
})
afterEach(async () => {
  await upstream.close()
  await transport.close()
})

describe('a certificate that nobody vouches for', () => {
  test('is refused, and nothing is sent', async () => {
    for (let i = 0; i < 3; i++) {
      const seen = await within('the error', call({ transport, url: upstream.url }).done)
      expect(seen).toMatchObject({ events: ['start', 'error'] })
      expect(seen.code()).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
    }
    expect(upstream.peers.every((peer) => peer.size === 0)).toBe(true)
  })

  test('is taken where the process is told to', async () => {
    const env = { NODE_EXTRA_CA_CERTS: fixture.pathname }
    expect(await callInChild(upstream.url, { times: 100, env })).toEqual(Array(100).fill({ status: 200, body: '/' }))
    // In a process of its own, an answer may be there before TLS knows that its request has left.
    expect(upstream.peers.length).toBe(1)
    const [without] = await callInChild(upstream.url)
    expect(without!.code).toBe('DEPTH_ZERO_SELF_SIGNED_CERT')
  })

  test('of a server that speaks no TLS is none', async () => {
    const plain = await startUpstream({ onConnect: ({ socket }) => socket.write('HTTP/1.1 400 no\r\n\r\n') })
    const url = plain.url.replace('http:', 'https:')
    const seen = await within('the error', call({ transport, url }).done)
    expect(seen).toMatchObject({ events: ['start', 'error'] })
    expect(seen.code()).toMatch(/^ERR_SSL_/)
    await plain.close()
  })
})

describe('a certificate that is trusted', () => {
  beforeAll(() => tls.setDefaultCACertificates([...defaults, trusted]))
  afterAll(() => tls.setDefaultCACertificates(defaults))

  const start = (path = '', request = {}) => call({ transport, url: `${upstream.url}${path}`, request })

  test('is taken, and the connection kept', async () => {
    for (let i = 0; i < 5; i++) {
      const seen = await within('the answer', start(`${i}`, { body: '{"a":"é"}' }).done)
      expect(seen.error).toBeUndefined()
      expect(seen.body().toString()).toBe(`/${i}`)
    }
    expect(upstream.peers.length).toBe(1)
    expect(upstream.requests.every(({ body }) => body.toString() === '{"a":"é"}')).toBe(true)
    const socket = upstream.peers[0]!.socket as TLSSocket
    // An address is no server name, and HTTP/2 is not what is spoken.
    expect({ name: socket.servername, protocol: socket.alpnProtocol }).toEqual({ name: false, protocol: 'http/1.1' })
  })

  test('is asked for by the name of the host', async () => {
    const seen = await within('the answer', call({ transport, url: `https://localhost:${upstream.port}/` }).done)
    expect(seen.error).toBeUndefined()
    expect((upstream.peers[0]!.socket as TLSSocket).servername).toBe('localhost')
    expect(upstream.requests[0]!.head).toContain(`host: localhost:${upstream.port}\r\n`)
  })

  test('is refused where it is another host’s, the second time, too', async () => {
    const other = { addresses: ['127.0.0.1'], times: 4, env: { NODE_EXTRA_CA_CERTS: fixture.pathname } }
    const seen = await callInChild(`https://other.invalid:${upstream.port}/`, other)
    expect(seen.map(({ code }) => code)).toEqual(Array(4).fill('ERR_TLS_CERT_ALTNAME_INVALID'))
    expect(upstream.requests).toEqual([])
  })

  test('is not asked for again where its session goes on', async () => {
    onRequest = ({ socket }, { path }) => socket.write(whole(path, 'connection: close\r\n'))
    for (let i = 0; i < 4; i++) {
      expect((await within('the answer', start(`${i}`).done)).body().toString()).toBe(`/${i}`)
    }
    expect(reused).toEqual([false, true, true, true])
  })

  test('is asked for again where its session is no longer known', async () => {
    onRequest = ({ socket }, { path }) => socket.write(whole(path, 'connection: close\r\n'))
    await within('the answer', start('a').done)
    const { port } = upstream
    await upstream.close()
    upstream = await startUpstream({
      onRequest: (peer, request) => onRequest(peer, request),
      tls: { key: pem, cert: pem },
      port,
    })
    for (const path of ['b', 'c']) expect((await within('the answer', start(path).done)).error).toBeUndefined()
  })

  test('lets large bodies through, both ways, of many calls at once', async () => {
    const random = seeded(40)
    const block = random.bytes(400_000)
    const sizes = [0, 1, 100, 16_384, 16_385, 60_000, 65_536, 70_000, 400_000]
    const bodies = Array.from({ length: 60 }, (_, i) => Buffer.from(block.subarray(i, random.pick(sizes) + i)))
    onRequest = async ({ socket }, { body }) => {
      socket.write(CHUNKED_HEAD)
      for (let at = 0; at < body.length; at += 30_000) {
        socket.write(chunk(body.subarray(at, at + 30_000)))
        await new Promise((resolve) => setImmediate(resolve))
      }
      socket.write(chunk(''))
    }
    const own = createHttpTransport({ connections: 12 })
    const calls = bodies.map((body, i) => {
      const shape = i % 3 === 0 ? body : i % 3 === 1 ? [body.subarray(0, 5), body.subarray(5)] : asItComes(body)
      return call({ transport: own, url: upstream.url, request: { body: shape } })
    })
    await within('all answers', Promise.all(calls.map(({ done }) => done)), 15_000)
    for (const [i, seen] of calls.entries()) {
      expect(seen.error).toBeUndefined()
      expect(seen.body().equals(bodies[i]!), `body ${i}`).toBe(true)
    }
    expect(upstream.peers.length).toBeLessThanOrEqual(12)
    await own.close()
  })

  test('lets a reader pause', { timeout: 40_000 }, async () => {
    const total = 40_000_000
    const block = seeded(41).bytes(200_000)
    let written = 0
    onRequest = async ({ socket }) => {
      socket.write(`HTTP/1.1 200 OK\r\ncontent-length: ${total}\r\n\r\n`)
      while (written < total && !socket.destroyed) {
        written += block.length
        if (!socket.write(block)) await new Promise((resolve) => socket.once('drain', resolve))
      }
    }
    const random = seeded(42)
    const seen = start()
    const first = new Promise<void>((resolve) => void until('a piece', () => seen.pieces.length > 0).then(resolve))
    await within('the first piece', first)
    seen.control.pause()
    for (let before = -1; before !== written;) {
      before = written
      await turns(150)
    }
    expect(written).toBeLessThan(total / 2)
    seen.control.resume()
    while (!seen.over) {
      await turns(random.below(4))
      seen.control.pause()
      if (random.chance(0.5)) await turns(1)
      seen.control.resume()
    }
    expect(seen.error).toBeUndefined()
    expect(seen.body().equals(Buffer.alloc(total, block))).toBe(true)
  })

  test('is left with its connection where the answer was whole before a long request', async () => {
    const seen = start('', { body: Buffer.alloc(30_000_000, 'x') })
    await until('its beginning', () => (upstream.peers[0]?.size ?? 0) > 0)
    upstream.peers[0]!.socket.pause()
    upstream.peers[0]!.socket.write(whole('enough'))
    expect((await within('the answer', seen.done)).body().toString()).toBe('enough')
    expect((await within('the next answer', start('b').done)).body().toString()).toBe('/b')
    expect(upstream.peers.length).toBe(2)
  })

  test('an abort closes the socket, before and after the handshake', async () => {
    onRequest = ({ socket }) => socket.write(Buffer.concat([Buffer.from(CHUNKED_HEAD), chunk('first')]))
    const early = start()
    early.control.abort()
    const seen = start()
    await until('the first piece', () => seen.pieces.length > 0)
    seen.control.abort()
    await until('the close', () => upstream.peers.some(({ closed }) => closed))
    await turns(20)
    expect([early.events, seen.events]).toEqual([['start'], ['start', 'headers', 'data']])
  })
})

async function* asItComes(body: Buffer) {
  for (let at = 0; at < body.length; at += 7000) {
    yield body.subarray(at, at + 7000)
    if (at % 3 === 0) await new Promise((resolve) => setImmediate(resolve))
  }
}

import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { Transport } from '../../src/transport/types.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { call, startUpstream, turns, whole } from './support.ts'
import type { CallOptions, Peer, Upstream, WireRequest } from './support.ts'

let transport: Transport
let upstream: Upstream
/** Requests that wait for their answers, the oldest first. */
let open: { peer: Peer; request: WireRequest }[]
let most: number
beforeEach(async () => {
  open = []
  most = 0
  upstream = await startUpstream({
    onRequest: (peer, request) => void open.push({ peer, request }),
    onConnect: () => (most = Math.max(most, upstream.peers.filter(({ closed }) => !closed).length)),
  })
  transport = createHttpTransport({ connections: 2 })
})
afterEach(async () => {
  await upstream.close()
  await transport.close()
})

const start = (path: string, on?: CallOptions['on']) =>
  call({ transport, url: `${upstream.url}${path}`, ...(on && { on }) })

/** Answers the oldest. */
async function answer(headers = '') {
  await until('a request', () => open.length > 0)
  const { peer, request } = open.shift()!
  peer.socket.write(whole(request.path, headers))
}
const order = () => upstream.requests.map(({ path }) => path)

describe('two connections', () => {
  test('are never more, and ten calls are answered in their order', async () => {
    const calls = Array.from({ length: 10 }, (_, i) => start(`${i}`))
    await until('two requests', () => open.length === 2)
    await turns(30)
    expect(open.length).toBe(2)
    for (let i = 0; i < 10; i++) await answer()
    for (const [i, seen] of calls.entries()) {
      expect((await within('the answer', seen.done)).body().toString()).toBe(`/${i}`)
    }
    expect(upstream.peers.length).toBe(2)
    // The first two leave over two connections: either may be read first.
    expect([...order().slice(0, 2).sort(), ...order().slice(2)]).toEqual(Array.from({ length: 10 }, (_, i) => `/${i}`))
  })

  test('are never more where each answer closes its own', async () => {
    const calls = Array.from({ length: 10 }, (_, i) => start(`${i}`))
    for (let i = 0; i < 10; i++) await answer('connection: close\r\n')
    for (const [i, seen] of calls.entries()) {
      expect((await within('the answer', seen.done)).body().toString()).toBe(`/${i}`)
    }
    expect(upstream.peers.length).toBe(10)
    // A server may see the next one before the end of the one that is closed.
    expect(most).toBeLessThan(5)
  })

  test('are never more where calls fail and are aborted', async () => {
    const calls = Array.from({ length: 30 }, (_, i) => start(`${i}`))
    for (let i = 0; i < 30; i++) {
      await turns(1)
      if (i % 3 === 0 && open.length > 0) open.shift()!.peer.socket.write('nonsense\r\n\r\n')
      else if (i % 3 === 1) calls[i]!.control.abort()
      else if (open.length > 0) void answer()
    }
    const waiting = setInterval(() => open.length > 0 && void answer(), 1)
    await within('all', Promise.all(calls.filter((_, i) => i % 3 !== 1).map(({ done }) => done)), 10_000)
    clearInterval(waiting)
    // An answer is its own, or an error.
    for (const [i, { events, body }] of calls.entries()) {
      if (events.at(-1) === 'end') expect(body().toString()).toBe(`/${i}`)
    }
    expect(most).toBeLessThan(6)
    expect(calls.filter(({ events }) => events.at(-1) === 'end').length).toBeGreaterThan(5)
  })

  test('a call that is aborted in the queue is never sent, and those behind it move up', async () => {
    const calls = Array.from({ length: 6 }, (_, i) => start(`${i}`))
    calls[2]!.control.abort()
    await until('two requests', () => open.length === 2)
    calls[4]!.control.abort()
    for (let i = 0; i < 4; i++) await answer()
    await within('the others', Promise.all([0, 1, 3, 5].map((i) => calls[i]!.done)))
    await turns(20)
    expect(order().sort()).toEqual(['/0', '/1', '/3', '/5'])
    expect(calls[2]!.events).toEqual(['start'])
    expect(calls[4]!.events).toEqual(['start'])
    expect(upstream.peers.length).toBe(2)
  })

  test('aborted calls make room for those that wait', async () => {
    const calls = Array.from({ length: 4 }, (_, i) => start(`${i}`))
    await until('two requests', () => open.length === 2)
    calls[0]!.control.abort()
    calls[1]!.control.abort()
    await until('the others', () => open.length === 4)
    expect(order().slice(2).sort()).toEqual(['/2', '/3'])
    open.splice(0, 2)
    await answer()
    await answer()
    await within('both', Promise.all([calls[2]!.done, calls[3]!.done]))
  })

  test('aborting all before they are connected leaves room for others', async () => {
    const gone = Array.from({ length: 6 }, (_, i) => start(`gone${i}`))
    for (const seen of gone) seen.control.abort()
    const calls = Array.from({ length: 3 }, (_, i) => start(`${i}`))
    for (let i = 0; i < 3; i++) await answer()
    await within('the answers', Promise.all(calls.map(({ done }) => done)))
    expect(order().sort()).toEqual(['/0', '/1', '/2'])
    expect(gone.every(({ events }) => events.join() === 'start')).toBe(true)
  })

  test('a call that is made when another ends waits behind those that wait', async () => {
    const calls = [start('0', (event) => event === 'end' && calls.push(start('late'))), start('1'), start('2')]
    for (let i = 0; i < 4; i++) await answer()
    await until('the late one', () => calls.length === 4 && calls[3]!.over)
    expect(order().slice(2)).toEqual(['/2', '/late'])
  })

  test('those that wait fail one by one where nobody listens', async () => {
    const closed = await startUpstream()
    await closed.close()
    const calls = Array.from({ length: 10 }, () => call({ transport, url: closed.url }))
    for (const seen of calls) {
      expect((await within('an error', seen.done)).code()).toBe('ECONNREFUSED')
      expect(seen.events).toEqual(['start', 'error'])
    }
  })
})

describe('close()', () => {
  test('closes idle connections, and resolves', async () => {
    const seen = start('0')
    await answer()
    await within('the answer', seen.done)
    await within('the close', transport.close())
    await until('the close of the socket', () => upstream.peers.every(({ closed }) => closed))
  })

  test('resolves where nothing was ever asked', async () => {
    await within('the close', createHttpTransport().close())
    await within('a second close', transport.close())
  })

  test('lets what runs and what waits come to its end, then resolves', async () => {
    const calls = Array.from({ length: 5 }, (_, i) => start(`${i}`))
    await until('two requests', () => open.length === 2)
    let closed = false
    const closing = transport.close().then(() => (closed = true))
    for (let i = 0; i < 5; i++) {
      await turns(10)
      expect(closed).toBe(false)
      await answer()
    }
    for (const [i, seen] of calls.entries()) {
      expect((await within('the answer', seen.done)).body().toString()).toBe(`/${i}`)
    }
    await within('the close', closing)
    await until('the close of the sockets', () => upstream.peers.every((peer) => peer.closed))
  })

  test('waits for a stream, and for a call that fails', async () => {
    const stream = start('0')
    const failing = start('1')
    await until('two requests', () => open.length === 2)
    let closed = false
    const closing = transport.close().then(() => (closed = true))
    const [first, second] = open as [(typeof open)[0], (typeof open)[0]]
    first.peer.socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\n')
    second.peer.socket.destroy()
    await until(
      'both',
      () => (stream.over || failing.over) && [stream, failing].some(({ pieces }) => pieces.length > 0),
    )
    await turns(20)
    expect(closed).toBe(false)
    first.peer.socket.write('0\r\n\r\n')
    await within('the close', closing)
    expect([stream, failing].map(({ events }) => events.at(-1)).sort()).toEqual(['end', 'error'])
  })

  test('resolves where calls are aborted, before and after', async () => {
    const calls = Array.from({ length: 4 }, (_, i) => start(`${i}`))
    await until('two requests', () => open.length === 2)
    calls[2]!.control.abort()
    const closing = transport.close()
    for (const seen of calls) seen.control.abort()
    await within('the close', closing)
    start('connecting').control.abort()
    await within('the close', transport.close())
  })
})

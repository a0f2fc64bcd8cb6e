import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { Transport } from '../../src/transport/types.ts'
import type { UpstreamRequest } from '../../src/types/provider.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { call, startUpstream, turns, whole } from './support.ts'
import type { CallOptions, OnRequest, Upstream } from './support.ts'

// A handler that throws is a bug of its own. Whoever hears of it, the calls of others must not.

let transport: Transport
let upstream: Upstream
let onRequest: OnRequest
let others: NodeJS.UncaughtExceptionListener[]
let uncaught: unknown[]
beforeEach(async () => {
  uncaught = []
  others = process.listeners('uncaughtException')
  process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => void uncaught.push(error))
  onRequest = ({ socket }, { path }) => socket.write(whole(path))
  upstream = await startUpstream((peer, request) => onRequest(peer, request))
  transport = createHttpTransport({ connections: 1 })
})
afterEach(async () => {
  process.removeAllListeners('uncaughtException')
  for (const other of others) process.on('uncaughtException', other)
  await upstream.close()
  await within('the close', transport.close())
})

const start = (path: string, on?: CallOptions['on'], request: Partial<UpstreamRequest> = {}) =>
  call({ transport, url: `${upstream.url}${path}`, request, ...(on && { on }) })
const thrown = new Error('thrown')
const throwIn =
  (when: string): CallOptions['on'] =>
  (event) => {
    if (event === when) throw thrown
  }

describe('what a handler throws', () => {
  test.each(['headers', 'data'])('in `%s` is that call’s error, and no one else’s', async (when) => {
    const seen = start('a', throwIn(when))
    const next = start('b')
    await within('the next', next.done)
    expect(next.error).toBeUndefined()
    expect(next.body().toString()).toBe('/b')
    expect(seen.events.at(-1)).toBe('error')
    expect(seen.error).toBe(thrown)
    expect(uncaught).toEqual([])
  })

  test('in `end` does not hurt the call that has its connection now', async () => {
    const seen = start('a', throwIn('end'))
    const next = start('b')
    await within('the next', next.done)
    expect(next.error).toBeUndefined()
    expect(next.body().toString()).toBe('/b')
    expect(seen.events).toEqual(['start', 'headers', 'data', 'end'])
    expect(upstream.peers.length).toBe(1)
  })

  test('in `error` does not hurt the call that waits', async () => {
    onRequest = ({ socket }, { path }) => socket.write(path === '/a' ? 'nonsense\r\n\r\n' : whole(path))
    const seen = start('a', throwIn('error'))
    const next = start('b')
    await within('the next', next.done)
    expect(next.body().toString()).toBe('/b')
    expect(seen.events).toEqual(['start', 'error'])
  })

  test('in `error` of a timeout does not keep the others from theirs', async () => {
    onRequest = () => {}
    const own = createHttpTransport()
    const ask = (on?: CallOptions['on']) =>
      call({ transport: own, url: upstream.url, timeouts: { headers: 150 }, ...(on && { on }) })
    const calls = [ask(throwIn('error')), ask(), ask()]
    await within('all timeouts', Promise.all(calls.map(({ done }) => done)))
    expect(calls.map((seen) => seen.code())).toEqual(Array(3).fill('HEADERS_TIMEOUT'))
    await within('the close', own.close())
  })

  test('in `start` leaves the transport as it was', async () => {
    try {
      start('a', throwIn('start'))
    } catch (error) {
      expect(error).toBe(thrown)
    }
    await turns(10)
    const next = await within('the next', start('b').done)
    expect(next.body().toString()).toBe('/b')
    expect(upstream.requests.map(({ path }) => path)).toEqual(['/b'])
  })
})

test('a body that is no more when its turn comes is its own call’s error', async () => {
  const own = createHttpTransport()
  const ask = (path: string, body?: Uint8Array) =>
    call({ transport: own, url: `${upstream.url}${path}`, request: { body }, timeouts: { headers: 1000 } })
  await within('three connections', Promise.all(['a', 'b', 'c'].map((path) => ask(path).done)))
  const body = new Uint8Array(1000)
  const calls = [ask('1'), ask('2', body), ask('3')]
  structuredClone(body.buffer, { transfer: [body.buffer] })
  await until('the end of all', () => calls.every(({ over }) => over))
  expect(calls.map(({ events }) => events.at(-1))).toEqual(['end', 'error', 'end'])
  expect(calls[1]!.error).toBeInstanceOf(TypeError)
  expect(uncaught).toEqual([])
  await own.close()
})

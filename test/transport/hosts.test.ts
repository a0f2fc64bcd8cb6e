import dns from 'node:dns'
import { createServer } from 'node:net'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { Transport } from '../../src/transport/types.ts'
import { within } from '../suites/gateway-under-test.ts'
import { call, startUpstream, whole } from './support.ts'
import type { OnRequest } from './support.ts'

const onRequest: OnRequest = ({ socket }, { path }) => socket.write(whole(path))
const six = await new Promise<boolean>((resolve) => {
  const probe = createServer()
  probe.once('error', () => resolve(false))
  probe.listen(0, '::1', () => probe.close(() => resolve(true)))
})
if (!six) console.log('skipped: no ::1 on this machine')

let transport: Transport
beforeEach(() => void (transport = createHttpTransport()))
afterEach(async () => {
  vi.restoreAllMocks()
  await transport.close()
})

/** Every name leads to these addresses. */
function resolveTo(...addresses: string[]) {
  const found = addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }))
  const lookup = (_host: string, _options: unknown, done: (error: null, all: typeof found) => void) =>
    setImmediate(() => done(null, found))
  return vi.spyOn(dns, 'lookup').mockImplementation(lookup as never)
}

test.skipIf(!six)('an IPv6 address', async () => {
  const upstream = await startUpstream({ onRequest, host: '::1' })
  for (const path of ['a', 'b']) {
    const seen = await within('the answer', call({ transport, url: `http://[::1]:${upstream.port}/${path}` }).done)
    expect(seen.error).toBeUndefined()
    expect(seen.body().toString()).toBe(`/${path}`)
  }
  expect(upstream.peers.length).toBe(1)
  expect(upstream.requests[0]!.head).toContain(`host: [::1]:${upstream.port}\r\n`)
  await upstream.close()
})

test('a name', async () => {
  const upstream = await startUpstream(onRequest)
  const lookup = resolveTo('127.0.0.1')
  const seen = await within('the answer', call({ transport, url: `http://Some-Where.invalid:${upstream.port}/a` }).done)
  expect(seen.body().toString()).toBe('/a')
  expect(upstream.requests[0]!.head).toContain(`host: some-where.invalid:${upstream.port}\r\n`)
  expect(lookup.mock.lastCall![0]).toBe('some-where.invalid')
  await upstream.close()
})

test('a name of several addresses, of which one answers', async () => {
  const upstream = await startUpstream(onRequest)
  const large = await startUpstream(({ socket }) => socket.write(whole(Buffer.alloc(3_000_000, 'abc'))))
  resolveTo('127.0.0.2', '127.0.0.3', '127.0.0.1')
  const url = `http://somewhere.invalid:${upstream.port}/`
  for (let i = 0; i < 3; i++) expect((await within('the answer', call({ transport, url }).done)).error).toBeUndefined()
  expect(upstream.peers.length).toBe(1)
  // A long body is read with the same memory on a socket whose handle was made anew.
  const seen = await within('the answer', call({ transport, url: `http://somewhere.invalid:${large.port}/` }).done)
  expect(seen.body().equals(Buffer.alloc(3_000_000, 'abc'))).toBe(true)
  await upstream.close()
  await large.close()
})

test('a name of several addresses, of which none answers', async () => {
  const none = await startUpstream()
  await none.close()
  resolveTo('127.0.0.2', '127.0.0.3')
  const seen = await within('the error', call({ transport, url: `http://somewhere.invalid:${none.port}/` }).done)
  expect(seen).toMatchObject({ events: ['start', 'error'] })
  expect(seen.code()).toBe('ECONNREFUSED')
})

test('names that only look alike have connections of their own', async () => {
  const upstream = await startUpstream(onRequest)
  resolveTo('127.0.0.1')
  for (const host of ['a.invalid', 'b.invalid', 'A.INVALID', '127.0.0.1']) {
    await within('the answer', call({ transport, url: `http://${host}:${upstream.port}/` }).done)
  }
  expect(upstream.peers.length).toBe(3)
  expect(upstream.peers[0]!.requests.length).toBe(2)
  await upstream.close()
})

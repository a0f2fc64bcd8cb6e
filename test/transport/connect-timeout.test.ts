import dns from 'node:dns'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import { Clock } from '../../src/transport/http/clock.ts'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { Transport } from '../../src/transport/types.ts'
import { until, within } from '../suites/gateway-under-test.ts'
import { call, startUpstream, turns, whole } from './support.ts'
import type { Upstream } from './support.ts'

/** Time as the transport's clock has it; sockets have the real one. */
beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] }))
afterEach(() => {
  // The clock is the process's: whatever a test left behind is over before the next one has other timers.
  vi.advanceTimersByTime(1_000_000)
  vi.useRealTimers()
  vi.restoreAllMocks()
})

describe('the clock', () => {
  test('ticks ten times in a second, for all that are watched', () => {
    const clock = new Clock()
    const seen: string[] = []
    const a = { tick: (now: number) => void seen.push(`a${now}`) }
    const b = { tick: (now: number) => void seen.push(`b${now}`) }
    clock.add(a)
    vi.advanceTimersByTime(200)
    clock.add(b)
    vi.advanceTimersByTime(100)
    clock.remove(a)
    vi.advanceTimersByTime(100)
    clock.remove(b)
    vi.advanceTimersByTime(1000)
    expect(seen).toEqual(['a1', 'a2', 'a3', 'b3', 'b4'])
    expect(vi.getTimerCount()).toBe(0)
    clock.add(b)
    vi.advanceTimersByTime(100)
    expect(seen.at(-1)).toBe('b5')
    clock.remove(b)
  })

  test('is never early', () => {
    const clock = new Clock()
    const watched = { tick() {} }
    clock.add(watched)
    for (const ms of [1, 99, 100, 101, 250, 10_000]) {
      for (const offset of [0, 1, 50, 99]) {
        vi.advanceTimersByTime(offset)
        const due = clock.after(ms)
        let passed = 0
        for (; clock.now < due; passed++) vi.advanceTimersByTime(1)
        expect(passed).toBeGreaterThanOrEqual(ms)
        expect(passed).toBeLessThanOrEqual(ms + 200)
      }
    }
    clock.remove(watched)
  })

  test('calls those that leave while it goes round no more, and those that come in time', () => {
    const clock = new Clock()
    const seen: string[] = []
    const second = { tick: () => void seen.push('second') }
    const third = { tick: () => void seen.push('third') }
    const first = {
      tick() {
        seen.push('first')
        clock.remove(first)
        clock.remove(second)
        clock.add(third)
      },
    }
    clock.add(first)
    clock.add(second)
    vi.advanceTimersByTime(200)
    expect(seen).not.toContain('second')
    expect(seen.filter((name) => name === 'first').length).toBe(1)
    expect(seen).toContain('third')
    clock.remove(third)
    expect(vi.getTimerCount()).toBe(0)
  })
})

describe('a connection that is not made in time', () => {
  let transport: Transport
  let silent: Upstream
  let accepted = 0
  beforeAll(async () => {
    // Takes connections, and says nothing of TLS.
    silent = await startUpstream({ onConnect: () => accepted++ })
  })
  beforeEach(() => {
    accepted = 0
    transport = createHttpTransport({ connections: 1 })
  })
  afterAll(() => silent.close())

  /** Waits in the transport's time, and lets sockets do what they have to. */
  async function pass(ms: number) {
    for (let passed = 0; passed < ms; passed += 1000) {
      vi.advanceTimersByTime(1000)
      await turns(2)
    }
  }
  const https = () => silent.url.replace('http:', 'https:')

  test('is a timeout, be it its name that is not found', async () => {
    vi.spyOn(dns, 'lookup').mockImplementation((() => {}) as never)
    const seen = call({ transport, url: 'http://somewhere.invalid/', timeouts: { headers: 60_000 } })
    await pass(9000)
    expect(seen.over).toBe(false)
    await pass(2000)
    expect(seen).toMatchObject({ events: ['start', 'error'] })
    expect(seen.code()).toBe('CONNECT_TIMEOUT')
  })

  test('or its TLS that is not there', async () => {
    const seen = call({ transport, url: https(), timeouts: { headers: 60_000 } })
    await until('the connection', () => accepted === 1)
    await pass(9000)
    expect(seen.over).toBe(false)
    await pass(2000)
    expect(seen.code()).toBe('CONNECT_TIMEOUT')
    await until('the close', () => silent.peers.every(({ closed }) => closed))
  })

  test('makes room for the calls that wait', async () => {
    const calls = [1, 2, 3].map(() => call({ transport, url: https() }))
    await pass(11_000)
    expect(calls.map(({ over }) => over)).toEqual([true, false, false])
    await pass(11_000)
    expect(calls.map(({ over }) => over)).toEqual([true, true, false])
    await pass(11_000)
    expect(calls.map((seen) => seen.code())).toEqual(Array(3).fill('CONNECT_TIMEOUT'))
  })

  test('is no one’s when its call was aborted', async () => {
    const seen = call({ transport, url: https() })
    seen.control.abort()
    await pass(11_000)
    await until('the close', () => silent.peers.every(({ closed }) => closed))
    expect(seen.events).toEqual(['start'])
  })

  test('is late by no more for a reader that paused and resumed before it', async () => {
    const seen = call({ transport, url: https(), timeouts: { headers: 600_000 } })
    seen.control.pause()
    seen.control.resume()
    await pass(11_000)
    expect(seen.code()).toBe('CONNECT_TIMEOUT')
  })
})

describe('an unused connection', () => {
  test.each([
    ['is closed after half a minute', '', 28_000, 4000],
    ['is closed before the server does so', 'keep-alive: timeout=10\r\n', 7000, 2000],
    ['is closed after half a minute though the server has more patience', 'keep-alive: timeout=600\r\n', 28_000, 4000],
  ])('%s', async (_name, headers, kept, more) => {
    const upstream = await startUpstream(({ socket }) => socket.write(whole('ok', headers)))
    const transport = createHttpTransport()
    await within('the answer', call({ transport, url: upstream.url }).done)
    vi.advanceTimersByTime(kept)
    await turns(20)
    expect(upstream.peers[0]!.closed).toBe(false)
    // Each use counts anew.
    await within('the answer', call({ transport, url: upstream.url }).done)
    vi.advanceTimersByTime(kept)
    await turns(20)
    expect(upstream.peers.map(({ closed }) => closed)).toEqual([false])
    vi.advanceTimersByTime(more)
    await until('the close', () => upstream.peers[0]!.closed)
    expect((await within('the answer', call({ transport, url: upstream.url }).done)).error).toBeUndefined()
    expect(upstream.peers.length).toBe(2)
    await transport.close()
    await upstream.close()
  })
})

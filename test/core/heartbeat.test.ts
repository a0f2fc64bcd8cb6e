import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { keepAlive } from '../../src/heartbeat.ts'

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }))
afterEach(() => void vi.useRealTimers())

describe('keepAlive', () => {
  it('beats after the silence, again after the next, and not once stopped', () => {
    const stream = { sentAt: performance.now(), beat: vi.fn() }
    const stop = keepAlive(stream, 15)
    vi.advanceTimersByTime(14_000)
    expect(stream.beat).toHaveBeenCalledTimes(0)
    vi.advanceTimersByTime(1_000)
    expect(stream.beat).toHaveBeenCalledTimes(1)
    vi.advanceTimersByTime(15_000)
    expect(stream.beat).toHaveBeenCalledTimes(2)
    stop()
    vi.advanceTimersByTime(60_000)
    expect(stream.beat).toHaveBeenCalledTimes(2)
    expect(vi.getTimerCount()).toBe(0)
  })

  it('waits anew after every byte sent', () => {
    const stream = { sentAt: performance.now(), beat: vi.fn() }
    const stop = keepAlive(stream, 2)
    vi.advanceTimersByTime(1_000)
    stream.sentAt = performance.now()
    vi.advanceTimersByTime(1_000)
    expect(stream.beat).not.toHaveBeenCalled()
    stop()
  })
})

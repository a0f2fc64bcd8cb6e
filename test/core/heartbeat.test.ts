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

  it('goes on for the others when one is stopped, by itself or not', () => {
    const make = () => ({ sentAt: performance.now(), beat: vi.fn() })
    const [first, second, third, last] = [make(), make(), make(), make()]
    const stops = [first, second, third, last].map((stream) => keepAlive(stream, 2))
    second.beat.mockImplementation(() => stops[1]!())
    stops[0]!()
    stops[0]!()
    vi.advanceTimersByTime(2_000)
    expect([first, second, third, last].map(({ beat }) => beat.mock.calls.length)).toEqual([0, 1, 1, 1])
    vi.advanceTimersByTime(2_000)
    expect([first, second, third, last].map(({ beat }) => beat.mock.calls.length)).toEqual([0, 1, 2, 2])
    for (const stop of stops) stop()
    expect(vi.getTimerCount()).toBe(0)
  })
})

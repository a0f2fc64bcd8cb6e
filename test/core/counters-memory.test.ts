import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { expect, test } from 'vitest'
import { createMemoryCounters } from '../../src/counters/memory.ts'
import type { CounterResult } from '../../src/index.ts'

const MINUTE = 60_000

/** Asks for one place every `every` ms and gives the moments at which it was given. */
function flood(limit: number, { every, until }: { every: number; until: number }): number[] {
  let now = 1_700_000_000_123
  const start = now
  const counters = createMemoryCounters(() => now)
  const taken: number[] = []
  for (; now < start + until; now += every) {
    const op = { kind: 'window', key: 'w', by: 1, limit, windowMs: MINUTE } as const
    if ((counters.add([op]) as CounterResult).ok) taken.push(now - start)
  }
  return taken
}

function fullest(taken: readonly number[]): number {
  let most = 0
  for (let from = 0, to = 0; from < taken.length; from++) {
    while (to < taken.length && taken[to]! < taken[from]! + MINUTE) to++
    most = Math.max(most, to - from)
  }
  return most
}

test('add is synchronous', () => {
  const counters = createMemoryCounters()
  expect(counters.add([{ key: 'a', by: 1, limit: 1, ttlMs: 1 }])).not.toHaveProperty('then')
  expect(counters.settle([{ key: 'a', by: 1 }])).not.toHaveProperty('then')
  expect(counters.get(['a'])).not.toHaveProperty('then')
})

test('a flood gets what a window allows, never more, and at most 1 % less', () => {
  for (const [limit, every] of [
    [600, 10],
    [60, 7],
    [1, 50],
    [10_000, 4],
  ] as const) {
    const windows = 50
    const taken = flood(limit, { every, until: windows * MINUTE })
    expect(fullest(taken), `limit ${limit}`).toBe(limit)
    expect(taken.length / (limit * windows), `limit ${limit}`).toBeGreaterThanOrEqual(0.99)
    expect(taken.length / (limit * windows), `limit ${limit}`).toBeLessThanOrEqual(1)
  }
})

test('bursts around the edge of a minute get one limit, not two', () => {
  const edge = Math.ceil(1_700_000_000_000 / MINUTE) * MINUTE
  let now = edge - 50
  const counters = createMemoryCounters(() => now)
  const burst = () => {
    const op = { kind: 'window', key: 'w', by: 1, limit: 100, windowMs: MINUTE } as const
    return Array.from({ length: 300 }, () => counters.add([op]) as CounterResult).filter(({ ok }) => ok).length
  }
  expect(burst()).toBe(100)
  now = edge
  expect(burst()).toBe(0)
  now = edge + MINUTE / 2
  expect(burst()).toBe(0)
  now = edge + MINUTE
  expect(burst()).toBe(100)
})

test('keys that are over are forgotten', () => {
  let now = 1_000_000
  const counters = createMemoryCounters(() => now)
  const use = (i: number) =>
    counters.add([
      { key: `t${i}`, by: 1, limit: 9, ttlMs: 1000 },
      { kind: 'window', key: `w${i}`, by: 1, limit: 9, windowMs: 1000 },
      { kind: 'lease', key: `l${i}`, by: 1, limit: 9, leaseId: 'x', ttlMs: 1000 },
    ])
  const before = heap()
  for (let i = 0; i < 300_000; i++) {
    use(i)
    now += i % 10 === 0 ? 1000 : 0
    // Of leases that nobody settles something is kept for a day.
    counters.settle([{ key: `l${i}`, leaseId: 'x', by: 0 }])
  }
  expect(heap() - before).toBeLessThan(20 * 1024 * 1024)
})

function heap(): number {
  setFlagsFromString('--expose-gc')
  runInNewContext('gc')()
  return process.memoryUsage().heapUsed
}

test('a lease that is renewed counts by what it grows, beside a total of its key in the same step', () => {
  const counters = createMemoryCounters(() => 1000)
  const lease = { kind: 'lease', key: 'k', leaseId: 'a', ttlMs: 60_000 } as const
  counters.add([{ ...lease, by: 4, limit: 10 }])
  const result = counters.add([
    { ...lease, by: 6, limit: 10 },
    { key: 'k', by: 3, limit: 9, ttlMs: 60_000 },
  ])
  expect(result).toMatchObject({ ok: true, values: [6, 9] })
})

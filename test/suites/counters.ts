import { describe, expect, test } from 'vitest'
import type { CounterOp, Counters } from '@ungate/gateway'

/** What `testCounters` needs to know. */
export interface CountersSuite {
  name: string
  /** Counters that start empty. */
  make(): Counters | Promise<Counters>
  /** Lets time pass for them. */
  advance(ms: number): void | Promise<void>
}

const MINUTE = 60_000

/** What counters must hold: a step is applied whole or not at all, and no two callers get the same last place. */
export function testCounters({ name, make, advance }: CountersSuite): void {
  const op = (key: string, by: number, limit = Infinity, ttlMs = MINUTE): CounterOp => ({ key, by, limit, ttlMs })

  describe(`counters ${name}`, () => {
    test('add, read, give back', async () => {
      const counters = await make()
      expect(await counters.get(['a', 'b'])).toEqual([0, 0])
      expect(await counters.add([op('a', 3)])).toMatchObject({ ok: true, failed: -1, values: [3] })
      expect(await counters.add([op('a', 4), op('b', 1)])).toMatchObject({ ok: true, values: [7, 1] })
      expect(await counters.add([op('a', -2)])).toMatchObject({ ok: true, values: [5] })
      expect(await counters.get(['b', 'a', 'c'])).toEqual([1, 5, 0])
    })

    test('a limit may be reached, not crossed; a refused step changes nothing', async () => {
      const counters = await make()
      expect(await counters.add([op('a', 5, 5)])).toMatchObject({ ok: true, values: [5] })
      expect(await counters.add([op('b', 1, 9), op('a', 1, 5), op('c', 1, 9)])).toMatchObject({
        ok: false,
        failed: 1,
        values: [0, 5, 0],
      })
      expect(await counters.get(['a', 'b', 'c'])).toEqual([5, 0, 0])
    })

    test('giving back works above the limit too', async () => {
      const counters = await make()
      await counters.add([op('a', 9)])
      expect(await counters.add([op('a', -1, 5)])).toMatchObject({ ok: true, values: [8] })
    })

    test('large integers stay exact: money is nano-dollars', async () => {
      const counters = await make()
      await counters.add([op('a', 9_007_199_254_740_000)])
      expect(await counters.add([op('a', 991)])).toMatchObject({ values: [Number.MAX_SAFE_INTEGER] })
    })

    test('a counter lives from its first add, and starts anew', async () => {
      const counters = await make()
      const first = await counters.add([op('a', 1, 1, 1000)])
      expect(first.resetMs[0]).toBeGreaterThan(0)
      expect(first.resetMs[0]).toBeLessThanOrEqual(1000)
      await advance(600)
      expect((await counters.add([op('a', 1, 1, 1000)])).ok).toBe(false)
      await advance(600)
      expect(await counters.get(['a'])).toEqual([0])
      expect(await counters.add([op('a', 1, 1, 1000)])).toMatchObject({ ok: true, values: [1] })
    })

    test('one of many at once gets the last place', async () => {
      const counters = await make()
      const results = await Promise.all(
        Array.from({ length: 200 }, () => Promise.resolve(counters.add([op('a', 1, 50), op('b', 2, 1000)]))),
      )
      expect(results.filter(({ ok }) => ok)).toHaveLength(50)
      expect(await counters.get(['a', 'b'])).toEqual([50, 100])
    })

    test('keys of any kind', async () => {
      const counters = await make()
      const keys = ['__proto__', 'constructor', 'a:b', 'ä 🐦', '']
      for (const [i, key] of keys.entries()) await counters.add([op(key, i + 1)])
      expect(await counters.get(keys)).toEqual([1, 2, 3, 4, 5])
    })
  })
}

import { describe, expect, test } from 'vitest'
import type { Counters } from '@ungate/gateway'
import { lease, total, window } from './counter-ops.ts'
import { testLeases } from './counters-leases.ts'
import { testWindows } from './counters-windows.ts'

/** What `testCounters` needs to know. */
export interface CountersSuite {
  name: string
  /** Counters that start empty. */
  make(): Counters | Promise<Counters>
  /** Lets time pass for them. */
  advance(ms: number): void | Promise<void>
}

/** What counters must hold: a step is applied whole or not at all, and no two callers get the same last place. */
export function testCounters(suite: CountersSuite): void {
  testTotals(suite)
  testWindows(suite)
  testLeases(suite)
}

function testTotals({ name, make, advance }: CountersSuite): void {
  describe(`counters ${name}: totals`, () => {
    test('add, read, give back', async () => {
      const counters = await make()
      expect(await counters.get(['a', 'b'])).toEqual([0, 0])
      expect(await counters.add([total('a', 3)])).toMatchObject({ ok: true, failed: -1, values: [3] })
      expect(await counters.add([total('a', 4), total('b', 1)])).toMatchObject({ ok: true, values: [7, 1] })
      expect(await counters.add([total('a', -2)])).toMatchObject({ ok: true, values: [5] })
      expect(await counters.get(['b', 'a', 'c'])).toEqual([1, 5, 0])
    })

    test('a limit may be reached, not crossed; a refused step changes nothing', async () => {
      const counters = await make()
      expect(await counters.add([total('a', 5, 5)])).toMatchObject({ ok: true, values: [5] })
      const refused = await counters.add([total('b', 1, 9), total('a', 1, 5), total('c', 1, 9)])
      expect(refused).toMatchObject({ ok: false, failed: 1, values: [0, 5, 0] })
      expect(await counters.get(['a', 'b', 'c'])).toEqual([5, 0, 0])
    })

    test('all scopes of a step are taken or none, whatever their kinds', async () => {
      const counters = await make()
      await counters.add([total('t', 10, 10), window('w', 10, 10), lease('l', 10, 'x', { limit: 10 })])
      const fits = [total('t2', 1, 10), window('w2', 1, 10), lease('l2', 1, 'y', { limit: 10 })]
      for (const full of [total('t', 1, 10), window('w', 1, 10), lease('l', 1, 'y', { limit: 10 })]) {
        expect(await counters.add([...fits, full])).toMatchObject({ ok: false, failed: 3, values: [0, 0, 0, 10] })
        expect(await counters.add([full, ...fits])).toMatchObject({ ok: false, failed: 0, values: [10, 0, 0, 0] })
      }
      expect(await counters.get(['t', 'w', 'l', 't2', 'w2', 'l2'])).toEqual([10, 10, 10, 0, 0, 0])
    })

    test('operations of one step on the same key count together', async () => {
      const counters = await make()
      expect(await counters.add([total('a', 3, 5), total('a', 3, 5)])).toMatchObject({ ok: false, failed: 1 })
      expect(await counters.add([total('a', 3, 5), total('a', 2, 5)])).toMatchObject({ ok: true, values: [3, 5] })
      expect(await counters.get(['a'])).toEqual([5])
    })

    test('giving back works above the limit too', async () => {
      const counters = await make()
      await counters.add([total('a', 9), window('w', 9)])
      expect(await counters.add([total('a', -1, 5), window('w', -1, 5)])).toMatchObject({ ok: true, values: [8, 8] })
    })

    test('large integers stay exact: money is nano-dollars', async () => {
      const counters = await make()
      await counters.add([total('a', 9_007_199_254_740_000), lease('b', 9_007_199_254_740_991, 'x')])
      expect(await counters.add([total('a', 991)])).toMatchObject({ values: [Number.MAX_SAFE_INTEGER] })
      await counters.settle([{ key: 'b', leaseId: 'x', by: 9_007_199_254_740_991 }])
      expect(await counters.get(['a', 'b'])).toEqual([Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER])
    })

    test('what is no integer is refused before anything changes', async () => {
      const counters = await make()
      for (const by of [0.5, Number.NaN, Infinity, 2 ** 53]) {
        await expect(async () => counters.add([total('a', 1), total('b', by)])).rejects.toThrow(TypeError)
        await expect(async () => counters.settle([{ key: 'a', by }])).rejects.toThrow(TypeError)
      }
      await expect(async () => counters.add([total('a', 1, Number.NaN)])).rejects.toThrow(TypeError)
      expect(await counters.get(['a', 'b'])).toEqual([0, 0])
    })

    test('a lease or window without an end is refused', async () => {
      const counters = await make()
      await expect(async () => counters.add([lease('a', 1, 'x', { ttlMs: Infinity })])).rejects.toThrow(TypeError)
      await expect(async () => counters.add([window('a', 1, 1, { windowMs: Infinity })])).rejects.toThrow(TypeError)
      await expect(async () => counters.add([total('a', 1, 1, 0)])).rejects.toThrow(TypeError)
    })

    test('a counter lives from its first add, and starts anew', async () => {
      const counters = await make()
      const first = await counters.add([total('a', 1, 1, 2000)])
      expect(first.resetMs[0]).toBeGreaterThan(0)
      expect(first.resetMs[0]).toBeLessThanOrEqual(2000)
      await advance(600)
      const refused = await counters.add([total('a', 1, 1, 2000)])
      expect(refused.ok).toBe(false)
      expect(refused.resetMs[0]).toBeLessThanOrEqual(1400)
      await advance(1500)
      expect(await counters.get(['a'])).toEqual([0])
      expect(await counters.add([total('a', 1, 1, 2000)])).toMatchObject({ ok: true, values: [1] })
    })

    test('one that never ends says so', async () => {
      const counters = await make()
      expect(await counters.add([total('a', 1, 5, Infinity)])).toMatchObject({ resetMs: [Infinity] })
      expect(await counters.add([total('a', 9, 5, Infinity)])).toMatchObject({ ok: false, resetMs: [Infinity] })
    })

    test('1,000 at once on a limit of 100: exactly 100', async () => {
      const counters = await make()
      const step = (i: number) => [total('t', 1, 100), window('w', 1, 1000), lease('l', 2, `${i}`, { limit: 10_000 })]
      const results = await Promise.all(Array.from({ length: 1000 }, async (_, i) => counters.add(step(i))))
      expect(results.filter(({ ok }) => ok)).toHaveLength(100)
      expect(await counters.get(['t', 'w', 'l'])).toEqual([100, 100, 200])
    })

    test('keys of any kind', async () => {
      const counters = await make()
      const keys = ['__proto__', 'constructor', 'a:b', 'ä 🐦', '', '{x}y']
      for (const [i, key] of keys.entries()) await counters.add([total(key, i + 1)])
      expect(await counters.get(keys)).toEqual([1, 2, 3, 4, 5, 6])
    })
  })
}

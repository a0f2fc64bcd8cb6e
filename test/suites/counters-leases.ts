import { describe, expect, test } from 'vitest'
import type { CountersSuite } from './counters.ts'
import { lease, MINUTE, total } from './counter-ops.ts'

/** What leases must hold, and what settling makes of them. */
export function testLeases({ name, make, advance }: CountersSuite): void {
  describe(`counters ${name}: leases`, () => {
    test('hold places until they are given back', async () => {
      const counters = await make()
      const take = (id: string) => counters.add([lease('slots', 1, id, { limit: 2 })])
      expect([(await take('a')).ok, (await take('b')).ok, (await take('c')).ok]).toEqual([true, true, false])
      expect(await counters.settle([{ key: 'slots', leaseId: 'a', by: 0 }])).toEqual({
        applied: [true],
        values: [1],
        pending: false,
      })
      expect((await take('c')).ok).toBe(true)
    })

    test('end by themselves', async () => {
      const counters = await make()
      await counters.add([lease('slots', 1, 'dead', { limit: 1, ttlMs: 1500 })])
      const refused = await counters.add([lease('slots', 1, 'next', { limit: 1, ttlMs: 1500 })])
      expect(refused.ok).toBe(false)
      expect(refused.resetMs[0]).toBeGreaterThan(0)
      expect(refused.resetMs[0]).toBeLessThanOrEqual(1500)
      await advance(1700)
      expect(await counters.get(['slots'])).toEqual([0])
      expect((await counters.add([lease('slots', 1, 'next', { limit: 1 })])).ok).toBe(true)
    })

    test('are renewed and changed by the same id, within the limit', async () => {
      const counters = await make()
      await counters.add([lease('budget', 60, 'a', { limit: 100, ttlMs: 1500 })])
      expect(await counters.add([lease('budget', 100, 'a', { limit: 100, ttlMs: MINUTE })])).toMatchObject({
        values: [100],
      })
      expect((await counters.add([lease('budget', 101, 'a', { limit: 100 })])).ok).toBe(false)
      await advance(1700)
      expect(await counters.get(['budget'])).toEqual([100])
      expect(await counters.add([lease('budget', 30, 'a', { limit: 10 })])).toMatchObject({ ok: true, values: [30] })
    })

    test('count with the total of their key; settling replaces them by what it was', async () => {
      const counters = await make()
      await counters.add([total('budget', 50)])
      expect(await counters.add([lease('budget', 40, 'a', { limit: 100 })])).toMatchObject({ ok: true, values: [90] })
      expect(await counters.add([lease('budget', 20, 'b', { limit: 100 })])).toMatchObject({ ok: false, values: [90] })
      expect(await counters.add([total('budget', 20, 100)])).toMatchObject({ ok: false, values: [90] })
      expect(await counters.get(['budget'], 'settled')).toEqual([50])
      expect(await counters.settle([{ key: 'budget', leaseId: 'a', by: 15 }])).toMatchObject({
        applied: [true],
        values: [65],
      })
      expect(await counters.get(['budget'], 'settled')).toEqual([65])
      expect((await counters.add([lease('budget', 35, 'b', { limit: 100 })])).ok).toBe(true)
    })

    test('are settled once, however often it is said', async () => {
      const counters = await make()
      await counters.add([lease('budget', 40, 'a'), lease('other', 40, 'a')])
      const settle = async () => counters.settle([{ key: 'budget', leaseId: 'a', by: 7 }])
      const all = await Promise.all(Array.from({ length: 20 }, settle))
      expect(all.filter(({ applied }) => applied[0])).toHaveLength(1)
      expect(await counters.get(['budget', 'other'])).toEqual([7, 40])
      expect(await counters.settle([{ key: 'budget', leaseId: 'never taken', by: 7 }])).toMatchObject({
        applied: [false],
      })
      expect(await counters.settle([{ key: 'nothing', leaseId: 'a', by: 7 }])).toMatchObject({
        applied: [false],
        values: [0],
      })
      expect(await counters.get(['budget'])).toEqual([7])
    })

    test('that ended by themselves are still settled, once', async () => {
      const counters = await make()
      await counters.add([lease('budget', 40, 'a', { ttlMs: 100 })])
      await advance(200)
      expect(await counters.get(['budget'])).toEqual([0])
      expect(await counters.settle([{ key: 'budget', leaseId: 'a', by: 9 }])).toMatchObject({
        applied: [true],
        values: [9],
      })
      expect(await counters.settle([{ key: 'budget', leaseId: 'a', by: 9 }])).toMatchObject({
        applied: [false],
        values: [9],
      })
    })

    test('several settlements are one step; one without a lease is just added', async () => {
      const counters = await make()
      await counters.add([lease('key', 40, 'a'), lease('team', 40, 'a'), lease('slots', 1, 'a')])
      const result = await counters.settle([
        { key: 'key', leaseId: 'a', by: 3 },
        { key: 'team', leaseId: 'a', by: 3 },
        { key: 'slots', leaseId: 'a', by: 0 },
        { key: 'model', by: 3 },
        { key: 'model', by: 4 },
      ])
      expect(result).toEqual({ applied: [true, true, true, true, true], values: [3, 3, 0, 7, 7], pending: false })
    })

    test('a total that settling starts has the life that it says', async () => {
      const counters = await make()
      await counters.settle([
        { key: 'short', by: 3, ttlMs: 1000 },
        { key: 'ever', by: 3 },
      ])
      expect(await counters.get(['short', 'ever'])).toEqual([3, 3])
      await advance(1200)
      expect(await counters.get(['short', 'ever'])).toEqual([0, 3])
      expect(await counters.add([total('ever', 0)])).toMatchObject({ resetMs: [Infinity] })
    })
  })
}

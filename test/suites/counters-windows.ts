import { describe, expect, test } from 'vitest'
import type { CountersSuite } from './counters.ts'
import { MINUTE, window } from './counter-ops.ts'

/** What sliding windows must hold, in any span of their length. */
export function testWindows({ name, make, advance }: CountersSuite): void {
  describe(`counters ${name}: windows`, () => {
    test('hold in every span of their length, not from minute to minute', async () => {
      const counters = await make()
      const windowMs = 1000
      const taken: number[] = []
      for (let step = 0; step < 60; step++) {
        const result = await counters.add([window('w', 1, 5, { windowMs })])
        if (result.ok) taken.push(result.at)
        await advance(50)
      }
      expect(taken.length).toBeGreaterThanOrEqual(10)
      const fullest = taken.map((from) => taken.filter((at) => at >= from && at < from + windowMs).length)
      expect(Math.max(...fullest)).toBe(5)
    })

    test('say when the refused would fit', async () => {
      const counters = await make()
      const windowMs = 3000
      await counters.add([window('w', 2, 5, { windowMs })])
      await advance(1000)
      await counters.add([window('w', 3, 5, { windowMs })])
      const two = await counters.add([window('w', 2, 5, { windowMs })])
      const three = await counters.add([window('w', 3, 5, { windowMs })])
      expect([two.ok, three.ok]).toEqual([false, false])
      expect(two.resetMs[0]).toBeLessThanOrEqual(2100)
      expect(three.resetMs[0]).toBeGreaterThan(two.resetMs[0]!)
      expect(three.resetMs[0]).toBeLessThanOrEqual(3100)
      await advance(two.resetMs[0]!)
      expect(await counters.add([window('w', 2, 5, { windowMs })])).toMatchObject({ ok: true, values: [5] })
    })

    test('more than the limit never fits', async () => {
      const counters = await make()
      expect(await counters.add([window('w', 6, 5)])).toMatchObject({ ok: false, values: [0], resetMs: [MINUTE] })
    })

    test('a correction leaves together with what it corrects', async () => {
      const counters = await make()
      const windowMs = 1500
      const first = await counters.add([window('w', 10, 10, { windowMs })])
      await advance(1000)
      expect(await counters.add([window('w', -8, Infinity, { windowMs, at: first.at })])).toMatchObject({ values: [2] })
      expect(await counters.add([window('w', 8, 10, { windowMs })])).toMatchObject({ ok: true, values: [10] })
      await advance(700)
      expect(await counters.get(['w'])).toEqual([8])
      // Too late to correct: it has left.
      expect(await counters.add([window('w', -8, Infinity, { windowMs, at: first.at })])).toMatchObject({ values: [8] })
    })
  })
}

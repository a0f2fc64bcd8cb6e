import fc from 'fast-check'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createMemoryCounters } from '../../src/counters/memory.ts'
import { createRedisCounters } from '../../src/counters/redis.ts'
import type { CounterOp, CounterResult, Settlement } from '../../src/index.ts'
import { borrowRedis } from '../../src/redis/client.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'

const found = hasRedis()
let redis: TestRedis
beforeAll(async () => {
  if (found) redis = await startRedis()
})
afterAll(async () => {
  if (found) await redis.kill()
})

const by = fc.integer({ min: -3, max: 9 })
const limit = fc.constantFrom(0, 5, 10, 30, Infinity)
const leaseId = fc.constantFrom('a', 'b', 'c', 'g')
const totalKey = fc.constantFrom('x', 'y')
const life = fc.constantFrom(5, 20, 60_000, Infinity)
const op: fc.Arbitrary<CounterOp> = fc.oneof(
  fc.record({ key: totalKey, by, limit, ttlMs: life }),
  fc
    .record({ kind: fc.constant('window' as const), by, limit, windowMs: fc.constantFrom(30, 10_000) })
    .map((window) => ({ ...window, key: `w${window.windowMs}` })),
  fc.record({
    kind: fc.constant('lease' as const),
    key: totalKey,
    by: fc.nat({ max: 9 }),
    limit,
    leaseId,
    ttlMs: fc.constantFrom(5, 20, 60_000),
  }),
)
const settlement: fc.Arbitrary<Settlement> = fc.record(
  { key: totalKey, leaseId, by, ttlMs: life },
  { requiredKeys: ['key', 'by'] },
)
const step = fc.oneof(
  fc.record({ add: fc.array(op, { minLength: 1, maxLength: 4 }) }),
  fc.record({ settle: fc.array(settlement, { minLength: 1, maxLength: 3 }) }),
  fc.record({ wait: fc.constantFrom(1, 6, 25) }),
)

test('Redis and memory do the same, step by step', async () => {
  if (!found) return
  const { store, release } = await borrowRedis({ url: redis.url, deadline: 5000 })
  let runs = 0
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      let now = 0
      const there = createRedisCounters(store, { prefix: `run-${++runs}` })
      const here = createMemoryCounters(() => now)
      const tick = async () => {
        // Redis' clock is the one that counts.
        const result = await there.add([{ key: 'clock', by: 0, limit: 0, ttlMs: 60_000 }])
        return result.at
      }
      for (const { add, settle, wait } of steps as { add?: CounterOp[]; settle?: Settlement[]; wait?: number }[]) {
        if (wait) await new Promise((resolve) => setTimeout(resolve, wait))
        if (add) {
          const result = await there.add(add)
          now = result.at
          const local = here.add(add) as CounterResult
          // When some lease ends by itself is only estimated in memory.
          const estimated = add[result.failed]?.kind === 'lease' ? [...local.resetMs] : undefined
          if (estimated) estimated[result.failed] = result.resetMs[result.failed]!
          expect(estimated ? { ...local, resetMs: estimated } : local).toEqual(result)
        }
        if (settle) {
          const before = await tick()
          const result = await there.settle(settle)
          const after = await tick()
          // A millisecond that passes in between may end something: such a run says nothing.
          if (before !== after) return
          now = after
          expect(here.settle(settle)).toEqual(result)
        }
      }
    }),
    { numRuns: 300 },
  )
  await release()
})

import { afterAll, beforeAll, expect, it, vi } from 'vitest'
import { logger } from '../../../src/index.ts'
import type { GatewayConfig } from '../../../src/index.ts'
import { hasRedis, startRedis } from '../../support/redis.ts'
import type { TestRedis } from '../../support/redis.ts'
import { budgetGateway, costOf, errorOf, hard, keyScope, priced, usd } from './support.ts'

const found = hasRedis()
let redis: TestRedis
let names = 0
beforeAll(async () => {
  vi.spyOn(logger, 'warn').mockImplementation(() => {})
  vi.spyOn(logger, 'info').mockImplementation(() => {})
  if (found) redis = await startRedis()
})
afterAll(async () => {
  if (found) await redis.kill()
})

const CALL = 5_000_006

/** Nodes that share a Redis, each with a connection of its own. */
function nodes(count: number, config: GatewayConfig = {}) {
  const base = `budget-${++names}`
  return Promise.all(
    Array.from({ length: count }, (_node, i) =>
      budgetGateway([keyScope({ budgets: [hard(1, { soft: usd(0.3) })] })], {
        ...config,
        storage: {
          counters: { driver: 'redis', url: redis.url, base, connectionName: `${base}-${i}`, deadline: 5000 },
          default: { driver: 'memory' },
        },
      }),
    ),
  )
}

if (found) {
  it('200 calls at once over three nodes overspend by nothing, and hold nothing at the end', async () => {
    const all = await nodes(3)
    const answers = await Promise.all(Array.from({ length: 200 }, (_call, i) => all[i % 3]!.ask()))
    const ok = answers.filter(({ status }) => status === 200).length
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]))
    expect(ok).toBeGreaterThanOrEqual(99)
    await vi.waitFor(async () => expect(await all[0]!.held('spend:key:k1')).toEqual([ok * CALL]))
    // What was held and not used can be spent.
    for (let i = 0; ; i++) if ((await all[i % 3]!.ask({ max_tokens: 50 })).status !== 200) break
    const calls = all.flatMap(({ records }) => records).length
    expect(calls).toBeGreaterThan(200)
    await vi.waitFor(async () => {
      const [held] = await all[0]!.held('spend:key:k1')
      expect(held).toBe(costOf(all.flatMap(({ records }) => records)))
      expect(held).toBe(199 * CALL)
    })
    await Promise.all(all.map(({ gateway }) => gateway.close()))
    const told = all.flatMap(({ events }) => events).map(({ type, budget }) => `${type} ${budget!.threshold ?? ''}`)
    expect(told.sort()).toEqual([
      'budget_crossed 1',
      'soft_budget_crossed ',
      'threshold_crossed 0.85',
      'threshold_crossed 0.95',
    ])
  })

  it('with failures, latencies and clients that leave', async () => {
    const models = [
      priced({ latency: 20 }),
      priced({ name: 'bad', model: 'mock/error-500' }),
      priced({ name: 'slow', latency: 60 }),
      priced({ name: 'broken', model: 'mock/error-midstream' }),
    ]
    const all = await nodes(3, { models })
    await Promise.all(
      Array.from({ length: 150 }, async (_call, i) => {
        const leaving = new AbortController()
        if (i % 5 === 0) setTimeout(() => leaving.abort(), i % 40)
        const body = { model: ['m', 'bad', 'slow', 'broken'][i % 4], stream: i % 3 === 0 }
        const answer = await all[i % 3]!.ask(body, { signal: leaving.signal }).catch(() => undefined)
        await answer?.text().catch(() => undefined)
      }),
    )
    await vi.waitFor(async () => {
      expect(all.map(({ gateway }) => gateway.inFlight())).toEqual([0, 0, 0])
      expect(all.flatMap(({ records }) => records)).toHaveLength(150)
      const spent = costOf(all.flatMap(({ records }) => records))
      expect(await all[0]!.held('spend:key:k1')).toEqual([spent])
      expect(spent).toBeLessThanOrEqual(usd(1))
      expect(spent).toBeGreaterThan(0)
    })
  })

  it('tells the key’s spend without waiting for Redis: what it was when the call began, and the call', async () => {
    const [node] = await nodes(1)
    const spend = async () => (await node!.ask()).headers.get('x-litellm-key-spend')
    expect([await spend(), await spend()]).toEqual(['0.005000006', '0.010000012'])
    const stream = await node!.ask({ stream: true })
    expect(stream.headers.get('x-litellm-key-spend')).toBe('0.010000012')
    await stream.text()
  })

  it('Redis away: calls under a budget are refused, or go on and are counted when it is back', async () => {
    const own = await startRedis()
    const storage = (i: number) => ({
      counters: { driver: 'redis', url: own.url, base: 'away', connectionName: `away-${names}-${i}`, deadline: 250 },
      default: { driver: 'memory' },
    })
    const scopes = [keyScope({ budgets: [hard(1)] })]
    const closed = await budgetGateway(scopes, { storage: storage(1) })
    const open = await budgetGateway(scopes, { storage: storage(2), plugins: { budget: { whenAway: 'open' } } })
    const free = await budgetGateway([keyScope({ id: 'k2' })], { storage: storage(3) })
    try {
      expect([(await closed.ask()).status, (await open.ask()).status, (await free.ask()).status]).toEqual([
        200, 200, 200,
      ])
      own.pause()
      const refused = await closed.ask()
      expect([refused.status, (await errorOf(refused)).code]).toEqual([503, 'store_away'])
      expect([(await open.ask()).status, (await free.ask()).status]).toEqual([200, 200])
    } finally {
      own.resume()
    }
    await vi.waitFor(
      async () => {
        expect(await free.held('spend:key:k1', 'spend:key:k2')).toEqual([3 * CALL, 2 * CALL])
      },
      { timeout: 15_000, interval: 50 },
    )
    await vi.waitFor(async () => expect((await closed.ask()).status).toBe(200), { timeout: 15_000, interval: 50 })
    await Promise.all([closed, open, free].map(({ gateway }) => gateway.close()))
    await own.kill()
  })
}

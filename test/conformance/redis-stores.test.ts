import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Counters } from '../../src/index.ts'
import { createRedisCounters } from '../../src/counters/redis.ts'
import { borrowRedis } from '../../src/redis/client.ts'
import { createGatewayStorage } from '../../src/storage.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'
import { testCounters } from '../suites/counters.ts'
import { testStorage } from '../suites/storage.ts'

const found = hasRedis()
const wait = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms))
// A machine under load must not look like a Redis that is away.
const deadline = 5000
let redis: TestRedis
let names = 0
const closing: (() => Promise<unknown> | void)[] = []

beforeAll(async () => {
  if (found) redis = await startRedis()
})
afterAll(async () => {
  for (const close of closing) await close()
  if (found) await redis.kill()
})

/** Counters on a connection of their own. */
async function connect(prefix: string): Promise<Counters> {
  const { store, release } = await borrowRedis({ url: redis.url, deadline, connectionName: `client-${++names}` })
  closing.push(release)
  return createRedisCounters(store, { prefix })
}

test('a Redis can be started here, or the log says that there is none', () => {
  expect(typeof found).toBe('boolean')
})

if (found) {
  testCounters({ name: 'in Redis', make: () => connect(`suite-${++names}`), advance: wait })
  testStorage({
    name: 'in Redis',
    make: () =>
      createGatewayStorage({ default: { driver: 'redis', url: redis.url, deadline, base: `s${++names}` } }, undefined),
    advance: wait,
  })

  describe('several nodes on one Redis', () => {
    test('1,000 steps of three nodes on limits of 100: exactly 100', async () => {
      const nodes = await Promise.all([connect('nodes'), connect('nodes'), connect('nodes')])
      const step = (i: number) => [
        { key: 'total', by: 1, limit: 100, ttlMs: 60_000 },
        { kind: 'window' as const, key: 'window', by: 1, limit: 100, windowMs: 60_000 },
        { kind: 'lease' as const, key: 'money', by: 7, limit: 700, leaseId: `${i}`, ttlMs: 60_000 },
      ]
      const results = await Promise.all(Array.from({ length: 1000 }, async (_, i) => nodes[i % 3]!.add(step(i))))
      const ids = results.flatMap(({ ok }, i) => (ok ? [`${i}`] : []))
      expect(ids).toHaveLength(100)
      await Promise.all(ids.flatMap((leaseId) => nodes.map((node) => node.settle([{ key: 'money', leaseId, by: 5 }]))))
      for (const node of nodes) expect(await node.get(['total', 'window', 'money'])).toEqual([100, 100, 500])
    })

    test('keys go when nothing needs them', async () => {
      const counters = await connect('ends')
      await counters.add([
        { key: 'a', by: 1, limit: 9, ttlMs: 300 },
        { kind: 'window', key: 'b', by: 1, limit: 9, windowMs: 300 },
      ])
      await wait(500)
      const { store, release } = await borrowRedis({ url: redis.url, deadline, connectionName: 'ends' })
      expect(await store.run((client) => client.keys('{ends}*'))).toEqual([])
      await release()
    })
  })

  test('a step holds in a cluster: all keys are in one slot', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'gateway-cluster-'))
    const node = await startRedis(['--cluster-enabled', 'yes', '--cluster-announce-ip', '127.0.0.1', '--dir', folder])
    closing.push(async () => {
      await node.kill()
      rmSync(folder, { recursive: true })
    })
    const direct = await borrowRedis({ url: node.url, deadline })
    await direct.store.run((client) => client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383'))
    while (!String(await direct.store.run((client) => client.call('CLUSTER', 'INFO'))).includes('cluster_state:ok'))
      await wait(50)
    await direct.release()
    const settings = { cluster: [{ host: '127.0.0.1', port: node.port }], deadline }
    const { store, release } = await borrowRedis(settings)
    const counters = createRedisCounters(store)
    const ops = ['a', 'b', 'c', 'd'].map((key) => ({ key, by: 2, limit: 3, ttlMs: 60_000 }))
    expect(await counters.add([...ops, { kind: 'window', key: 'w', by: 1, limit: 1, windowMs: 1000 }])).toMatchObject({
      ok: true,
    })
    expect(await counters.add(ops)).toMatchObject({ ok: false, failed: 0, values: [2, 2, 2, 2] })
    expect(await counters.get(['a', 'b', 'w'])).toEqual([2, 2, 1])
    const storage = await createGatewayStorage({ default: { driver: 'redis', ...settings } }, undefined)
    for (const key of ['x:1', 'x:2', 'y:1']) await storage.setItem(key, { key })
    expect((await storage.getKeys('x')).sort()).toEqual(['x:1', 'x:2'])
    await storage.clear()
    expect(await storage.getKeys()).toEqual([])
    await storage.dispose()
    await release()
  })
}

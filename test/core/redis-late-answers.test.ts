import { createServer, connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { expect, onTestFinished, test, vi } from 'vitest'
import { createRedisCounters } from '../../src/counters/redis.ts'
import { logger } from '../../src/logger.ts'
import { borrowRedis } from '../../src/redis/client.ts'
import type { RedisStore } from '../../src/redis/client.ts'
import { hasRedis, startRedis } from '../support/redis.ts'

const found = hasRedis()
const DEADLINE_MS = 250

/** A way to Redis on which requests go through at once; while `lag` is set, answers come back so many milliseconds late. */
async function startLaggingProxy(port: number) {
  const way = { url: '', lag: 0 }
  const sockets = new Set<Socket>()
  const server = createServer((client) => {
    const redis = connect(port, '127.0.0.1')
    for (const socket of [client, redis]) {
      sockets.add(socket)
      socket.on('error', () => (client.destroy(), redis.destroy()))
      socket.on('close', () => (client.destroy(), redis.destroy()))
    }
    client.on('data', (data) => redis.write(data))
    let before: Promise<unknown> = Promise.resolve()
    redis.on('data', (data) => {
      const due = Date.now() + way.lag
      // In their order, also where the lag has changed.
      before = before.then(() => sleep(Math.max(0, due - Date.now()))).then(() => client.writable && client.write(data))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()))
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  way.url = `redis://127.0.0.1:${(server.address() as AddressInfo).port}`
  return way
}

async function open(url: string): Promise<RedisStore> {
  const { store, release } = await borrowRedis({ url, deadline: DEADLINE_MS })
  onTestFinished(release)
  return store
}

test('a Redis can be started here, or the log says that there is none', () => {
  expect(typeof found).toBe('boolean')
})

if (found) {
  test('what was settled in time counts once, though nobody heard of it', async () => {
    vi.spyOn(logger, 'warn').mockImplementation(() => {})
    vi.spyOn(logger, 'info').mockImplementation(() => {})
    const redis = await startRedis()
    onTestFinished(() => redis.kill())
    const way = await startLaggingProxy(redis.port)
    const store = await open(way.url)
    const counters = createRedisCounters(store)
    const beside = createRedisCounters(await open(redis.url))
    expect(await counters.settle([{ key: 'money', by: 1 }])).toMatchObject({ applied: [true], values: [1] })

    way.lag = DEADLINE_MS * 2
    const late = [counters.settle([{ key: 'money', by: 10 }]), counters.settle([{ key: 'money', by: 100 }])]
    expect(await Promise.all(late)).toMatchObject([{ pending: true }, { pending: true }])
    expect(await beside.get(['money'])).toEqual([111])
    // Brought again every second, and answered too late every time.
    await sleep(2500)
    expect(await beside.get(['money'])).toEqual([111])

    way.lag = 0
    // Until the answers that are on their way have come: those behind them would be late as well.
    await sleep(DEADLINE_MS * 3)
    await vi.waitFor(() => expect(store.away).toBe(false), { timeout: 10_000 })
    await counters.close?.()
    expect(await beside.get(['money'])).toEqual([111])
    // What was heard of is forgotten with the next step.
    await counters.settle([{ key: 'money', by: 1000 }])
    expect(await beside.get(['money'])).toEqual([1111])
    const kept = await store.client.keys('{ungate}:n:*')
    expect(await Promise.all(kept.map((key) => store.client.hlen(key)))).toEqual([1])
  })
}

import { createServer } from 'node:net'
import type { AddressInfo, Server, Socket } from 'node:net'
import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { StoreAway, addWhenAway, createGateway, definePlugin, z } from '../../src/index.ts'
import type { CounterOp, Counters } from '../../src/index.ts'
import { createRedisCounters } from '../../src/counters/redis.ts'
import { logger } from '../../src/logger.ts'
import { borrowRedis } from '../../src/redis/client.ts'
import type { RedisStore } from '../../src/redis/client.ts'
import { createGatewayStorage } from '../../src/storage.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'

const found = hasRedis()
/** Milliseconds. More than by default: a busy machine must not look like a Redis that is away. */
const deadline = 250
let redis: TestRedis
let names = 0
const closing: (() => Promise<unknown> | void)[] = []

beforeAll(async () => {
  vi.spyOn(logger, 'warn').mockImplementation(() => {})
  vi.spyOn(logger, 'info').mockImplementation(() => {})
  if (found) redis = await startRedis()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
})
afterAll(async () => {
  if (found) await redis.kill()
})

const one = (key: string): CounterOp[] => [{ key, by: 1, limit: 1_000_000, ttlMs: 600_000 }]

async function connect(url: string): Promise<{ counters: Counters; store: RedisStore }> {
  const { store, release } = await borrowRedis({ url, deadline, connectionName: `away-${++names}` })
  closing.push(release)
  return { store, counters: createRedisCounters(store, { prefix: `away-${names}` }) }
}

/** Steps one after the other: how many were done, and why the others were not. */
async function steps(counters: Counters, count: number): Promise<string[]> {
  const outcomes: string[] = []
  for (let i = 0; i < count; i++) {
    try {
      await counters.add(one('k'))
      outcomes.push('done')
    } catch (error) {
      outcomes.push(error instanceof StoreAway ? error.reason : String(error))
    }
  }
  return outcomes
}

const backAgain = (store: RedisStore) =>
  vi.waitFor(() => expect(store.away).toBe(false), { timeout: 15_000, interval: 20 })

/** A server that takes connections and says nothing, or passes all to Redis late. */
async function listenLike(onSocket: (socket: Socket) => void): Promise<{ url: string }> {
  const sockets = new Set<Socket>()
  const server: Server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    onSocket(socket)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  closing.unshift(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  return { url: `redis://127.0.0.1:${(server.address() as AddressInfo).port}` }
}

test('a Redis that is not there: the gateway starts, and steps fail at once', async () => {
  const { url } = await listenLike((socket) => socket.destroy())
  const { counters, store } = await connect(url)
  expect(await steps(counters, 3)).toEqual(['open', 'open', 'open'])
  expect(store.away).toBe(true)
  await vi.waitFor(() => {
    expect(logger.warn).toHaveBeenLastCalledWith(expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ is away \(failed/))
  })
})

test('a Redis that takes connections and hangs from the start', async () => {
  const { url } = await listenLike(() => {})
  const { counters } = await connect(url)
  expect(await steps(counters, 3)).toEqual(['open', 'open', 'open'])
})

test('each caller says what a store that is away means for it', async () => {
  const { url } = await listenLike((socket) => socket.destroy())
  const { counters } = await connect(url)
  expect(await addWhenAway(counters, one('k'), 'open')).toBeUndefined()
  await expect(addWhenAway(counters, one('k'), 'closed')).rejects.toMatchObject({
    status: 503,
    code: 'store_away',
    retryAfter: 1,
    message: 'The gateway cannot check limits at the moment. Try again shortly.',
  })
})

test('a plugin can refuse calls that it cannot count', async () => {
  const { url } = await listenLike((socket) => socket.destroy())
  const gateway = await createGateway(
    {
      models: [{ name: 'm', model: 'mock/echo', pace: 0, latency: 0, rpm: 2 }],
      storage: { counters: { driver: 'redis', url }, default: { driver: 'memory' } },
      plugins: { retry: { retries: 0 }, 'deployment-limits': { whenAway: 'closed' } },
    },
    { env: {} },
  )
  closing.push(() => gateway.close())
  const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
  const response = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', body })
  expect([response.status, response.headers.get('retry-after')]).toEqual([503, '1'])
  expect(await response.json()).toMatchObject({ error: { code: 'store_away', type: 'overloaded_error' } })
})

test('no password comes into messages', async () => {
  const { url } = await listenLike((socket) => socket.destroy())
  const secret = url.replace('redis://', 'redis://someone:swordfish@')
  const { counters } = await connect(secret)
  const error = await Promise.resolve(counters.get(['k'])).catch((thrown: unknown) => thrown)
  const said = [error, (error as Error).stack, vi.mocked(logger.warn).mock.calls.at(-1)].map(String).join()
  expect(said).toContain('127.0.0.1')
  expect(said).not.toContain('swordfish')
})

if (found) {
  test('hung: every step ends, five of them by their deadline and then at once; after it, none of them is done late', async () => {
    const { counters, store } = await connect(redis.url)
    expect(await steps(counters, 3)).toEqual(['done', 'done', 'done'])
    redis.pause()
    try {
      expect(await steps(counters, 7)).toEqual([...Array(5).fill('timeout'), 'open', 'open'])
      expect(await Promise.all(Array.from({ length: 50 }, () => steps(counters, 1)))).toEqual(Array(50).fill(['open']))
      await new Promise((resolve) => setTimeout(resolve, 200))
    } finally {
      redis.resume()
    }
    await backAgain(store)
    expect(await steps(counters, 2)).toEqual(['done', 'done'])
    expect(await counters.get(['k'])).toEqual([5])
  })

  test('one that is not there, or hangs, when the gateway starts is found when it comes', async () => {
    await redis.kill()
    const early = await connect(redis.url)
    expect(await steps(early.counters, 1)).toEqual(['open'])
    await redis.restart()
    await backAgain(early.store)
    expect(await steps(early.counters, 1)).toEqual(['done'])
    redis.pause()
    const other = await connect(redis.url).finally(() => redis.resume())
    await backAgain(other.store)
    expect(await steps(other.counters, 1)).toEqual(['done'])
  })

  test('killed and started anew: steps fail, settlements wait, all goes on without a restart', async () => {
    const { counters, store } = await connect(redis.url)
    expect(await steps(counters, 1)).toEqual(['done'])
    await redis.kill()
    const failures = await steps(counters, 7)
    expect(failures.filter((outcome) => outcome === 'done')).toEqual([])
    expect(failures.slice(5)).toEqual(['open', 'open'])
    expect(await counters.settle([{ key: 'money', by: 7 }])).toEqual({ applied: [false], values: [], pending: true })
    expect(await counters.settle([{ key: 'money', by: 8 }])).toMatchObject({ pending: true })
    await redis.restart()
    await backAgain(store)
    expect(await steps(counters, 1)).toEqual(['done'])
    await vi.waitFor(async () => expect(await counters.get(['money', 'k'])).toEqual([15, 1]), { timeout: 5000 })
  })

  test('hung at the very first step: what the caller gave up is done once, when it is brought again', async () => {
    const { counters } = await connect(redis.url)
    redis.pause()
    try {
      expect(await counters.settle([{ key: 'first', by: 7 }])).toMatchObject({ pending: true })
    } finally {
      redis.resume()
    }
    await vi.waitFor(async () => expect(await counters.get(['first'])).toEqual([7]), { timeout: 5000 })
    await new Promise((resolve) => setTimeout(resolve, 1500))
    expect(await counters.get(['first'])).toEqual([7])
  })

  test('settlements that wait outlive a reload of the config', async () => {
    const config = {
      storage: {
        default: { driver: 'redis', url: redis.url, base: 'reload', deadline, connectionName: `away-${++names}` },
      },
    }
    let counters: Counters | undefined
    const spy = definePlugin({
      name: 'spy',
      options: z.object({}),
      setup: (_options, gateway) => void (counters = gateway.counters),
    })
    const old = await createGateway({ ...config, use: [spy] }, { env: {} })
    redis.pause()
    try {
      expect(await counters!.settle([{ key: 'money', by: 7 }])).toMatchObject({ pending: true })
      const next = await createGateway({ ...config, use: [spy] }, { env: {} })
      closing.push(() => next.close())
      await old.close()
    } finally {
      redis.resume()
    }
    await vi.waitFor(async () => expect(await counters!.get(['money'])).toEqual([7]), { timeout: 15_000 })
  })

  test('slow: what would take 2 s fails by its deadline', async () => {
    const { url } = await listenLike((socket) => {
      let slow = false
      const upstream = new (socket.constructor as typeof Socket)()
      upstream.connect(redis.port, '127.0.0.1')
      upstream.on('error', () => socket.destroy())
      upstream.on('data', (data) => setTimeout(() => socket.writable && socket.write(data), slow ? 2000 : 0))
      socket.on('data', (data) => {
        slow ||= data.includes('slowly')
        upstream.write(data)
      })
      socket.on('close', () => upstream.destroy())
    })
    const { counters, store } = await connect(url)
    expect(await steps(counters, 2)).toEqual(['done', 'done'])
    await expect(counters.add(one('slowly'))).rejects.toMatchObject({ name: 'StoreAway', reason: 'timeout' })
    expect(await steps(counters, 6)).toEqual([...Array(4).fill('timeout'), 'open', 'open'])
    expect(store.away).toBe(true)
  })

  test('documents of a Redis that is away fail as counters do', async () => {
    const storage = await createGatewayStorage(
      { default: { driver: 'redis', url: redis.url, base: 'away', deadline, connectionName: `away-${++names}` } },
      undefined,
    )
    closing.push(() => storage.dispose())
    await storage.setItem('k', { x: 1 })
    redis.pause()
    try {
      for (let i = 0; i < 7; i++) await expect(storage.getItem('k')).rejects.toThrow(StoreAway)
      await expect(storage.setItem('k', 2)).rejects.toMatchObject({ reason: 'open' })
    } finally {
      redis.resume()
    }
    await vi.waitFor(async () => expect(await storage.getItem('k')).toEqual({ x: 1 }), { timeout: 15_000 })
  })

  test('a gateway keeps its counters where its documents are, on one connection, and answers while Redis hangs', async () => {
    const name = `gateway-${++names}`
    const gateway = await createGateway(
      {
        models: [{ name: 'm', model: 'mock/echo', pace: 0, latency: 0, rpm: 2 }],
        storage: {
          default: { driver: 'redis', url: redis.url, base: name, connectionName: name, deadline },
          other: { driver: 'redis', url: redis.url, base: 'other', connectionName: name, deadline },
        },
        plugins: { retry: { retries: 0 } },
      },
      { env: {} },
    )
    closing.push(() => gateway.close())
    const ask = async () => {
      const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] })
      const response = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', body })
      return response.status
    }
    expect([await ask(), await ask(), await ask()]).toEqual([200, 200, 429])
    const { store, release } = await borrowRedis({ url: redis.url })
    const clients = String(await store.run((client) => client.call('CLIENT', 'LIST')))
    expect(clients.split(`name=${name} `).length - 1).toBe(1)
    const keys = await store.run((client) => client.keys(`{${name}}*`))
    expect(keys.map((key) => key.replace(/deployment:[^:]+/, 'deployment:id'))).toEqual([
      `{${name}}:w:deployment:id:rpm`,
    ])
    await release()
    redis.pause()
    try {
      expect(await Promise.all([ask(), ask(), ask(), ask()])).toEqual([200, 200, 200, 200])
    } finally {
      redis.resume()
    }
  })
}

import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import { ConfigError } from '../../src/config/problem.ts'
import { createRedisCounters } from '../../src/counters/redis.ts'
import { logger } from '../../src/logger.ts'
import { openCounters } from '../../src/open-counters.ts'
import { borrowRedis } from '../../src/redis/client.ts'
import type { RedisSettings } from '../../src/redis/options.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'

/** More than by default: a busy machine must not look like a Redis that is away. */
const deadline = 250
const found = hasRedis()
let redis: TestRedis
const closing: (() => Promise<unknown> | void)[] = []

beforeAll(async () => {
  if (found) redis = await startRedis()
})
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close()
  vi.restoreAllMocks()
})
afterAll(async () => {
  if (found) await redis.kill()
})

async function borrow(settings: RedisSettings) {
  const { store, release } = await borrowRedis({ deadline, ...settings })
  closing.push(release)
  return store
}

const add = { key: 'k', by: 1, limit: 100, ttlMs: 60_000 }

test.each([
  ['a port that is none', { url: 'redis://:secret@localhost:99999' }, /cannot be read/],
  ['a password with a slash', { url: 'redis://:sec/ret@localhost:6379' }, /%2F/],
  ['a database that is no number', { url: 'redis://:secret@localhost/abc' }, /number of a database/],
  ['a database that only begins as a number', { url: 'redis://:secret@localhost/1a' }, /number of a database/],
  ['another protocol', { url: 'http://:secret@localhost:6379' }, /begins with redis:/],
  ['a `db` that is no number', { host: 'localhost', db: 'secret' }, /`db`/],
])('what ioredis would throw at, or fall over: %s', async (_what, settings, message) => {
  const failed = await borrowRedis(settings).catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(ConfigError)
  expect(String(failed)).toMatch(message)
  expect(String(failed)).not.toContain('sec')
})

if (found) {
  test.each(['localhost', '127.0.0.1', '//localhost'])('an address without a protocol is one: %s', async (host) => {
    const store = await borrow({ url: `${host}:${redis.port}` })
    expect(await store.run((client) => client.echo('here'))).toBe('here')
  })

  test('a database that the server does not have is a mistake, not database 0', async () => {
    const failed = await borrowRedis({ url: `${redis.url}/99` }).catch((error: unknown) => error)
    expect(failed).toBeInstanceOf(ConfigError)
    expect(String(failed)).toMatch(/refuses the database: ERR DB index is out of range/)
    const other = await borrow({ url: redis.url, db: 3 })
    await other.run((client) => client.set('only', 'in 3'))
    const zero = await borrow({ url: redis.url })
    expect(await zero.run((client) => client.exists('only'))).toBe(0)
  })

  test('nor is it database 0 where Redis came back without it', async () => {
    vi.spyOn(logger, 'warn').mockImplementation(() => {})
    const many = await startRedis(['--databases', '20'])
    closing.push(() => many.kill())
    const store = await borrow({ url: `${many.url}/18`, connectionName: 'moving' })
    await store.run((client) => client.set('k', 1))
    // As a server with 16 of them does.
    const admin = await borrow({ url: many.url })
    await admin.run((client) => client.call('ACL', 'SETUSER', 'default', '-select'))
    await admin.run((client) => client.call('CLIENT', 'KILL', 'SKIPME', 'yes', 'TYPE', 'normal'))
    await vi.waitFor(() => expect(store.noDatabase).toBeDefined(), { timeout: 15_000, interval: 5 })
    await expect(store.run((client) => client.set('k', 2))).rejects.toMatchObject({ name: 'StoreAway' })
    expect(await admin.run((client) => client.exists('k'))).toBe(0)
  })

  test('a Redis that answers, but does not do what it is asked, is told of, once a minute', async () => {
    const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
    const store = await borrow({ url: redis.url, connectionName: 'replica' })
    const counters = createRedisCounters(store, { prefix: 'replica' })
    await counters.add([add])
    await store.run((client) => client.replicaof('127.0.0.1', '1'))
    try {
      for (let i = 0; i < 3; i++) await expect(counters.add([add])).rejects.toMatchObject({ name: 'StoreAway' })
    } finally {
      await store.run((client) => client.replicaof('NO', 'ONE'))
    }
    const told = warn.mock.calls.map(([text]) => String(text)).filter((text) => /does not do what/.test(text))
    expect(told).toEqual([expect.stringMatching(/^Redis at 127\.0\.0\.1:\d+ does not do what it is asked: READONLY/)])
  })

  test('one that gives too few rights is away too: nothing that is settled meanwhile is lost', async () => {
    vi.spyOn(logger, 'warn').mockImplementation(() => {})
    const store = await borrow({ url: redis.url, connectionName: 'rights' })
    const admin = await borrow({ url: redis.url, connectionName: 'admin' })
    const counters = createRedisCounters(store, { prefix: 'rights' })
    closing.push(async () => counters.close?.())
    await counters.add([add])
    await admin.run((client) => client.call('ACL', 'SETUSER', 'default', '-evalsha', '-eval'))
    try {
      await expect(counters.add([add])).rejects.toMatchObject({ name: 'StoreAway' })
      expect(await counters.settle([{ key: 'k', by: 5 }])).toMatchObject({ pending: true })
    } finally {
      await admin.run((client) => client.call('ACL', 'SETUSER', 'default', '+@all'))
    }
    await vi.waitFor(async () => expect(await counters.get(['k'])).toEqual([6]), { timeout: 15_000, interval: 50 })
  })

  test.each([
    ['allkeys-lru', '100mb', 1],
    ['volatile-ttl', '100mb', 1],
    ['noeviction', '100mb', 0],
    ['allkeys-lru', '0', 0],
  ])('a Redis that would drop counters is told of: %s with maxmemory %s', async (policy, most, times) => {
    const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
    const full = await startRedis(['--maxmemory-policy', policy, '--maxmemory', most])
    closing.push(() => full.kill())
    const { counters, close } = await openCounters(
      { storage: { default: { driver: 'redis', url: full.url, deadline } } },
      undefined,
    )
    closing.push(close)
    // Its answer comes behind that of the question.
    await counters.add([add])
    expect(warn.mock.calls.map(([text]) => String(text))).toEqual(
      Array(times).fill(expect.stringContaining(`(maxmemory-policy ${policy})`)),
    )
  })
}

import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { createStorage } from 'unstorage'
import type { Storage } from 'unstorage'
import { createMemoryCounters, StoreAway } from '../../src/index.ts'
import type { BudgetDocument, Counters } from '../../src/index.ts'
import { createRedisCounters } from '../../src/counters/redis.ts'
import { logger } from '../../src/logger.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import type { OpenDirectory } from '../../src/directory/directory.ts'
import { borrowRedis } from '../../src/redis/client.ts'
import { createGatewayStorage } from '../../src/storage.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'

const found = hasRedis()
// A machine under load must not look like a Redis that is away.
const deadline = 5000
let redis: TestRedis
let names = 0

beforeAll(async () => {
  if (found) redis = await startRedis()
})
afterAll(async () => {
  if (found) await redis.kill()
})

/** A storage in memory that counts reads, can hold them back, and can be away. */
function watchedStorage() {
  const inner = createStorage()
  const state = { reads: 0, away: false, gate: undefined as Promise<void> | undefined }
  const storage = new Proxy(inner, {
    get(target, name, receiver) {
      if (name !== 'getItem' && name !== 'getKeys' && name !== 'setItem') return Reflect.get(target, name, receiver)
      return async (...args: unknown[]) => {
        if (state.away) throw new StoreAway('open', 'away')
        const value: unknown = await (target[name] as (...all: unknown[]) => unknown)(...args)
        if (name === 'getItem') {
          state.reads++
          await state.gate
        }
        return value
      }
    },
  }) as Storage
  return { storage, state }
}

function open(storage: Storage, counters: Counters, pollMs = 20): OpenDirectory {
  const directory = createDirectory({ storage, counters, pollMs })
  onTestFinished(() => directory.close())
  return directory
}

const stamps = { created_at: '2026-01-01T00:00:00Z', updated_at: '2026-01-01T00:00:00Z' }
const budget = (id: string, max_budget: number): BudgetDocument => ({ budget_id: id, max_budget, ...stamps })

/** Waits until nothing is read any more because of the first look for changes. */
async function settled(directory: OpenDirectory): Promise<void> {
  await directory.get('budget', 'warm')
  await vi.waitFor(() => expect(directory.version()).toBeGreaterThan(0))
}

describe('the cache', () => {
  test('a document is read once and then known at once; so is its absence', async () => {
    const { storage, state } = watchedStorage()
    const directory = open(storage, createMemoryCounters())
    await settled(directory)
    await directory.update('budget', 'b', () => budget('b', 1))
    state.reads = 0
    expect(directory.get('budget', 'b')).toEqual(budget('b', 1))
    expect(state.reads).toBe(0)
    expect(await directory.get('budget', 'nothing')).toBeUndefined()
    expect(state.reads).toBe(1)
    expect(directory.get('budget', 'nothing')).toBeUndefined()
    expect(state.reads).toBe(1)
  })

  test('many who ask at once cost one read', async () => {
    const { storage, state } = watchedStorage()
    const directory = open(storage, createMemoryCounters())
    await settled(directory)
    state.reads = 0
    const asked = Array.from({ length: 50 }, () => directory.get('key', 'unknown'))
    expect(await Promise.all(asked)).toEqual(asked.map(() => undefined))
    expect(state.reads).toBe(1)
  })

  test('the version grows with each change, and with nothing else', async () => {
    const { storage } = watchedStorage()
    const directory = open(storage, createMemoryCounters())
    await settled(directory)
    const before = directory.version()
    await directory.update('budget', 'b', () => budget('b', 1))
    expect(directory.version()).toBe(before + 1)
    await directory.update('budget', 'b', (stored) => stored)
    await directory.get('budget', 'c')
    expect(directory.version()).toBe(before + 1)
    await directory.update('budget', 'b', () => undefined)
    expect(directory.version()).toBe(before + 2)
    expect(directory.get('budget', 'b')).toBeUndefined()
  })

  test('the list follows changes', async () => {
    const { storage } = watchedStorage()
    const directory = open(storage, createMemoryCounters())
    await directory.update('budget', 'a', () => budget('a', 1))
    expect(await directory.list('budget')).toEqual([budget('a', 1)])
    await directory.update('budget', 'b', () => budget('b', 2))
    await directory.update('budget', 'a', () => undefined)
    expect(await directory.list('budget')).toEqual([budget('b', 2)])
  })

  test('any text is an id, and none is another', async () => {
    const directory = open(createStorage(), createMemoryCounters())
    const ids = ['a', 'a:b', 'a/b', 'a?b', '../a', '', 'ä', '%3A', 'x'.repeat(500)]
    for (const [i, id] of ids.entries()) await directory.update('budget', id, () => budget(id, i))
    for (const [i, id] of ids.entries()) expect(await directory.get('budget', id)).toEqual(budget(id, i))
    expect(await directory.list('budget')).toHaveLength(ids.length)
  })
})

describe('a read that a change overtakes', () => {
  test('does not bring the old document back', async () => {
    const { storage, state } = watchedStorage()
    const writer = open(storage, createMemoryCounters())
    await writer.update('budget', 'b', () => budget('b', 1))
    const directory = open(storage, createMemoryCounters())
    await settled(directory)
    state.reads = 0
    let release = () => {}
    state.gate = new Promise((resolve) => (release = resolve))
    const reading = directory.get('budget', 'b')
    await vi.waitFor(() => expect(state.reads).toBeGreaterThan(0))
    state.gate = undefined
    await directory.update('budget', 'b', () => budget('b', 2))
    release()
    expect(await reading).toEqual(budget('b', 2))
    expect(directory.get('budget', 'b')).toEqual(budget('b', 2))
  })
})

describe('storage that is away', () => {
  test('what is known goes on, what is not is refused', async () => {
    const { storage, state } = watchedStorage()
    const directory = open(storage, createMemoryCounters())
    await settled(directory)
    await directory.update('budget', 'b', () => budget('b', 1))
    state.away = true
    expect(directory.get('budget', 'b')).toEqual(budget('b', 1))
    await expect(directory.get('budget', 'other')).rejects.toThrow(StoreAway)
    await expect(directory.update('budget', 'b', () => budget('b', 2))).rejects.toThrow(StoreAway)
    expect(directory.get('budget', 'b')).toEqual(budget('b', 1))
    state.away = false
    expect(await directory.get('budget', 'other')).toBeUndefined()
  })
})

describe('changes', () => {
  test('100 at once on one document: none is lost', async () => {
    const directory = open(createStorage(), createMemoryCounters())
    await Promise.all(
      Array.from({ length: 100 }, () =>
        directory.update('budget', 'b', async (stored) => {
          await Promise.resolve()
          return budget('b', (stored?.max_budget ?? 0) + 1)
        }),
      ),
    )
    expect(await directory.get('budget', 'b')).toEqual(budget('b', 100))
  })

  test('a change that throws changes nothing and holds nobody up', async () => {
    const directory = open(createStorage(), createMemoryCounters())
    await directory.update('budget', 'b', () => budget('b', 1))
    await expect(directory.update('budget', 'b', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await directory.update('budget', 'b', (stored) => stored)).toEqual(budget('b', 1))
  })
})

if (found) {
  describe('several nodes on one Redis', () => {
    /** A node: its own connection for counters, the same documents. */
    async function node(name: string): Promise<OpenDirectory> {
      const { store, release } = await borrowRedis({ url: redis.url, deadline, connectionName: `directory-${++names}` })
      onTestFinished(() => release())
      const storage = await createGatewayStorage(
        { default: { driver: 'redis', url: redis.url, deadline, base: name } },
        undefined,
      )
      onTestFinished(() => storage.dispose())
      return open(storage, createRedisCounters(store, { prefix: name }))
    }

    test('a change on one is seen on the others, absence included', async () => {
      const name = `d${++names}`
      const [a, b] = [await node(name), await node(name)]
      expect(await b.get('budget', 'x')).toBeUndefined()
      const version = b.version()
      await a.update('budget', 'x', () => budget('x', 1))
      await vi.waitFor(async () => expect(await b.get('budget', 'x')).toEqual(budget('x', 1)), { timeout: 5000 })
      expect(b.version()).toBeGreaterThan(version)
      expect(await b.list('budget')).toEqual([budget('x', 1)])
      await a.update('budget', 'x', () => undefined)
      await vi.waitFor(async () => expect(await b.get('budget', 'x')).toBeUndefined(), { timeout: 5000 })
      await vi.waitFor(async () => expect(await b.list('budget')).toEqual([]), { timeout: 5000 })
    })

    test('a node’s own change is no news to it: what it knows stays known', async () => {
      const name = `d${++names}`
      const a = await node(name)
      await a.update('budget', 'x', () => budget('x', 1))
      await vi.waitFor(() => expect(a.version()).toBeGreaterThan(1))
      const known = await a.get('budget', 'x')
      await a.update('budget', 'y', () => budget('y', 1))
      await a.update('budget', 'y', () => budget('y', 2))
      expect(a.get('budget', 'x')).toBe(known)
    })

    test('changes of two nodes on one document: none is lost', async () => {
      const name = `d${++names}`
      const nodes = [await node(name), await node(name)]
      await Promise.all(
        Array.from({ length: 40 }, (_, i) =>
          nodes[i % 2]!.update('budget', 'x', (stored) => budget('x', (stored?.max_budget ?? 0) + 1)),
        ),
      )
      await vi.waitFor(
        async () => {
          for (const one of nodes) expect(await one.get('budget', 'x')).toEqual(budget('x', 40))
        },
        { timeout: 5000 },
      )
    })
  })
}

test.each([
  ['half a file', '{"ungate":1,"value":{"budget_id":"b","max_'],
  ['an empty file', ''],
  ['an object of something else', { max_budget: 5 }],
  ['a number', 5],
])('a document that is damaged is no document without limits, and spoils no list: %s', async (_what, found) => {
  const error = vi.spyOn(logger, 'error').mockImplementation(() => {})
  onTestFinished(() => void error.mockRestore())
  const storage = createStorage()
  const directory = open(storage, createMemoryCounters())
  await directory.update('budget', 'whole', () => budget('whole', 1))
  await storage.setItem('directory:budget:b', found as never)
  await expect(directory.get('budget', 'b')).rejects.toThrow(
    'the document directory:budget:b in the storage is damaged',
  )
  await expect(directory.update('budget', 'b', () => budget('b', 1))).rejects.toThrow('damaged')
  expect(await directory.list('budget')).toMatchObject([{ budget_id: 'whole' }])
  expect(error).toHaveBeenCalledExactlyOnceWith(expect.stringContaining('directory:budget:b'))
})

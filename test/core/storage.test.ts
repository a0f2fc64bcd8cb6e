import {
  existsSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { createGateway, createMemoryCounters, definePlugin, storageKey, z } from '../../src/index.ts'
import type { Counters, Gateway, GatewayConfig, GatewayContext } from '../../src/index.ts'
import { createGatewayStorage } from '../../src/storage.ts'
import { createFsDriver } from '../../src/storage/fs-driver.ts'
import { fromFileName, toFileName } from '../../src/storage/fs-names.ts'

let root: string
const closing: (() => Promise<unknown> | void)[] = []
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gateway-storage-'))
})
afterEach(async () => {
  vi.useRealTimers()
  for (const close of closing.splice(0)) await close()
  rmSync(root, { recursive: true })
})

async function open(mounts: GatewayConfig['storage'], folder: string | undefined = root) {
  const storage = await createGatewayStorage(mounts, folder)
  closing.push(() => storage.dispose())
  return storage
}

const files = (folder = root) => (readdirSync(folder, { recursive: true }) as string[]).sort()

test('a project keeps documents in files below .data, made with the first write, for this user alone', async () => {
  const storage = await open(undefined)
  expect(await storage.getItem('keys:a')).toBeNull()
  expect(await storage.getKeys()).toEqual([])
  expect(files()).toEqual([])
  await storage.setItem('keys:a', { alias: 'x' })
  await storage.setItem('keys:B', 1, { ttl: 60 })
  expect(files()).toEqual([
    '.data',
    '.data/documents',
    '.data/documents/keys',
    '.data/documents/keys/^b.json',
    '.data/documents/keys/a.json',
  ])
  expect(readFileSync(join(root, '.data/documents/keys/a.json'), 'utf8')).toBe('{"ungate":1,"value":{"alias":"x"}}')
  for (const folder of ['.data', '.data/documents', '.data/documents/keys']) {
    expect(statSync(join(root, folder)).mode & 0o777, folder).toBe(0o700)
  }
  expect(statSync(join(root, '.data/documents/keys/a.json')).mode & 0o777).toBe(0o600)
  const again = await open(undefined)
  expect(await again.getItem('keys:a')).toEqual({ alias: 'x' })
})

test('without a project documents are in memory', async () => {
  const storage = await createGatewayStorage(undefined, undefined)
  await storage.setItem('a', 1)
  expect(storage.getMount('a').driver.name).toBe('memory')
  const other = await createGatewayStorage(undefined, undefined)
  expect(await other.getItem('a')).toBeNull()
})

test('mounts by name, each with its own place, and a ttl for what says none', async () => {
  const storage = await open({
    default: { driver: 'memory' },
    cache: { driver: 'fs', ttl: 0.3, sync: false },
    more: { driver: 'fs-lite', base: 'elsewhere' },
  })
  await storage.setItem('a', 1)
  await storage.setItem('cache:a', 2)
  await storage.setItem('cache:b', 2, { ttl: 60 })
  await storage.setItem('more:a', 3)
  expect(files().filter((file) => file.endsWith('.json'))).toEqual([
    '.data/cache/a.json',
    '.data/cache/b.json',
    'elsewhere/a.json',
  ])
  expect((await storage.getKeys()).sort()).toEqual(['a', 'cache:a', 'cache:b', 'more:a'])
  await new Promise((resolve) => setTimeout(resolve, 400))
  expect(await storage.getItems(['a', 'cache:a', 'cache:b', 'more:a'])).toEqual([
    { key: 'a', value: 1 },
    { key: 'cache:a', value: null },
    { key: 'cache:b', value: 2 },
    { key: 'more:a', value: 3 },
  ])
})

test('entries that are over are removed when they are read', async () => {
  const storage = await open(undefined)
  await storage.setItem('a', 1, { ttl: 0.05 })
  await new Promise((resolve) => setTimeout(resolve, 100))
  expect(await storage.getItem('a')).toBeNull()
  await vi.waitFor(() => expect(existsSync(join(root, '.data/documents/a.json'))).toBe(false))
})

test('what nobody reads again is swept, with what a dead process left half-written', async () => {
  const driver = createFsDriver({ base: root })
  const storage = await open({ default: { driver: 'fs', base: '.' } })
  await storage.setItem('over', { until: 1 }, { ttl: 1 })
  await storage.setItem('later', 1, { ttl: 100 })
  await storage.setItem('ever', 1)
  for (const name of ['.dead.tmp', '.busy.tmp', 'foreign.txt']) writeFileSync(join(root, name), '{"ungate":1,"until":1')
  utimesSync(join(root, '.dead.tmp'), new Date(0), new Date(0))
  await driver.sweep(Date.now() + 2000)
  expect(files()).toEqual(['.busy.tmp', 'ever.json', 'foreign.txt', 'later.json'])
  expect((await storage.getKeys()).sort()).toEqual(['ever', 'later'])
})

test('the sweep runs while the storage is open', async () => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'Date'] })
  const storage = await open({ default: { driver: 'memory' } })
  await storage.setItem('a', 1, { ttl: 5 })
  await storage.setItem('b', 1)
  const data = storage.getMount('').driver.getInstance?.() as Map<string, string>
  expect([...data.keys()]).toEqual(['a', 'b'])
  vi.advanceTimersByTime(10 * 60_000)
  await vi.waitFor(() => expect([...data.keys()]).toEqual(['b']))
})

test('documents that somebody else wrote are read as they are', async () => {
  const storage = await open({ default: { driver: 'fs', base: '.' } })
  writeFileSync(join(root, 'a.json'), '{"x":1}')
  expect(await storage.getItem('a')).toEqual({ x: 1 })
})

test('a read-only mount refuses writes', async () => {
  const storage = await open({ default: { driver: 'fs', readOnly: true } })
  await expect(storage.setItem('a', 1)).rejects.toThrow('this storage mount is read-only')
})

test('a driver that is unknown or misses its package is a mistake in the config', async () => {
  await expect(open({ docs: { driver: 'nope' } })).rejects.toMatchObject({
    name: 'ConfigError',
    message: 'storage.docs.driver: unknown driver "nope". Use one of unstorage\'s, such as memory, fs or redis.',
  })
  await expect(open({ docs: { driver: 'mongodb', connectionString: 'x' } })).rejects.toMatchObject({
    message: 'storage.docs.driver: the driver "mongodb" needs the package mongodb. Install it: npm i mongodb',
  })
})

test('the file that named the driver is named as well', async () => {
  const config = { storage: { docs: { driver: 'nope' } } }
  await expect(createGateway(config, { env: {}, root, source: 'gateway.config.yaml' })).rejects.toThrow(
    'gateway.config.yaml: storage.docs.driver: unknown driver "nope".',
  )
})

test('file names are reversible and safe', () => {
  expect(toFileName('keys:Team')).toBe('keys/^team.json')
  expect(toFileName('a:..:b')).toBe('a/%2e%2e/b.json')
  expect(toFileName('x.json:y')).toBe('x%2ejson/y.json')
  expect(toFileName('gpt-4.1')).toBe('gpt-4.1.json')
  for (const key of ['a', 'A:ä:🐦', '^a', '%5ea', `a:${'ö~'.repeat(400)}:b`, '..', 'a.json', '.', 'x/y', ' ', '\0']) {
    const name = toFileName(key)
    expect(fromFileName(name)).toBe(key)
    expect(Math.max(...name.split('/').map((part) => part.length))).toBeLessThan(200)
  }
  expect(fromFileName('a.txt')).toBeUndefined()
  expect(fromFileName('%zz.json')).toBeUndefined()
})

test('keys of users stay readable where they can', () => {
  expect(storageKey('aliases', 'team/a?b')).toBe('aliases:team%2Fa%3Fb')
  expect(storageKey('a', '')).toBe('a:~')
  expect(storageKey('a', '..', '.x')).toBe('a:%2E%2E:.x')
  expect(storageKey('a', '~x')).toBe('a:%7Ex')
  expect(storageKey('x'.repeat(121))).toMatch(/^~[0-9a-f]{64}$/)
})

/** A gateway whose state can be looked at. */
async function gatewayWith(config: GatewayConfig, folder?: string) {
  let context: GatewayContext | undefined
  const spy = definePlugin({
    name: 'spy',
    options: z.object({}),
    setup: (_options, gateway) => void (context = gateway),
  })
  const gateway: Gateway = await createGateway(
    { ...config, use: [spy] },
    { env: {}, ...(folder ? { root: folder } : {}) },
  )
  return { gateway, storage: context!.storage, counters: context!.counters }
}

const spent = (counters: Counters) => Promise.resolve(counters.get(['spend:a', 'requests']))
const spend = async (counters: Counters) => {
  await counters.settle([{ key: 'spend:a', by: 5 }])
  await counters.add([{ key: 'requests', by: 1, limit: 9, ttlMs: 60_000 }])
}

test('a reload of a project keeps what is in memory; spend survives the process', async () => {
  const config: GatewayConfig = { storage: { default: { driver: 'memory' } } }
  const first = await gatewayWith(config, root)
  await spend(first.counters)
  await first.storage.setItem('a', 1)
  const second = await gatewayWith(config, root)
  await first.gateway.close()
  expect(await second.storage.getItem('a')).toBe(1)
  expect(await spent(second.counters)).toEqual([5, 1])
  await second.gateway.close()
  const third = await gatewayWith(config, root)
  expect(await third.storage.getItem('a')).toBeNull()
  expect(await spent(third.counters)).toEqual([5, 0])
  await third.gateway.close()
  expect(files()).toEqual(['.data', '.data/counters.journal'])
})

test('without a project, and where the config says so, nothing is kept', async () => {
  const loose = await gatewayWith({})
  await spend(loose.counters)
  await loose.gateway.close()
  const project = await gatewayWith({ counters: { journal: false } }, root)
  await spend(project.counters)
  await project.gateway.close()
  expect(files()).toEqual([])
})

test('two gateways without a project share nothing', async () => {
  const [one, two] = [await gatewayWith({}), await gatewayWith({})]
  await spend(one.counters)
  expect(await spent(two.counters)).toEqual([0, 0])
  await one.gateway.close()
  await two.gateway.close()
})

test('a plugin that fails to start leaves nothing open', async () => {
  const failing = definePlugin({
    name: 'failing',
    options: z.object({}),
    setup: async (_options, { counters }) => {
      await spend(counters)
      throw new Error('no')
    },
  })
  await expect(createGateway({ use: [failing] }, { env: {}, root })).rejects.toThrow('no')
  const { gateway, counters } = await gatewayWith({}, root)
  expect(await spent(counters)).toEqual([5, 0])
  await gateway.close()
})

test('createMemoryCounters is there for tests of plugins', async () => {
  expect(await createMemoryCounters(() => 5).add([{ key: 'a', by: 1, limit: 1, ttlMs: 1000 }])).toEqual({
    ok: true,
    failed: -1,
    values: [1],
    resetMs: [1000],
    at: 5,
  })
})

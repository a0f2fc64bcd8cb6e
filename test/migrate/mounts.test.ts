import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Driver } from 'unstorage'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import type { GatewayConfig } from '../../src/index.ts'
import { copyDocuments } from '../../src/migrate/copy-documents.ts'
import { migrateMounts } from '../../src/migrate/migrate-mounts.ts'
import { openState } from '../../src/state.ts'
import type { State } from '../../src/state.ts'
import { createGatewayStorage } from '../../src/storage.ts'
import { start } from '../support/process.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'
import { hashOf } from '../support/litellm-database.ts'

const found = hasRedis()
const bin = fileURLToPath(new URL('../../bin/gateway.js', import.meta.url))
const fixture = fileURLToPath(new URL('../fixtures/migrate/litellm.sql', import.meta.url))
const deadline = 5000
let redis: TestRedis
let root: string
const states: State[] = []

beforeAll(async () => {
  if (found) redis = await startRedis()
})
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'gateway-migrate-'))
})
afterEach(async () => {
  for (const state of states.splice(0)) await state.close()
  rmSync(root, { recursive: true })
})
afterAll(async () => {
  if (found) await redis.kill()
})

async function open(config: GatewayConfig): Promise<State> {
  const state = await openState(config, root)
  states.push(state)
  return state
}
const closeAll = async () => {
  for (const state of states.splice(0)) await state.close()
}

/** A directory, cached answers, bytes, other kinds of values, and keys that need care. */
async function fill({ storage, directory }: Pick<State, 'storage' | 'directory'>): Promise<void> {
  const stamps = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-01T00:00:00.000Z' }
  await directory.update('key', hashOf('sk-a'), () => ({
    token: hashOf('sk-a'),
    key_name: 'sk-...k-a',
    models: [],
    ...stamps,
  }))
  await directory.update('team', 'a/b ü?', () => ({
    team_id: 'a/b ü?',
    members_with_roles: [],
    models: ['x'],
    ...stamps,
  }))
  await storage.setItem('cache:answer', { body: 'Hello' }, { ttl: 1000 })
  await storage.setItem('cache:over', 1, { ttl: 0.001 })
  await storage.setItem('text', '123')
  await storage.setItem('bytes', new Uint8Array([0, 255, 7]) as never)
  await storage.setMeta('text', { note: 1 } as never)
}

const added = (key: string, by: number, ttlMs = Infinity) => ({ key, by, limit: Infinity, ttlMs })

test('from memory to files: values, types and ends to the millisecond; again changes nothing; the rest stays', async () => {
  let now = 1_000_000
  const clock = { now: () => now }
  const source = await createGatewayStorage(undefined, undefined, clock)
  const target = await createGatewayStorage({ default: { driver: 'fs', base: 'there' } }, root, clock)
  await source.setItem('a:b', { x: [1, null, 'ü'] })
  await source.setItem('short', 'lived', { ttl: 1.5 })
  await source.setItem('over', 1, { ttl: 0.5 })
  await source.setItem('bytes', new Uint8Array([0, 255]) as never)
  await target.setItem('a:b', 'older')
  await target.setItem('own', true)
  now += 600
  const drivers = { from: source.getMount('').driver, to: target.getMount('').driver, ...clock }
  const dry = await copyDocuments({ ...drivers, dryRun: true })
  expect(dry).toEqual({ new: 2, changed: 1, unchanged: 0, expired: 1, failed: 0 })
  expect(await target.getItem('a:b')).toBe('older')
  expect(await copyDocuments(drivers)).toEqual(dry)
  expect(await target.getItem('a:b')).toEqual({ x: [1, null, 'ü'] })
  expect(await target.getItem('bytes')).toEqual(new Uint8Array([0, 255]))
  expect(await target.getItem('own')).toBe(true)
  expect(await copyDocuments(drivers)).toEqual({ new: 0, changed: 0, unchanged: 3, expired: 1, failed: 0 })
  now = 1_001_499
  expect(await target.getItem('short')).toBe('lived')
  now = 1_001_500
  expect(await target.getItem('short')).toBeNull()
  await source.dispose()
  await target.dispose()
})

test('one that cannot be written is counted, and the others are copied', async () => {
  const source = await createGatewayStorage(undefined, undefined)
  const target = await createGatewayStorage(undefined, undefined)
  for (const key of ['a', 'b', 'c']) await source.setItem(key, key)
  const { driver } = target.getMount('')
  const broken: Driver = {
    ...driver,
    setItem: (key, value, options) => {
      if (key === 'b') throw new Error('no room')
      return driver.setItem!(key, value, options)
    },
  }
  const errors: unknown[] = []
  const counts = await copyDocuments({
    from: source.getMount('').driver,
    to: broken,
    onError: (error) => errors.push(error),
  })
  expect(counts).toEqual({ new: 2, changed: 0, unchanged: 0, expired: 0, failed: 1 })
  expect(errors).toEqual([new Error('no room')])
  expect(await Promise.all(['a', 'b', 'c'].map((key) => target.getItem(key)))).toEqual(['a', null, 'c'])
})

test.each([
  ['nowhere', 'else', 'One of --from and --to must be a storage mount of the config: default, more.'],
  ['default', 'default', '--from and --to are the same place'],
  ['fs', 'default', '--from and --to are the same place'],
  ['memory', 'default', '--from: "memory" is the memory of one process. There is nothing to copy there.'],
  ['default', '{driver', '--to: the settings are no JSON.'],
  ['default', '{"url":"x"}', '--to: the settings have no "driver".'],
  ['default', '{"driver":"redis","url":"env:NOT_SET"}', '--to: environment variable NOT_SET is not set.'],
  ['default', 'http://x', '--to must be a storage mount'],
  ['default', 'no-such-driver', 'unknown driver "no-such-driver"'],
])('from %s to %s: %s', async (from, to, message) => {
  const config = { storage: { more: { driver: 'fs' } } }
  await expect(migrateMounts({ config, root, from, to, env: {} })).rejects.toThrow(message)
})

if (found) {
  test('gateways that use the Redis already hear of what is copied there', async () => {
    const files = await open({})
    await fill(files)
    await closeAll()
    const config: GatewayConfig = { storage: { default: { driver: 'redis', url: redis.url, base: 'heard', deadline } } }
    const move = { config, root, from: 'fs', to: 'default' }
    await migrateMounts(move)
    const { directory, counters } = await open(config)
    const token = hashOf('sk-a')
    await directory.get('key', token)
    await vi.waitFor(() => expect(directory.version()).toBeGreaterThan(0))
    expect(await directory.get('key', token)).toMatchObject({ key_name: 'sk-...k-a' })

    const old = await createGatewayStorage(undefined, root)
    const key = `directory:key:${token}`
    await old.setItem(key, { ...((await old.getItem(key)) as object), blocked: true })
    await old.dispose()
    expect((await migrateMounts(move)).documents).toMatchObject({ changed: 1 })
    await vi.waitFor(async () => expect(await directory.get('key', token)).toMatchObject({ blocked: true }))
    expect(await counters.get(['directory:version'])).toEqual([2])
  })

  test('files to Redis with spend, exactly; again changes nothing; and back', async () => {
    const files = await open({})
    await fill(files)
    const window = Date.now() + 3_600_000
    await files.counters.add([added('spend:key:a', 1_234_567_890_123), added('spend:key:a:1d:5', 7, 3_600_000)])
    await files.counters.add([added('requests', 5)])
    await closeAll()

    const settings = { driver: 'redis', url: redis.url, base: 'mine', deadline }
    const config: GatewayConfig = { storage: { default: settings } }
    const move = { config, root, from: 'fs', to: 'default' }
    const dry = await migrateMounts({ ...move, dryRun: true })
    const documents = { new: 6, changed: 0, unchanged: 0, expired: 1, failed: 0 }
    expect(dry).toEqual({ dryRun: true, documents, spend: { changed: 2, unchanged: 0 } })
    expect(await migrateMounts(move)).toEqual({ ...dry, dryRun: false })

    const there = await open(config)
    expect(await there.directory.get('key', hashOf('sk-a'))).toMatchObject({ key_name: 'sk-...k-a' })
    expect(await there.directory.get('team', 'a/b ü?')).toMatchObject({ models: ['x'] })
    expect(await there.storage.getItem('cache:answer')).toEqual({ body: 'Hello' })
    expect(await there.storage.getItem('text')).toBe('123')
    expect(await there.storage.getItem('bytes')).toEqual(new Uint8Array([0, 255, 7]))
    expect(await there.storage.getMeta('text')).toMatchObject({ note: 1 })
    const spend = ['spend:key:a', 'spend:key:a:1d:5', 'requests']
    expect(await there.counters.get(spend)).toEqual([1_234_567_890_123, 7, 0])
    const { resetMs } = await there.counters.add([added('spend:key:a', 0), added('spend:key:a:1d:5', 0, 1)])
    expect(resetMs[0]).toBe(Infinity)
    expect(Math.abs(Date.now() + resetMs[1]! - window)).toBeLessThan(60_000)

    const again = await migrateMounts(move)
    expect(again.documents).toEqual({ ...documents, new: 0, unchanged: 6 })
    expect(again.spend).toEqual({ changed: 0, unchanged: 2 })
    expect(await there.counters.get(spend)).toEqual([1_234_567_890_123, 7, 0])

    await there.counters.add([added('spend:key:a', 1)])
    await there.counters.settle([{ key: 'spend:team:b', by: 3 }])
    const back = await migrateMounts({ config, root, from: 'default', to: 'fs' })
    expect(back.spend).toEqual({ changed: 2, unchanged: 1 })
    await closeAll()
    const home = await open({})
    expect(await home.counters.get([...spend, 'spend:team:b'])).toEqual([1_234_567_890_124, 7, 0, 3])
  })

  test('a lease in Redis is left alone, and a mount of another name holds no spend', async () => {
    const config: GatewayConfig = {
      storage: { default: { driver: 'redis', url: redis.url, base: 'leases', deadline }, more: { driver: 'fs' } },
    }
    const state = await open(config)
    await state.counters.add([
      added('spend:x', 100),
      { kind: 'lease', key: 'spend:x', by: 50, limit: 1000, leaseId: 'call', ttlMs: 60_000 },
    ])
    await migrateMounts({ config, root, from: 'default', to: 'fs' })
    expect(readFileSync(join(root, '.data/counters.journal'), 'utf8')).toBe('["spend:x",100,null]\n')
    writeFileSync(join(root, '.data/counters.journal'), '["spend:x",170,null]\n')
    await migrateMounts({ config, root, from: 'fs', to: 'default' })
    expect(await state.counters.get(['spend:x'])).toEqual([220])
    expect(await state.counters.get(['spend:x'], 'settled')).toEqual([170])
    const other = await migrateMounts({ config, root, from: 'more', to: redis.url })
    expect(other.spend).toBeUndefined()
  })

  test('the command imports a dump into Redis, where the next gateway finds the key', async () => {
    const config = { storage: { default: { driver: 'redis', url: redis.url, base: 'cli', deadline } } }
    writeFileSync(join(root, 'gateway.config.json'), JSON.stringify(config))
    const dry = await command(['--from-litellm', fixture, '--dry-run'])
    expect(dry.output).toContain('Nothing was written: --dry-run.')
    const { code, output } = await command(['--from-litellm', fixture, '--report', 'report.json'])
    expect(output).toContain('LiteLLM_VerificationToken: 2 read, 1 new, 1 failed')
    expect(output).toContain('LiteLLM_BudgetTable.max_budget: 1 × not taken: is no number (broken)')
    expect(output).toContain('LiteLLM_EndUserTable: 1 × not taken: has 2 values instead of 7')
    expect(output).toContain('LiteLLM_SpendLogs: 2 × single calls stay')
    expect(code).toBe(1)
    const report = JSON.parse(readFileSync(join(root, 'report.json'), 'utf8')) as { tables: { table: string }[] }
    expect(report.tables).toHaveLength(10)
    const { directory, counters } = await open(config)
    const hash = '6cfba9cf11e6ed84e1ff59a1ef5a4ba1ccd6bb9d0fbd5cf6d4e1a3a9d4bb4e31'
    expect(await directory.get('key', hash)).toMatchObject({ key_alias: 'first', team_id: 'red' })
    expect(await counters.get([`spend:key:${hash}`, 'spend:team:red'])).toEqual([100_000_000, 12_000_000_001])
  })
}

test('the command imports a dump into files, where spend survives', async () => {
  const first = await command(['--from-litellm', fixture])
  expect(first.output).toContain('stop its gateway before')
  expect(first.output).toContain('Spend: 4 changed, 1 unchanged')
  expect((await command(['--from-litellm', fixture])).output).toContain('Spend: 5 unchanged')
  const { counters, directory } = await open({})
  expect(await counters.get(['spend:team:red', 'spend:end_user:visitor-1'])).toEqual([12_000_000_001, 1_250_000_000])
  expect(await directory.get('team', 'red')).toMatchObject({ model_aliases: { fast: 'gpt-4o-mini' } })
})

test('the command copies a mount, and says what is wrong with its flags', async () => {
  writeFileSync(
    join(root, 'gateway.config.json'),
    JSON.stringify({ storage: { more: { driver: 'fs', base: 'more' } } }),
  )
  const files = await open({})
  await fill(files)
  await closeAll()
  const copied = await command(['--from', 'default', '--to', 'more'])
  expect(copied).toEqual({
    code: 0,
    output: expect.stringMatching(/^Documents: 6 new, 1 over\nSpend: not copied/m) as string,
  })
  expect(readdirSync(join(root, 'more')).sort()).toContain('directory')
  for (const [flags, message] of [
    [[], 'Give --from and --to, or --from-litellm'],
    [['--from', 'default'], 'Give --from and --to'],
    [['--from-litellm', 'x.sql', '--to', 'more'], '--from-litellm stands alone'],
    [['--from-litellm', 'x.sql'], 'x.sql cannot be read: ENOENT'],
    [['--from-litellm', root], 'cannot be read: EISDIR'],
    [['--from-litellm='], 'takes postgres://user:password@host'],
    [['--from-litellm', 'mysql://me:hidden-password@host/x'], 'takes postgres://user:password@host'],
    [['--from-litellm', 'env:NOT_SET'], 'environment variable NOT_SET is not set'],
    [['--from-litellm', fixture, '--timezone', 'Mars'], '--timezone must be an IANA name'],
    [['--form', 'default'], 'Unknown flag --form'],
  ] as const) {
    const { code, output } = await command(flags)
    expect(output, flags.join(' ')).toContain(message)
    expect(output, flags.join(' ')).not.toContain('hidden-password')
    expect(code, flags.join(' ')).toBe(1)
  }
  writeFileSync(join(root, 'gateway.config.json'), JSON.stringify({ storage: { default: { driver: 'memory' } } }))
  expect((await command(['--from-litellm', fixture])).output).toContain('documents are in the memory of one process')
})

async function command(flags: readonly string[]): Promise<{ code: number | null; output: string }> {
  const env = { PATH: process.env['PATH'], HOME: root, NO_COLOR: '1' }
  const child = start(process.execPath, [bin, 'migrate', ...flags], { cwd: root, env })
  const code = await new Promise<number | null>((resolve) => child.child.on('close', resolve))
  return { code, output: child.output() }
}

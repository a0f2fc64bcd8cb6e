import type { Driver, Storage } from 'unstorage'
import type { GatewayConfig } from './types/config.ts'
import type { RedisSettings } from './redis/options.ts'
import { logger } from './logger.ts'
import { share } from './shared.ts'
import { withEnvelopes } from './storage/enveloped.ts'
import { createMemoryDriver } from './storage/memory-driver.ts'
import { sweepNowAndThen } from './storage/sweep.ts'

type Mounts = NonNullable<GatewayConfig['storage']>

export interface StorageOptions {
  /** The clock, milliseconds; for tests. */
  readonly now?: (() => number) | undefined
}

/** What the gateway keeps below the project's root. */
export const DATA_FOLDER = '.data'
export const REDIS_PREFIX = 'ungate'

/**
 * The document store: unstorage with the config's mounts, each with TTL, types and whole writes (see
 * {@link withEnvelopes}). Without a `default` mount: files in `<root>/.data/documents`, memory where there is no root.
 * Drivers are imported on demand by their unstorage names; `memory`, `fs` and `redis` are the gateway's own.
 * Throws a ConfigError that names the mount.
 */
export async function createGatewayStorage(
  mounts: GatewayConfig['storage'],
  root: string | undefined,
  { now = Date.now }: StorageOptions = {},
): Promise<Storage> {
  const { createStorage } = await import('unstorage')
  const inner = createStorage()
  const releases: (() => Promise<unknown>)[] = []
  const all: Mounts = mounts?.['default']
    ? mounts
    : { default: { driver: root === undefined ? 'memory' : 'fs' }, ...mounts }
  const ttls = new Map<string, unknown>()
  const release = async () => {
    for (const fn of releases.splice(0).reverse()) await fn()
  }
  try {
    for (const [name, settings] of Object.entries(all)) {
      const base = name === 'default' ? '' : name
      inner.mount(base, await createDriver({ name, settings, root, releases }))
      ttls.set(inner.getMount(base).base, settings['ttl'])
    }
  } catch (error) {
    await release()
    throw error
  }
  const storage = withEnvelopes(inner, { now, ttlOf: (base) => ttls.get(base) as number | undefined })
  const stop = sweepNowAndThen(() => inner.getMounts().map(({ driver }) => driver), {
    now,
    onError: (error) => logger.error('sweeping the storage failed:', error),
  })
  storage.dispose = async () => {
    stop()
    await inner.dispose()
    await release()
  }
  return storage
}

interface DriverInput {
  readonly name: string
  readonly settings: Mounts[string]
  readonly root: string | undefined
  /** Receives what lets go of shared things. */
  readonly releases: (() => Promise<unknown>)[]
}

async function createDriver({ name, settings, root, releases }: DriverInput): Promise<Driver> {
  const { driver, ttl: _ttl, ...options } = settings
  if (driver === 'memory') return memoryDriver({ name, root, releases })
  if (driver === 'fs' || driver === 'fs-lite' || driver === 'fsLite') {
    const [{ createFsDriver }, { resolve }] = await Promise.all([import('./storage/fs-driver.ts'), import('node:path')])
    const below = `${DATA_FOLDER}/${name === 'default' ? 'documents' : name}`
    return createFsDriver({ ...options, base: resolve(root ?? '.', String(options['base'] ?? below)) })
  }
  if (driver === 'redis') {
    const [{ borrowRedis }, { createRedisDriver }] = await Promise.all([
      import('./redis/client.ts'),
      import('./storage/redis-driver.ts'),
    ])
    const { store, release } = await borrowRedis(settings as RedisSettings)
    releases.push(release)
    return createRedisDriver(store, String(options['base'] ?? `${REDIS_PREFIX}:${name}`))
  }
  return unstorageDriver(name, driver, options)
}

/** Memory of a project outlives a reload of its config. */
function memoryDriver({ name, root, releases }: Omit<DriverInput, 'settings'>): Driver {
  if (root === undefined) return createMemoryDriver()
  const { value, release } = share(`memory:${root}:${name}`, createMemoryDriver, () => {})
  releases.push(release)
  return value
}

async function unstorageDriver(mount: string, name: string, options: Record<string, unknown>): Promise<Driver> {
  const { builtinDrivers } = await import('unstorage')
  const path = (builtinDrivers as Record<string, string>)[name]
  const problem = async (message: string, option = '.driver') => {
    const { ConfigError } = await import('./config/problem.ts')
    return new ConfigError([{ file: '', path: `storage.${mount}${option}`, message }])
  }
  if (!path) throw await problem(`unknown driver "${name}". Use one of unstorage's, such as memory, fs or redis.`)
  let module: { default: (options: Record<string, unknown>) => Driver }
  try {
    module = (await import(path)) as typeof module
  } catch (error) {
    const missing = /Cannot find package '([^']+)'/.exec(error instanceof Error ? error.message : '')?.[1]
    if (!missing) throw error
    throw await problem(`the driver "${name}" needs the package ${missing}. Install it: npm i ${missing}`)
  }
  const { missingOption } = await import('./storage/driver-options.ts')
  const missing = missingOption(name, options)
  if (missing) throw await problem(`the driver "${name}" needs this: ${missing.what}.`, `.${missing.option}`)
  try {
    return module.default(options)
  } catch (error) {
    const why = (error instanceof Error ? error.message : String(error)).replace(/^(\[[\w-]+\] )+/, '')
    throw await problem(`the driver "${name}" cannot be used: ${why}`, '')
  }
}

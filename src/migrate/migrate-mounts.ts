import { join, resolve } from 'node:path'
import type { GatewayConfig } from '../types/config.ts'
import type { RedisSettings } from '../redis/options.ts'
import { ConfigError } from '../config/problem.ts'
import { resolveEnv } from '../config/env.ts'
import { VERSION_KEY } from '../directory/watch-version.ts'
import { DATA_FOLDER, REDIS_PREFIX, createGatewayStorage } from '../storage.ts'
import { copyDocuments } from './copy-documents.ts'
import type { CopyCount } from './copy-documents.ts'
import { copySpend, journalPlace, redisPlace } from './copy-spend.ts'
import type { CopySpendCount, SpendPlace } from './copy-spend.ts'

export interface MigrateMountsOptions {
  readonly config: GatewayConfig
  /** The project's folder. */
  readonly root: string
  /** A mount's name, a driver's (`fs`), a `redis://` URL, or a mount's settings in JSON. */
  readonly from: string
  readonly to: string
  readonly dryRun?: boolean | undefined
  /** Spend too, where both ends have it. Default true. */
  readonly spend?: boolean | undefined
  readonly env?: NodeJS.ProcessEnv | undefined
  readonly onError?: ((error: unknown) => void) | undefined
}

export interface MountsReport {
  readonly dryRun: boolean
  readonly documents: CopyCount
  /** Undefined where the mounts hold no counters, or the same. */
  readonly spend: CopySpendCount | undefined
}

type Settings = NonNullable<GatewayConfig['storage']>[string]

interface End {
  /** The mount that it is, or stands for. */
  readonly name: string
  readonly settings: Settings
}

const ROOT = 'default'
/** Nobody waits for this command as callers wait for answers. */
const DEADLINE_MS = 5000

/** Copies the documents of one storage mount to another, and the spend where counters go with it. */
export async function migrateMounts(options: MigrateMountsOptions): Promise<MountsReport> {
  const { config, root, dryRun = false } = options
  const [from, to] = toEnds(options)
  if (from.name === to.name && sameSettings(from.settings, to.settings))
    throw new Error('--from and --to are the same place')
  const others = from.name === ROOT ? Object.keys(config.storage ?? {}).filter((name) => name !== ROOT) : []
  const [source, target] = await Promise.all([openEnd(from, root), openEnd(to, root)])
  try {
    const documents = await copyDocuments({
      from: source.getMount(from.name === ROOT ? '' : from.name).driver,
      to: target.getMount(to.name === ROOT ? '' : to.name).driver,
      dryRun,
      // Below another mount's name the root's own documents are out of sight.
      skip: (key) => others.some((name) => key.startsWith(`${name}:`)),
      onError: options.onError,
    })
    // Also where nothing differs: a run that broke off may have told nobody.
    if (!dryRun) await tellNodes(to, config)
    const spend = options.spend === false ? undefined : await spendOf({ from, to, config, root, dryRun })
    return { dryRun, documents, spend }
  } finally {
    await Promise.all([source.dispose(), target.dispose()])
  }
}

/** An end that is no mount of the config stands for the mount at the other end. */
function toEnds({ config, from, to, env = process.env }: MigrateMountsOptions): [End, End] {
  const mounts: NonNullable<GatewayConfig['storage']> = { [ROOT]: { driver: 'fs' }, ...config.storage }
  const named = [from, to].filter((spec) => Object.hasOwn(mounts, spec))
  if (named.length === 0) {
    throw new Error(`One of --from and --to must be a storage mount of the config: ${Object.keys(mounts).join(', ')}.`)
  }
  const end = (spec: string, flag: string): End => {
    const settings = Object.hasOwn(mounts, spec) ? mounts[spec]! : readSpec(spec, flag, env)
    if (settings.driver === 'memory') {
      throw new Error(`${flag}: "${spec}" is the memory of one process. There is nothing to copy there.`)
    }
    const deadline = settings.driver === 'redis' ? { deadline: DEADLINE_MS, ...settings } : settings
    return { name: Object.hasOwn(mounts, spec) ? spec : named[0]!, settings: deadline }
  }
  return [end(from, '--from'), end(to, '--to')]
}

function readSpec(spec: string, flag: string, env: NodeJS.ProcessEnv): Settings {
  if (/^rediss?:\/\//.test(spec)) return { driver: 'redis', url: spec }
  if (!spec.startsWith('{')) {
    if (/^[\w-]+$/.test(spec)) return { driver: spec }
    throw new Error(`${flag} must be a storage mount, a driver, a redis:// URL or a mount's settings in JSON.`)
  }
  let parsed: unknown
  try {
    parsed = JSON.parse(spec)
  } catch {
    throw new Error(`${flag}: the settings are no JSON. Write {"driver":"redis","url":"env:REDIS_URL"}.`)
  }
  const { value, missing } = resolveEnv(parsed, env)
  if (missing[0]) throw new Error(`${flag}: environment variable ${missing[0].variable} is not set.`)
  const settings = value as Settings
  if (typeof settings.driver !== 'string') throw new Error(`${flag}: the settings have no "driver".`)
  return settings
}

/** One mount alone, at its own place; another's problems are not told. */
async function openEnd({ name, settings }: End, root: string) {
  try {
    return await createGatewayStorage(
      name === ROOT ? { [ROOT]: settings } : { [ROOT]: { driver: 'memory' }, [name]: settings },
      root,
    )
  } catch (error) {
    if (error instanceof ConfigError) throw new Error(error.problems.map(({ message }) => message).join(' '))
    throw error
  }
}

/** Gateways that use the place already have keys and teams in memory: to them this is another node's change. */
async function tellNodes(to: End, config: GatewayConfig): Promise<void> {
  const settings = config.storage?.['counters'] ?? to.settings
  if (settings.driver !== 'redis') return
  const { counters, close } = await openRedisCounters({ deadline: DEADLINE_MS, ...settings })
  try {
    await counters.add([{ key: VERSION_KEY, by: 1, limit: Infinity, ttlMs: Infinity }])
  } finally {
    await close()
  }
}

interface SpendInput {
  readonly from: End
  readonly to: End
  readonly config: GatewayConfig
  readonly root: string
  readonly dryRun: boolean
}

/** Counters are where the mount `counters` is, else where `default` is (see openCounters). */
async function spendOf({ from, to, config, root, dryRun }: SpendInput): Promise<CopySpendCount | undefined> {
  const home = config.storage?.['counters'] ? 'counters' : ROOT
  if (from.name !== home && to.name !== home) return undefined
  const [source, target] = [await openSpend(from, root), await openSpend(to, root)]
  try {
    return source.id === target.id ? undefined : await copySpend(source, target, dryRun)
  } finally {
    await Promise.all([source.close(), target.close()])
  }
}

async function openSpend({ settings }: End, root: string): Promise<SpendPlace> {
  if (settings.driver !== 'redis') return journalPlace(join(root, DATA_FOLDER, 'counters.journal'))
  const opened = await openRedisCounters(settings)
  return redisPlace({ id: `${opened.prefix} ${opened.connection}`, ...opened })
}

async function openRedisCounters(settings: Settings) {
  const [{ borrowRedis }, { createRedisCounters }, { connectionKey }] = await Promise.all([
    import('../redis/client.ts'),
    import('../counters/redis.ts'),
    import('../redis/options.ts'),
  ])
  const { store, release } = await borrowRedis(settings as RedisSettings)
  const prefix = String(settings['base'] ?? REDIS_PREFIX)
  const counters = createRedisCounters(store, { prefix })
  return {
    store,
    counters,
    prefix,
    connection: connectionKey(settings as RedisSettings),
    async close() {
      await counters.close?.()
      await release()
    },
  }
}

function sameSettings(a: Settings, b: Settings): boolean {
  return JSON.stringify(resolvedBase(a)) === JSON.stringify(resolvedBase(b))
}

function resolvedBase(settings: Settings): Settings {
  return typeof settings['base'] === 'string' && settings.driver !== 'redis'
    ? { ...settings, base: resolve(settings['base']) }
    : settings
}

import { isPlain } from './plain.ts'
import * as read from './litellm-values.ts'
import type { GatewayConfig } from '../types/config.ts'
import type { Place } from './litellm-values.ts'
import type { Plain } from './plain.ts'

type Mounts = NonNullable<GatewayConfig['storage']>
type Mount = Mounts[string]

/** Keys of `router_settings` that say where Redis is. */
export const ROUTER_REDIS_KEYS: readonly string[] = [
  'redis_host',
  'redis_port',
  'redis_username',
  'redis_password',
  'redis_db',
  'redis_ssl',
  'redis_url',
]

/** Keys of `litellm_settings.cache_params` that say where Redis is. */
const CACHE_REDIS_KEYS = [
  'host',
  'port',
  'username',
  'password',
  'db',
  'ssl',
  'url',
  'redis_startup_nodes',
  'sentinel_nodes',
  'service_name',
  'sentinel_password',
]

/** LiteLLM's variables; they fill in what the config leaves out. */
const VARIABLES: Readonly<Record<string, string>> = {
  host: 'REDIS_HOST',
  port: 'REDIS_PORT',
  username: 'REDIS_USERNAME',
  password: 'REDIS_PASSWORD',
  db: 'REDIS_DB',
  ssl: 'REDIS_SSL',
  url: 'REDIS_URL',
}

export interface RedisInput {
  readonly library: Plain
  readonly router: Plain
  readonly libraryPlace: Place
  readonly routerPlace: Place
  readonly env: NodeJS.ProcessEnv
}

/**
 * LiteLLM's Redis as storage mounts. The router's is what its nodes share: documents and counters. The one of the response
 * cache keeps answers, and counters where the router has none: so LiteLLM uses it for rate limits.
 */
export function redisMounts({ library, router, libraryPlace, routerPlace, env }: RedisInput): Mounts {
  const mounts: Mounts = {}
  if (ROUTER_REDIS_KEYS.some((key) => isGiven(router[key]))) {
    const given = Object.fromEntries(ROUTER_REDIS_KEYS.map((key) => [key.slice('redis_'.length), router[key]]))
    const mount = toMount(given, { prefix: 'redis_', place: routerPlace, env })
    if (mount) mounts['default'] = mount
  }
  if (usesRedisCache(library, env)) {
    const given = read.readMap(library, 'cache_params', libraryPlace) ?? {}
    const mount = toMount(given, { prefix: '', place: read.placeAt(libraryPlace, 'cache_params'), env })
    if (mount) {
      mounts.cache = mount
      if (!mounts['default']) mounts['counters'] = { ...mount }
    }
  }
  return mounts
}

/** `litellm_settings` without what became a mount: the rest of `cache_params` is for plugins. */
export function withoutRedis(library: Plain, env: NodeJS.ProcessEnv): Plain {
  const params = library['cache_params']
  if (!isPlain(params) || !usesRedisCache(library, env)) return library
  const rest = Object.entries(params).filter(([key]) => !CACHE_REDIS_KEYS.includes(key))
  return { ...library, cache_params: Object.fromEntries(rest) }
}

/** Without a type LiteLLM takes Redis where it is told of one. */
function usesRedisCache({ cache, cache_params: params }: Plain, env: NodeJS.ProcessEnv): boolean {
  if (!/^(true|yes|on)$/i.test(String(cache))) return false
  const type = isPlain(params) ? params['type'] : undefined
  if (isGiven(type)) return type === 'redis'
  const told =
    isPlain(params) && ['host', 'url', 'redis_startup_nodes', 'sentinel_nodes'].some((key) => isGiven(params[key]))
  return told || Boolean(env['REDIS_URL'] || env['REDIS_HOST'])
}

interface MountInput {
  /** Before the names of the keys in the config. */
  readonly prefix: string
  readonly place: Place
  readonly env: NodeJS.ProcessEnv
}

/** Undefined where a value is wrong: its problem is told. */
function toMount(given: Plain, { prefix, place, env }: MountInput): Mount | undefined {
  const before = place.problems.length
  // A server that the config names is not replaced by one that the environment names.
  const placed = ['host', 'url', 'redis_startup_nodes', 'sentinel_nodes'].some((key) => isGiven(given[key]))
  const source = (key: string): [Plain, string, Place] => {
    const variable = VARIABLES[key]
    const fill =
      !isGiven(given[key]) && variable !== undefined && env[variable] && !(placed && (key === 'url' || key === 'host'))
    return fill
      ? [{ [variable]: env[variable] }, variable, { file: 'environment', path: [], problems: place.problems }]
      : [{ [prefix + key]: given[key] }, prefix + key, place]
  }
  const text = (key: string) => read.readString(...source(key))
  const url = text('url')
  if (url !== undefined && !/^rediss?:\/\//.test(url)) {
    const [, name, at] = source('url')
    read.problemAt(at, name, 'must begin with redis:// or rediss://. Correct it.')
  }
  const port = read.readNumber(...source('port'), { min: 1 })
  if (port !== undefined && (port > 65_535 || !Number.isInteger(port))) {
    const [, name, at] = source('port')
    read.problemAt(at, name, 'must be a port from 1 to 65535. Correct it.')
  }
  const cluster = nodesOf(given, 'redis_startup_nodes', place)
  const sentinels = nodesOf(given, 'sentinel_nodes', place)
  const host = text('host')
  if (!placed && url === undefined && host === undefined) {
    const fix = `Give ${prefix}host and ${prefix}port, or ${prefix}url, or set REDIS_URL or REDIS_HOST.`
    read.problemAt(place, `${prefix}host`, `is missing: nothing says where Redis is. ${fix}`)
  }
  const single = url === undefined && !cluster && !sentinels
  const options = {
    driver: 'redis',
    url,
    cluster,
    sentinels,
    name: sentinels ? text('service_name') : undefined,
    sentinelPassword: sentinels ? text('sentinel_password') : undefined,
    host: single ? host : undefined,
    port: single ? port : undefined,
    username: text('username'),
    password: text('password'),
    db: cluster ? undefined : read.readNumber(...source('db'), { min: 0 }),
    tls: read.readBoolean(...source('ssl')) === true ? {} : undefined,
  }
  if (place.problems.length > before) return undefined
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Mount
}

/** Nodes as maps, or as pairs of host and port. */
function nodesOf(given: Plain, key: string, place: Place): { host: string; port: number }[] | undefined {
  const list = given[key]
  if (!isGiven(list)) return undefined
  const nodes = (Array.isArray(list) ? (list as unknown[]) : []).map((item) => {
    const node = Array.isArray(item)
      ? { host: item[0] as unknown, port: item[1] as unknown }
      : isPlain(item)
        ? item
        : {}
    return { host: node['host'], port: Number(node['port'] ?? 6379) }
  })
  const good = nodes.every(
    ({ host, port }) => typeof host === 'string' && host !== '' && Number.isInteger(port) && port > 0,
  )
  if (nodes.length === 0 || !good) {
    return read.problemAt(place, key, 'expected a list of nodes. Write [{ host: "10.0.0.1", port: 6379 }].')
  }
  return nodes as { host: string; port: number }[]
}

function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null && value !== ''
}

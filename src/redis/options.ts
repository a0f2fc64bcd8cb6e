import type { ClusterNode, ClusterOptions, RedisOptions } from 'ioredis'

/** How a Redis is reached, as a storage mount says it. */
export interface RedisSettings {
  /** `redis://user:password@host:6379/0`, `rediss://` for TLS. Default: localhost. */
  readonly url?: string | undefined
  /** The nodes of a cluster, instead of `url`. */
  readonly cluster?: readonly ClusterNode[] | undefined
  readonly clusterOptions?: ClusterOptions | undefined
  /** Milliseconds that a caller waits at most. Default 40: with the event loop's own delays below 50. */
  readonly deadline?: number | undefined
  /** Anything else that ioredis takes: `host`, `port`, `username`, `password`, `db`, `tls`, `sentinels` … */
  readonly [option: string]: unknown
}

const OWN = new Set(['url', 'cluster', 'clusterOptions', 'deadline', 'base', 'ttl', 'driver'])

/**
 * ioredis' options. No queue and no second try: with its defaults a command waits for a Redis that is away (20 retries),
 * and one whose answer was lost is sent again after the reconnect, so a count would be taken twice.
 */
export function toRedisOptions(settings: RedisSettings): RedisOptions {
  return {
    keepAlive: 10_000,
    ...Object.fromEntries(Object.entries(settings).filter(([name]) => !OWN.has(name))),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    connectTimeout: 1000,
    retryStrategy: (times) => Math.min(times * 100, 1000),
  }
}

/** What nobody could connect with, and why; ioredis throws for some of it, and ends the process for some. Names no value. */
export function problemOf({ url, db }: RedisSettings): string | undefined {
  if (db !== undefined && !/^\d+$/.test(String(db))) return 'the `db` of a Redis is not the number of a database.'
  // A socket's path.
  if (url === undefined || /^\/(?!\/)/.test(url)) return undefined
  const hint = 'Write redis://user:password@host:6379/0, and characters such as / # ? in the password as %2F %23 %3F.'
  const [protocol] = /^[^/?#@]+:\/\//.exec(url) ?? []
  if (protocol && !/^rediss?:/i.test(protocol)) return `the url of a Redis begins with redis:// or rediss://. ${hint}`
  try {
    const { pathname } = new URL(protocol ? url : `redis://${url.replace(/^\/\//, '')}`)
    if (protocol && !/^\/?\d*$/.test(pathname)) {
      return `in the url of a Redis, the number of a database follows the host. ${hint}`
    }
    return undefined
  } catch {
    return `the url of a Redis cannot be read. ${hint}`
  }
}

/** What makes two mounts use one connection. Holds the password: never log it. */
export function connectionKey(settings: RedisSettings): string {
  const { base: _base, ttl: _ttl, driver: _driver, ...rest } = settings
  return `redis:${JSON.stringify(Object.entries(rest).sort(([a], [b]) => (a < b ? -1 : 1)))}`
}

/** Where it is, without credentials. */
export function addressOf({ url, cluster, host, port, path }: RedisSettings): string {
  if (cluster) return `${cluster.length} cluster nodes`
  if (typeof path === 'string') return path
  if (url === undefined) return `${host ?? 'localhost'}:${port ?? 6379}`
  try {
    const parsed = new URL(url)
    return parsed.host || parsed.pathname
  } catch {
    return 'its address'
  }
}

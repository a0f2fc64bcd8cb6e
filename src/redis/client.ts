import type { Cluster, Redis } from 'ioredis'
import type { RedisSettings } from './options.ts'
import { StoreAway } from '../counters/store-away.ts'
import { createBreaker } from './breaker.ts'
import { addressOf, connectionKey, problemOf, toRedisOptions } from './options.ts'
import { logger } from '../logger.ts'
import { share } from '../shared.ts'

/** A Redis that nobody waits for: what it does not answer within the deadline fails. */
export interface RedisStore {
  /**
   * Sends commands and waits for them within the deadline. Rejects with a {@link StoreAway} when there is no answer in
   * time, when the connection fails, and at once while Redis is known to be away.
   */
  run<T>(send: (client: Redis | Cluster) => Promise<T>): Promise<T>
  readonly client: Redis | Cluster
  readonly away: boolean
  /** Milliseconds that a caller waits at most. */
  readonly deadline: number
  /** Runs whenever Redis is back after it was away. Returns what ends this. */
  onBack(fn: () => void): () => void
  /** Resolves when the first connection is there, or was given up for now. */
  readonly started: Promise<void>
  /** The server's words, where it has no such database for us: without it ioredis goes on in database 0. */
  readonly noDatabase: Error | undefined
  close(): Promise<void>
}

const DEADLINE_MS = 40
const FAILURES = 5
const PROBE_AFTER_MS = 100
const PROBE_AT_MOST_MS = 1000
const START_WITHIN_MS = 1500
/** Probes without an answer after which the connection is made anew: a cut network leaves a socket that looks fine. */
const STUCK_PROBES = 5
/** Replies that mean that this Redis cannot serve now, or not this call. */
const CANNOT = /^(LOADING|BUSY|READONLY|MASTERDOWN|OOM|MISCONF|CLUSTERDOWN|TRYAGAIN|NOREPLICAS|NOAUTH|WRONGPASS|NOPERM)/
const TELL_EVERY_MS = 60_000

/** Lends the process's one connection to a Redis: storage mounts, counters and reloads share it. */
export async function borrowRedis(settings: RedisSettings): Promise<{ store: RedisStore; release(): Promise<void> }> {
  const ioredis = await importIoredis()
  const problem = problemOf(settings)
  if (problem !== undefined) throw await configError(problem)
  const make = () => openRedis(createClient(ioredis, settings), settings)
  const { value: store, release } = share(connectionKey(settings), make, (store) => store.close())
  await store.started
  if (store.noDatabase) {
    await release()
    throw await configError(`Redis at ${addressOf(settings)} refuses the database: ${store.noDatabase.message}`)
  }
  return { store, release }
}

/** Guards a client that is not connected yet. */
export function openRedis(client: Redis | Cluster, settings: RedisSettings): RedisStore {
  const deadline = settings.deadline ?? DEADLINE_MS
  const address = addressOf(settings)
  const backs = new Set<() => void>()
  let silent = 0
  let lastError: unknown
  let noDatabase: Error | undefined
  let toldAt = -Infinity

  const ping = () => withDeadline(() => (noDatabase ? Promise.reject(noDatabase) : (client as Redis).ping()), deadline)
  const breaker = createBreaker({
    failures: FAILURES,
    probeAfter: PROBE_AFTER_MS,
    probeAtMost: PROBE_AT_MOST_MS,
    async probe() {
      try {
        await ping()
        silent = 0
      } catch (error) {
        if (++silent % STUCK_PROBES === 0 && /^(ready|connect)$/.test(client.status)) client.disconnect(true)
        throw error
      }
    },
    onAway(reason) {
      const why = reason instanceof StoreAway ? `${reason.reason}${codeOf(lastError ?? reason.cause)}` : String(reason)
      logger.warn(`Redis at ${address} is away (${why}); asking again every second.`)
    },
    onClose(wasAway) {
      lastError = undefined
      if (wasAway) logger.info(`Redis at ${address} is back.`)
      for (const fn of backs) fn()
    },
  })
  // Without a listener ioredis prints every failed reconnect.
  client.on('error', (error: unknown) => {
    lastError = error
    if (isReply(error) && error.command?.name === 'select') noDatabase = error
  })
  client.on('close', () => {
    noDatabase = undefined
  })

  /** Pings go through where commands do not (a replica, no memory left, few rights), so it never counts as away. */
  const tellRefusal = (error: Error) => {
    if (Date.now() - toldAt < TELL_EVERY_MS) return
    toldAt = Date.now()
    logger.warn(`Redis at ${address} does not do what it is asked: ${error.message.slice(0, 200)}`)
  }
  const away = (reason: StoreAway['reason'], cause?: unknown) => {
    const error = new StoreAway(reason, `Redis at ${address} is away (${reason})`, { cause })
    if (reason !== 'open') breaker.failed(error)
    return error
  }

  return {
    client,
    deadline,
    get away() {
      return breaker.open
    },
    async run(send) {
      if (breaker.open) throw away('open')
      if (noDatabase) throw away('failed', noDatabase)
      try {
        const reply = await withDeadline(() => send(client), deadline)
        breaker.succeeded()
        return reply
      } catch (error) {
        if (error === LATE) throw away('timeout')
        if (isReply(error)) {
          if (!CANNOT.test(error.message)) throw error
          tellRefusal(error)
        }
        throw away('failed', error)
      }
    },
    onBack(fn) {
      backs.add(fn)
      return () => void backs.delete(fn)
    },
    get noDatabase() {
      return noDatabase
    },
    started: connect(client).catch((error: unknown) => breaker.trip(away('failed', error))),
    async close() {
      breaker.close()
      backs.clear()
      client.disconnect()
    },
  }
}

async function connect(client: Redis | Cluster): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no connection')), START_WITHIN_MS)
  })
  try {
    await Promise.race([client.connect(), late])
  } finally {
    clearTimeout(timer)
  }
}

const LATE = new Error('no answer in time')

/**
 * Gives up after `ms`. A busy event loop runs an expired timer before it reads sockets: answers that have come in
 * meanwhile are read first.
 */
function withDeadline<T>(work: () => Promise<T>, ms: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => setImmediate(() => setImmediate(reject, LATE)), ms)
    work().then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

async function importIoredis() {
  try {
    const { Cluster, Redis } = await import('ioredis')
    return { Cluster, Redis }
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw await configError('the driver "redis" needs the package ioredis. Install it: npm i ioredis')
  }
}

async function configError(message: string): Promise<Error> {
  const { ConfigError } = await import('../config/problem.ts')
  return new ConfigError([{ file: '', path: 'storage', message }])
}

function createClient(ioredis: Awaited<ReturnType<typeof importIoredis>>, settings: RedisSettings): Redis | Cluster {
  const options = toRedisOptions(settings)
  if (!settings.cluster) {
    return settings.url === undefined ? new ioredis.Redis(options) : new ioredis.Redis(settings.url, options)
  }
  const { lazyConnect, enableOfflineQueue, retryStrategy: _none, ...redisOptions } = options
  return new ioredis.Cluster([...settings.cluster], {
    slotsRefreshTimeout: 1000,
    ...settings.clusterOptions,
    lazyConnect: lazyConnect === true,
    enableOfflineQueue: enableOfflineQueue === true,
    clusterRetryStrategy: (times) => Math.min(times * 100, 1000),
    redisOptions: { ...redisOptions, ...settings.clusterOptions?.redisOptions },
  })
}

function isReply(error: unknown): error is Error & { readonly command?: { readonly name: string } } {
  return error instanceof Error && error.name === 'ReplyError'
}

function codeOf(error: unknown): string {
  const { code, message } = (error ?? {}) as { code?: unknown; message?: unknown }
  return typeof code === 'string' ? `: ${code}` : typeof message === 'string' ? `: ${message.slice(0, 100)}` : ''
}

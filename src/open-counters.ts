import type { GatewayConfig } from './types/config.ts'
import type { Counters } from './types/counters.ts'
import type { RedisSettings } from './redis/options.ts'
import { createMemoryCounters } from './counters/memory.ts'
import { logger } from './logger.ts'
import { DATA_FOLDER, REDIS_PREFIX } from './storage.ts'
import { share } from './shared.ts'

/** The counters of a gateway, and what lets go of them. */
export interface OpenCounters {
  readonly counters: Counters
  close(): Promise<void>
}

/**
 * Counters where the config keeps its state: in the Redis of the mount `counters`, else of the mount `default`; else in
 * memory. Memory of a project (one with a root) outlives a reload, and its spend outlives the process: see the journal.
 */
export async function openCounters(config: GatewayConfig, root: string | undefined): Promise<OpenCounters> {
  const mount = config.storage?.['counters'] ?? config.storage?.['default']
  if (mount?.driver === 'redis') return redisCounters(mount as RedisSettings)
  if (root === undefined) return { counters: createMemoryCounters(), close: async () => {} }
  const journaled = config.counters?.journal !== false
  const [{ openJournal }, { join }] = await Promise.all([import('./counters/journal.ts'), import('node:path')])
  const file = join(root, DATA_FOLDER, 'counters.journal')
  const { value, release } = share(
    `counters:${root}:${journaled}`,
    () => createMemoryCounters(Date.now, journaled ? openJournal(file, { onError: journalFailed }) : undefined),
    (counters) => counters.close?.(),
  )
  return { counters: value, close: release }
}

async function redisCounters(settings: RedisSettings): Promise<OpenCounters> {
  const [{ borrowRedis }, { createRedisCounters }, { connectionKey }, { warnOfEviction }] = await Promise.all([
    import('./redis/client.ts'),
    import('./counters/redis.ts'),
    import('./redis/options.ts'),
    import('./redis/warn-of-eviction.ts'),
  ])
  const { store, release } = await borrowRedis(settings)
  const prefix = String(settings['base'] ?? REDIS_PREFIX)
  // Shared as well: settlements that wait for a Redis that is away outlive a reload.
  const counters = share(
    `counters:${prefix}:${connectionKey(settings)}`,
    () => {
      warnOfEviction(store, settings)
      return createRedisCounters(store, { prefix })
    },
    (shared) => shared.close?.(),
  )
  return {
    counters: counters.value,
    async close() {
      await counters.release()
      await release()
    },
  }
}

function journalFailed(error: unknown): void {
  logger.error('The journal of spend cannot be written; meanwhile spend is in memory alone:', error)
}

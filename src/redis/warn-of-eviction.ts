import type { RedisSettings } from './options.ts'
import type { RedisStore } from './client.ts'
import { logger } from '../logger.ts'
import { addressOf } from './options.ts'

/**
 * Says once where a Redis drops keys when its memory is full: what was spent, reserved and counted would be gone, and with
 * most policies virtual keys as well, and no command would fail. Looks again when Redis is back: it may be another one.
 */
export function warnOfEviction(store: RedisStore, settings: RedisSettings): void {
  const look = async () => {
    // Whoever may not ask is not told.
    const info = await store.run((client) => client.info('memory')).catch(() => '')
    const policy = /^maxmemory_policy:(\S+)/m.exec(info)?.[1]
    if (policy === undefined || policy === 'noeviction' || /^maxmemory:0\s/m.test(info)) return
    stop()
    logger.warn(
      `Redis at ${addressOf(settings)} drops keys when its memory is full (maxmemory-policy ${policy}): budgets, limits ` +
        'and virtual keys may be lost. Set it to noeviction, and give a cache of answers a Redis of its own.',
    )
  }
  const stop = store.onBack(() => void look())
  void look()
}

import type { Counters } from '../types/counters.ts'
import { StoreAway } from '../counters/store-away.ts'
import { logger } from '../logger.ts'

export interface VersionWatch {
  /** Begins to look, where that has not begun. */
  watch(): void
  /** Says that something changed here. Never fails: while the store is away it is said again until it is heard. */
  tell(): Promise<void>
  stop(): void
}

export interface VersionWatchOptions {
  readonly counters: Counters
  readonly pollMs: number
  /** Another node changed something. */
  onChange(): void
}

/** The counter that all changes of documents add to. */
export const VERSION_KEY = 'directory:version'

/** Follows the count of changes that all nodes share. */
export function watchVersion({ counters, pollMs, onChange }: VersionWatchOptions): VersionWatch {
  let seen: number | undefined
  let timer: NodeJS.Timeout | undefined
  let looking = false
  let untold = 0
  let stopped = false

  /** What was added here is no news: of every step that we add, the value before it is what others made of it. */
  const add = async (by: number) => {
    const { values } = await counters.add([{ key: VERSION_KEY, by, limit: Infinity, ttlMs: Infinity }])
    const value = values[0]!
    // The first look counts as news as well: what was read before it may have changed before it.
    if (value - by !== seen) onChange()
    seen = value
  }
  const look = async () => {
    if (looking || stopped) return
    looking = true
    try {
      const by = untold
      untold = 0
      try {
        await add(by)
      } catch (error) {
        untold += by
        throw error
      }
    } catch (error) {
      if (!(error instanceof StoreAway)) logger.error('looking for changes of keys failed:', error)
    } finally {
      looking = false
    }
  }
  const watch = () => {
    if (timer || stopped) return
    void look()
    timer = setInterval(() => void look(), pollMs)
    timer.unref()
  }

  return {
    watch,
    async tell() {
      watch()
      try {
        await add(1)
      } catch (error) {
        if (!(error instanceof StoreAway)) throw error
        untold++
      }
    },
    stop() {
      stopped = true
      clearInterval(timer)
    },
  }
}

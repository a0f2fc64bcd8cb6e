import { logger } from '../logger.ts'
import { StoreAway } from '../counters/store-away.ts'

/** What a disk says that is full, cannot be read or written, or is gone (a network's); not what one document is to blame for. */
const AWAY = new Set(
  (
    'ENOSPC EDQUOT EROFS EIO EACCES EPERM EMFILE ENFILE EBUSY ' +
    'ENODEV ENXIO ESTALE ETIMEDOUT ENOTCONN EHOSTDOWN EREMOTEIO'
  ).split(' '),
)
const TELL_EVERY_MS = 60_000

/**
 * Runs what a disk is asked for. One that does not do it is a store that is away, as any other: callers hear that, and the
 * log where and why, once a minute for each reason.
 */
export function createDiskWatch(now: () => number = Date.now): <T>(path: string, work: () => Promise<T>) => Promise<T> {
  const toldAt = new Map<string, number>()
  return async (path, work) => {
    try {
      return await work()
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException
      if (code === undefined || !AWAY.has(code)) throw error
      if (now() - (toldAt.get(code) ?? -Infinity) >= TELL_EVERY_MS) {
        toldAt.set(code, now())
        logger.error(`The documents' disk does not do what it is asked (${message}): ${path}`)
      }
      throw new StoreAway('failed', `${path}: ${message}`, { cause: error })
    }
  }
}

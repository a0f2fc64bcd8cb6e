import { createStorage, normalizeKey } from 'unstorage'
import type { Driver } from 'unstorage'
import { fromEnvelope, toEnvelope } from '../storage/envelope.ts'
import type { Entry } from '../storage/envelope.ts'
import { inParallel } from './in-parallel.ts'

export interface CopyCount {
  /** Documents that were not there. */
  readonly new: number
  /** Documents that were there and differed. */
  readonly changed: number
  readonly unchanged: number
  /** Their time was over. */
  readonly expired: number
  readonly failed: number
}

export interface CopyOptions {
  readonly from: Driver
  readonly to: Driver
  readonly dryRun?: boolean | undefined
  /** The clock, milliseconds. */
  readonly now?: (() => number) | undefined
  /** Keys that are not copied. */
  readonly skip?: ((key: string) => boolean) | undefined
  readonly onError?: ((error: unknown) => void) | undefined
}

const AT_ONCE = 16

/**
 * Copies all documents of one driver to another. Types and the moment when each ends are kept to the millisecond, each is
 * written whole, and what is there already is written anew only where it differs. Nothing is deleted.
 */
export async function copyDocuments({ from, to, ...options }: CopyOptions): Promise<CopyCount> {
  const { dryRun = false, now = Date.now, skip, onError } = options
  const counts = { new: 0, changed: 0, unchanged: 0, expired: 0, failed: 0 }
  const [source, target] = [open(from), open(to)]
  // Of the driver itself: unstorage leaves out what belongs to `setMeta`.
  const keys = (await from.getKeys('', {})).map((key) => normalizeKey(key)).filter((key) => !skip?.(key))
  await inParallel(keys, AT_ONCE, async (key) => {
    try {
      const entry = await source.read(key)
      if (!entry || (entry.until !== undefined && entry.until <= now())) {
        counts.expired++
        return
      }
      const text = toEnvelope(entry)
      const before = await target.read(key)
      const same = before !== undefined && toEnvelope(before) === text
      if (!same && !dryRun) await target.write(key, text, entry.until === undefined ? undefined : entry.until - now())
      counts[same ? 'unchanged' : before ? 'changed' : 'new']++
    } catch (error) {
      counts.failed++
      onError?.(error)
    }
  })
  return counts
}

/**
 * Envelopes as they lie in a driver: through the gateway's storage the moment when a document ends could not be read.
 * unstorage's own is between them, since drivers take keys in its form.
 */
function open(driver: Driver) {
  const storage = createStorage({ driver })
  return {
    read: async (key: string): Promise<Entry | undefined> => fromEnvelope(await storage.getItem(key)),
    write: (key: string, text: string, leftMs: number | undefined) =>
      storage.setItem(key, text, leftMs === undefined ? undefined : { ttl: leftMs / 1000 }),
  }
}

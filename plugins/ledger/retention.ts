import type { Database } from './database.ts'

const BATCH = 1000
/** Pages of SQLite given back at once: 4 MB. */
const PAGES = 512
const PAUSE_MS = 20

/**
 * Deletes rows that began before `before`, in small steps, so that neither calls' rows nor reports wait for it. Daily sums
 * stay.
 * @param stop whether the database is about to be closed
 */
export async function deleteOld(database: Database, before: number, stop = () => false): Promise<number> {
  let deleted = 0
  while (!stop()) {
    const gone = await database.all(
      `DELETE FROM ungate_spend_logs WHERE id IN (
        SELECT id FROM ungate_spend_logs WHERE start_time < ? ORDER BY start_time LIMIT ${BATCH}
      ) RETURNING id`,
      [before],
    )
    deleted += gone.length
    if (gone.length < BATCH) break
    await pause()
  }
  // PostgreSQL gives room back by itself.
  if (deleted > 0 && database.dialect === 'sqlite') await shrink(database, stop)
  return deleted
}

/** Gives the room back to the disk. All of it at once would be one transaction, as long in the write-ahead log. */
async function shrink(database: Database, stop: () => boolean): Promise<void> {
  let free = Infinity
  while (!stop()) {
    const left = await freePages(database)
    // A file of an older version, or somebody else's, does not shrink.
    if (left === 0 || left >= free) return
    free = left
    await database.all(`PRAGMA incremental_vacuum(${PAGES})`)
    await pause()
  }
}

async function freePages(database: Database): Promise<number> {
  const [row] = await database.all('PRAGMA freelist_count')
  return Number(row?.['freelist_count'] ?? 0)
}

function pause(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, PAUSE_MS))
}

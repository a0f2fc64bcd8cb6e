import type { Database } from './database.ts'

const BATCH = 1000

/** Deletes rows that began before `before`, in small transactions, so that nothing waits for it. Daily sums stay. */
export async function deleteOld(database: Database, before: number): Promise<number> {
  let deleted = 0
  for (;;) {
    const gone = await database.all(
      `DELETE FROM ungate_spend_logs WHERE id IN (
        SELECT id FROM ungate_spend_logs WHERE start_time < ? ORDER BY start_time LIMIT ${BATCH}
      ) RETURNING id`,
      [before],
    )
    deleted += gone.length
    if (gone.length < BATCH) break
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
  // Gives the room back to the disk; PostgreSQL does so by itself.
  if (deleted > 0 && database.dialect === 'sqlite') await database.all('PRAGMA incremental_vacuum')
  return deleted
}

import type { Database } from './database.ts'
import { MIGRATIONS } from './schema.ts'

/** Any number, the same in every gateway: who holds it migrates. */
const LOCK = 7_264_839_101

/** Brings the tables up to date, each step once, whoever else starts at the same time. */
export async function migrate(database: Database, now = Date.now()): Promise<void> {
  await database.transaction(async (transaction) => {
    if (database.dialect === 'postgres') await transaction.all('SELECT pg_advisory_xact_lock(?)', [LOCK])
    await transaction.all(
      'CREATE TABLE IF NOT EXISTS ungate_migrations (version INTEGER PRIMARY KEY, applied_at BIGINT NOT NULL)',
    )
    const done = new Set((await transaction.all('SELECT version FROM ungate_migrations')).map(({ version }) => version))
    for (const { version, statements } of MIGRATIONS) {
      if (done.has(version)) continue
      for (const sql of statements(database.dialect)) await transaction.all(sql)
      await transaction.all('INSERT INTO ungate_migrations (version, applied_at) VALUES (?, ?)', [version, now])
    }
  })
}

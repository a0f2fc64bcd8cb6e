import type { Database, Transaction } from './database.ts'
import { MIGRATIONS } from './schema.ts'

/** Any number, the same in every gateway: who holds it migrates. */
const LOCK = 7_264_839_101

/** Brings the tables up to date, each step once, whoever else starts at the same time. */
export async function migrate(database: Database, now = Date.now()): Promise<void> {
  await database.transaction(async (transaction) => {
    if (database.dialect === 'postgres') {
      await transaction.all('SELECT pg_advisory_xact_lock(?)', [LOCK])
      await makeSchema(transaction)
    }
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

/** A schema that the URL names (`?schema=`) is made where it is missing. */
async function makeSchema(transaction: Transaction): Promise<void> {
  const [found] = await transaction.all("SELECT current_schema() AS name, current_setting('search_path') AS path")
  const path = String(found?.['path'])
  // As PostgreSQL writes it: with quotes where the name needs them.
  if (found?.['name'] === null && /^(\w+|"([^"$]|"")+")$/.test(path))
    await transaction.all(`CREATE SCHEMA IF NOT EXISTS ${path}`)
}

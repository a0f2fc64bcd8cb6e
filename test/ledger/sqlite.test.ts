import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../plugins/ledger/database.ts'
import { migrate } from '../../plugins/ledger/migrate.ts'
import { testDatabase } from './databases.ts'
import { temporaryFolder } from './support.ts'

describe('SQLite', () => {
  const open = async () => {
    const database = await openDatabase('sqlite:./data/ledger.db', temporaryFolder())
    onTestFinished(() => database.close())
    await migrate(database)
    return database
  }
  testDatabase(open)

  it('writes ahead, and each commit to the disk', async () => {
    const database = await open()
    expect(await database.all('PRAGMA journal_mode')).toEqual([{ journal_mode: 'wal' }])
    expect(await database.all('PRAGMA synchronous')).toEqual([{ synchronous: 2 }])
  })

  it('finds a page of rows by an index', async () => {
    const database = await open()
    for (const [column, index] of [
      ['api_key', 'ungate_spend_logs_key'],
      ['user_id', 'ungate_spend_logs_user'],
      ['team_id', 'ungate_spend_logs_team'],
    ]) {
      const plan = await database.all(
        `EXPLAIN QUERY PLAN SELECT id FROM ungate_spend_logs WHERE ${column} = 'x' AND (start_time, id) < (1, 1) ` +
          'ORDER BY start_time DESC, id DESC LIMIT 10',
      )
      expect(plan.map(({ detail }) => detail).join('; ')).toContain(`INDEX ${index} (${column}=? AND start_time<?)`)
      expect(plan.some(({ detail }) => String(detail).includes('TEMP B-TREE'))).toBe(false)
    }
  })

  it('keeps what it has over a restart', async () => {
    const folder = temporaryFolder()
    const first = await openDatabase(`sqlite:${join(folder, 'x.db')}`, '/nowhere')
    await migrate(first, 7)
    await first.close()
    const second = await openDatabase(`sqlite:${join(folder, 'x.db')}`, '/nowhere')
    await migrate(second, 8)
    expect(await second.all('SELECT version, applied_at FROM ungate_migrations')).toEqual([
      { version: 1, applied_at: 7 },
    ])
    await second.close()
  })
})

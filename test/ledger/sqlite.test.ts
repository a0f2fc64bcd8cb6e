import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../plugins/ledger/database.ts'
import { migrate } from '../../plugins/ledger/migrate.ts'
import { IDS_OF_REQUEST } from '../../plugins/ledger/reports/spend-logs.ts'
import { MIGRATIONS } from '../../plugins/ledger/schema.ts'
import { deleteOld } from '../../plugins/ledger/retention.ts'
import { writeBatch } from '../../plugins/ledger/write-batch.ts'
import { testDatabase } from './databases.ts'
import { testPagedReports } from './paged-reports.ts'
import { entry, temporaryFolder } from './support.ts'

describe('SQLite', () => {
  const open = async () => {
    const database = await openDatabase('sqlite:./data/ledger.db', temporaryFolder())
    onTestFinished(() => database.close())
    await migrate(database)
    return database
  }
  testDatabase(open)
  testPagedReports(open)

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

  it('finds a request by an index', async () => {
    const database = await open()
    const plan = await database.all(
      `EXPLAIN QUERY PLAN SELECT id FROM ungate_spend_logs WHERE id IN (${IDS_OF_REQUEST}) AND request_id = 'x'`,
      ['x'],
    )
    const details = plan.map(({ detail }) => String(detail))
    expect(details.some((detail) => detail.includes('INDEX ungate_spend_logs_request (<expr>=? AND <expr>=?)'))).toBe(
      true,
    )
    expect(details.filter((detail) => detail.startsWith('SCAN'))).toEqual(['SCAN buckets', 'SCAN buckets'])
  })

  it('gives the room of old rows back in small steps, and none where it is about to be closed', async () => {
    const database = await open()
    const fill = async () => {
      const rows = Array.from({ length: 1500 }, (_, i) => entry({ id: `r${i}`, at: 1, messages: 'x'.repeat(8000) }))
      await writeBatch(database, rows, () => expect.unreachable())
    }
    const free = async () => Number((await database.all('PRAGMA freelist_count'))[0]!['freelist_count'])
    const steps: number[] = []
    const watched: typeof database = {
      ...database,
      async all(sql, params) {
        const before = sql.includes('vacuum') ? await free() : 0
        const rows = await database.all(sql, params)
        if (sql.includes('vacuum')) steps.push(before - (await free()))
        return rows
      },
    }
    await fill()
    expect(await deleteOld(watched, 2)).toBe(1500)
    expect(await free()).toBe(0)
    expect(steps.length).toBeGreaterThan(1)
    expect(Math.max(...steps)).toBeLessThanOrEqual(512)
    await fill()
    expect(await deleteOld(watched, 2, () => true)).toBe(0)
  })

  it('takes the rows of an older version over', async () => {
    const database = await openDatabase('sqlite:./data/old.db', temporaryFolder())
    onTestFinished(() => database.close())
    for (const sql of MIGRATIONS[0]!.statements('sqlite')) await database.all(sql)
    await database.all('CREATE TABLE ungate_migrations (version INTEGER PRIMARY KEY, applied_at BIGINT NOT NULL)')
    await database.all('INSERT INTO ungate_migrations (version, applied_at) VALUES (1, 1)')
    const entries = [entry({ id: 'a' }), entry({ id: 'b', endUser: 'customer' })]
    const never = () => expect.unreachable()
    await writeBatch(database, entries, never)
    const before = await database.all('SELECT * FROM ungate_spend_logs ORDER BY id')
    expect(before.length).toBe(2)
    await migrate(database)
    expect(await database.all('SELECT * FROM ungate_spend_logs ORDER BY id')).toEqual(before)
    await writeBatch(database, entries, never)
    expect(await database.all('SELECT * FROM ungate_spend_logs ORDER BY id')).toEqual(before)
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
      { version: 2, applied_at: 7 },
    ])
    await second.close()
  })
})

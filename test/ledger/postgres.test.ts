import pg from 'pg'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { openDatabase } from '../../plugins/ledger/database.ts'
import { migrate } from '../../plugins/ledger/migrate.ts'
import { postgresPrograms, startPostgres } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres.ts'
import { startPooler } from '../support/pooler.ts'
import { testDatabase } from './databases.ts'
import { testPagedReports } from './paged-reports.ts'
import { ledgerGateway, temporaryFolder } from './support.ts'

const bin = postgresPrograms()
if (!bin) console.log('No PostgreSQL server is installed (/usr/lib/postgresql): its tests are left out.')

describe.runIf(bin)('PostgreSQL', () => {
  let server: PostgresServer
  let admin: pg.Pool
  let count = 0
  beforeAll(async () => {
    server = await startPostgres(bin!)
    admin = new pg.Pool({ connectionString: server.url })
    // The server is stopped in between.
    admin.on('error', () => {})
  })
  afterAll(async () => {
    await admin?.end()
    await server?.remove()
  })

  const freshUrl = async () => {
    await admin.query(`CREATE DATABASE test${++count}`)
    return server.url.replace(/postgres$/, `test${count}`)
  }

  const open = async () => {
    const database = await openDatabase(await freshUrl(), '/')
    onTestFinished(() => database.close())
    await migrate(database)
    return database
  }
  testDatabase(open)
  testPagedReports(open)

  it('takes a URL as Prisma has it, and makes its schema', async () => {
    const url = await freshUrl()
    const database = await openDatabase(`${url}?schema=other&connection_limit=5&pool_timeout=10`, '/')
    onTestFinished(() => database.close())
    await migrate(database)
    await migrate(database)
    const tables = await database.all(
      "SELECT table_name FROM information_schema.tables WHERE table_schema = 'other' ORDER BY 1",
    )
    expect(tables.map(({ table_name }) => table_name)).toEqual([
      'ungate_daily_spend',
      'ungate_keys',
      'ungate_migrations',
      'ungate_spend_logs',
    ])
  })

  it('works through PgBouncer, which takes no settings with a connection', async () => {
    const pooler = await startPooler(await freshUrl())
    const url = `${pooler.url}?schema=Our-ledger&pgbouncer=true`
    const { gateway, chat, json } = await ledgerGateway({ url })
    await (await chat('alice')).arrayBuffer()
    expect(await json('admin', '/global/spend')).toMatchObject({ api_requests: 1 })
    await gateway.close()
    const database = await openDatabase(url, '/')
    const settings = "SELECT current_schema() AS schema, current_setting('statement_timeout') AS timeout"
    expect(await database.all(settings)).toEqual([{ schema: 'Our-ledger', timeout: '1min' }])
    expect(await database.lists('SELECT COUNT(*) FROM ungate_spend_logs')).toEqual([[1]])
    await database.close()
    await pooler.close()
  })

  it('adds up what several gateways write at once', async () => {
    const url = await freshUrl()
    const gateways = await Promise.all([1, 2, 3].map(() => ledgerGateway({ url })))
    await Promise.all(
      gateways.flatMap(({ chat }) => Array.from({ length: 20 }, async () => (await chat('alice')).arrayBuffer())),
    )
    await Promise.all(gateways.map(({ gateway }) => gateway.close()))
    const database = await openDatabase(url, '/')
    onTestFinished(() => database.close())
    expect(await database.all('SELECT COUNT(*) AS n FROM ungate_spend_logs')).toEqual([{ n: 60 }])
    expect(await database.all("SELECT SUM(requests) AS n FROM ungate_daily_spend WHERE kind = 'user'")).toEqual([
      { n: 60 },
    ])
  })

  it('starts and answers without the database, and has every row once it is back', async () => {
    const url = await freshUrl()
    const before = await ledgerGateway({ url })
    const ids: string[] = []
    const call = async ({ chat }: typeof before) => {
      const answer = await chat('alice')
      await answer.arrayBuffer()
      expect(answer.status).toBe(200)
      ids.push(answer.headers.get('x-litellm-call-id')!)
    }
    for (let i = 0; i < 10; i++) await call(before)
    await server.stop()
    for (let i = 0; i < 50; i++) await call(before)
    const report = await before.get('admin', '/spend/keys')
    expect([report.status, report.headers.get('retry-after')]).toEqual([503, '5'])
    expect(await report.json()).toMatchObject({ error: { code: 'ledger_unavailable' } })
    const after = await ledgerGateway({ url })
    for (let i = 0; i < 10; i++) await call(after)
    expect(await after.json('admin', '/ledger/status')).toMatchObject({ database: { up: false }, rows_lost: 0 })
    await server.start()
    await expect
      .poll(() => after.json('admin', '/ledger/status'), { timeout: 15_000 })
      .toMatchObject({ database: { up: true } })
    await expect
      .poll(() => before.json('admin', '/ledger/status'), { timeout: 15_000 })
      .toMatchObject({ database: { up: true } })
    const database = await openDatabase(url, '/')
    onTestFinished(() => database.close())
    const rows = await database.all('SELECT request_id FROM ungate_spend_logs')
    expect(rows.map(({ request_id }) => request_id).sort()).toEqual(ids.sort())
    expect(await before.json('admin', '/global/spend')).toMatchObject({ api_requests: 70 })
  })

  it('leaves what a closing gateway cannot write to the next one', async () => {
    const url = await freshUrl()
    const root = temporaryFolder()
    const first = await ledgerGateway({ url }, {}, root)
    await (await first.chat('alice')).arrayBuffer()
    await first.json('admin', '/spend/keys')
    await server.stop()
    const answer = await first.chat('alice')
    await answer.arrayBuffer()
    await first.gateway.close()
    await server.start()
    const second = await ledgerGateway({ url }, {}, root)
    expect(await second.json('admin', '/global/spend')).toMatchObject({ api_requests: 2 })
  })
})

import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import pg from 'pg'
import type { Storage } from 'unstorage'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { budgetWindow, createMemoryCounters } from '../../src/index.ts'
import type { Counters } from '../../src/index.ts'
import { spendKey } from '../../src/spend-key.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import type { OpenDirectory } from '../../src/directory/directory.ts'
import { hasFailed, importLitellm } from '../../src/migrate/import-litellm.ts'
import type { LitellmTables } from '../../src/migrate/litellm-tables.ts'
import { readDatabase } from '../../src/migrate/read-database.ts'
import { readDump } from '../../src/migrate/read-dump.ts'
import { createGatewayStorage } from '../../src/storage.ts'
import { NOW, ROWS, SCHEMA, hashOf } from '../support/litellm-database.ts'
import { startPooler } from '../support/pooler.ts'
import { postgresPrograms, startPostgres } from '../support/postgres.ts'
import type { PostgresServer } from '../support/postgres.ts'

const bin = postgresPrograms()
const folder = mkdtempSync(join(tmpdir(), 'gateway-litellm-'))
let server: PostgresServer | undefined
let tables: LitellmTables
let directory: OpenDirectory
let storage: Storage
let counters: Counters

async function sql(text: string, url = server!.url): Promise<void> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  await client.query(text)
  await client.end()
}

beforeAll(async () => {
  if (!bin) return
  server = await startPostgres(bin)
  await sql(SCHEMA + ROWS)
  tables = await readDatabase(`${server.url}?schema=public&connection_limit=10`)
})
beforeEach(async () => {
  counters = createMemoryCounters(() => NOW)
  storage = await createGatewayStorage(undefined, undefined)
  directory = createDirectory({ storage, counters })
})
afterAll(async () => {
  await server?.remove()
  rmSync(folder, { recursive: true })
})

const run = (given = tables, now = NOW) => importLitellm(given, { directory, counters, storage, now })

test('PostgreSQL is there, or the tests with it do not run', () => {
  expect(typeof bin === 'string' || bin === undefined).toBe(true)
})

if (bin) {
  test('a live database, a dump with COPY and dumps with INSERT say the same', async () => {
    const dump = (...args: string[]) => {
      const file = join(folder, `${args.join('')}.sql`)
      const done = spawnSync(join(bin, 'pg_dump'), ['--file', file, ...args, server!.url], { encoding: 'utf8' })
      expect(done.stderr).toBe('')
      return readDump(file)
    }
    for (const args of [[], ['--inserts'], ['--column-inserts', '--rows-per-insert=2'], ['--data-only']]) {
      const read = await dump(...args)
      expect(sorted(read), args.join(' ')).toEqual(sorted(tables))
      expect([...read.others.keys()]).toEqual(['LiteLLM_SpendLogs'])
    }
  })

  test('reads it through PgBouncer, which takes no settings with a connection', async () => {
    await sql('CREATE SCHEMA "Two words"; CREATE TABLE "Two words"."LiteLLM_UserTable" (user_id text, spend float8)')
    const pooler = await startPooler(server!.url)
    const url = `${pooler.url}?schema=${encodeURIComponent('Two words')}&pgbouncer=true`
    expect((await readDatabase(url)).rows).toEqual(new Map([['LiteLLM_UserTable', []]]))
    await pooler.close()
  })

  test('nothing is written into LiteLLM’s database; what cannot be opened is said without the password', async () => {
    expect([...tables.others]).toEqual([['LiteLLM_SpendLogs', 2]])
    const away = readDatabase('postgres://somebody:hidden-password@127.0.0.1:1/x')
    await expect(away).rejects.toThrow(/cannot be opened: .*ECONNREFUSED/)
    await expect(away).rejects.not.toThrow('hidden-password')
    await expect(readDatabase(`${server!.url}?schema=elsewhere`)).rejects.toThrow('no tables of LiteLLM')
    await sql('CREATE ROLE reader LOGIN')
    const reader = readDatabase(server!.url.replace('ledger@', 'reader@'))
    await expect(reader).rejects.toThrow(/^LiteLLM's database cannot be read: permission denied/)
    // Of tables that are only counted the planner's number will do.
    const read = [...tables.rows.keys()].map((table) => `"${table}"`).join(', ')
    await sql(`GRANT SELECT ON ${read} TO reader; ANALYZE "LiteLLM_SpendLogs"`)
    const { rows, others } = await readDatabase(server!.url.replace('ledger@', 'reader@'))
    expect(sorted({ rows, others, broken: [] })).toEqual(sorted(tables))
    expect([...others]).toEqual([['LiteLLM_SpendLogs', 2]])
    await sql('ALTER TABLE "LiteLLM_BudgetTable" ENABLE ROW LEVEL SECURITY')
    await expect(readDatabase(server!.url.replace('ledger@', 'reader@'))).rejects.toThrow('row-level security')
    await sql('ALTER TABLE "LiteLLM_BudgetTable" DISABLE ROW LEVEL SECURITY')
    await expect(readDatabase('postgres://[')).rejects.toThrow('the URL is not one')
  })

  describe('after the import', () => {
    test('a key is found by the hash of its plain form, with all it had', async () => {
      await run()
      expect(await directory.get('key', hashOf('sk-first-key'))).toEqual({
        token: hashOf('sk-first-key'),
        key_name: 'sk-...-key',
        key_alias: 'first',
        expires: '2027-01-01T00:00:00.000Z',
        models: ['gpt-4o', 'openai/*'],
        aliases: { mine: 'gpt-4o' },
        metadata: { guardrails: ['pii'] },
        user_id: 'ann',
        team_id: 'red',
        allowed_routes: ['llm_api_routes'],
        blocked: true,
        auto_rotate: true,
        rotation_interval: '30d',
        rotation_count: 0,
        max_budget: 25,
        budget_duration: '30d',
        tpm_limit: 1000,
        rpm_limit: 10,
        max_parallel_requests: 2,
        model_max_budget: { 'gpt-4o': { max_budget: 2, budget_duration: '1d' } },
        budget_limits: [{ budget_duration: '1d', max_budget: 1 }],
        tags: ['a'],
        model_tpm_limit: { 'gpt-4o': 100 },
        temp_budget_increase: 5,
        temp_budget_expiry: '2026-12-24T06:00:00.000Z',
        created_at: '2026-03-01T10:20:30.456Z',
        updated_at: '2026-03-02T00:00:00.000Z',
        created_by: 'ann',
        updated_by: 'ann',
        other: { access_group_ids: ['group-1'] },
      })
      expect(await directory.get('key', hashOf('sk-old-first-key'))).toMatchObject({
        token: hashOf('sk-old-first-key'),
        replaced_by: hashOf('sk-first-key'),
        grace_until: '2026-11-20T00:00:00.000Z',
        team_id: 'red',
        blocked: true,
      })
      for (const gone of ['sk-expired-key', 'sk-session', 'sk-bad-tags', 'sk-older-first-key']) {
        expect(await directory.get('key', hashOf(gone)), gone).toBeUndefined()
      }
      expect((await directory.list('key')).map(({ key_alias }) => key_alias).sort()).toEqual([
        'first',
        'first',
        'overdue',
      ])
    })

    test('teams have their members, the members their budgets', async () => {
      await run()
      const gold = {
        max_budget: 100,
        soft_budget: 80,
        budget_duration: '7d',
        tpm_limit: 9007199254740991,
        rpm_limit: 60,
        model_max_budget: { 'gpt-4o': { budget_limit: 5, time_period: '1d' } },
      }
      const member = { max_budget: 3.5, budget_duration: '1d', rpm_limit: 7 }
      const stamps = { created_at: '2026-01-01T00:00:00.000Z', updated_at: '2026-01-02T00:00:00.000Z' }
      const by = { created_by: 'admin', updated_by: 'admin' }
      expect(await directory.get('team', 'red')).toEqual({
        team_id: 'red',
        team_alias: 'Red',
        organization_id: 'org',
        members_with_roles: [
          { user_id: 'ann', role: 'admin', budget: member },
          { user_id: 'bob', user_email: 'bob@example.com', role: 'user', budget: gold },
        ],
        metadata: { cost_center: 7 },
        models: ['gpt-4o', 'claude, "big"'],
        model_aliases: { fast: 'gpt-4o-mini' },
        blocked: false,
        team_member_budget: 3.5,
        team_member_budget_duration: '1d',
        team_member_rpm_limit: 7,
        max_budget: 250.5,
        budget_duration: '1mo',
        tags: ['prod'],
        model_rpm_limit: { 'gpt-4o': 5 },
        ...stamps,
        other: { router_settings: { num_retries: 3 } },
      })
      expect(await directory.get('team', 'blue')).toEqual({
        team_id: 'blue',
        members_with_roles: [
          { user_id: 'zoe', role: 'admin' },
          { user_id: 'yan', role: 'user' },
        ],
        models: [],
        blocked: false,
        ...stamps,
      })
      expect(await directory.get('budget', 'gold')).toEqual({ budget_id: 'gold', ...gold, ...stamps, ...by })
      expect(await directory.get('budget', 'odd')).toEqual({ budget_id: 'odd', max_budget: 1, ...stamps, ...by })
      expect(await directory.get('organization', 'org')).toEqual({
        organization_id: 'org',
        organization_alias: 'Research',
        budget_id: 'gold',
        metadata: { floor: 3 },
        models: ['gpt-4o'],
        members: [
          { user_id: 'ann', user_role: 'org_admin' },
          { user_id: 'bob', user_role: 'internal_user', budget: member },
        ],
        ...stamps,
        ...by,
      })
      expect(await directory.get('user', 'ann')).toEqual({
        user_id: 'ann',
        user_email: 'ann@example.com',
        user_role: 'proxy_admin',
        sso_user_id: 'sso-1',
        organizations: ['org'],
        models: [],
        max_budget: 10,
        ...stamps,
      })
      expect(await directory.get('user', 'bob')).toMatchObject({ models: ['gpt-4o'], metadata: { note: 'tab\there' } })
      expect(await directory.get('customer', 'visitor/1')).toEqual({
        user_id: 'visitor/1',
        alias: 'Visitor',
        allowed_model_region: 'eu',
        budget_id: 'gold',
        blocked: true,
        created_at: '2026-11-18T12:00:00.000Z',
        updated_at: '2026-11-18T12:00:00.000Z',
      })
    })

    test('spend is in the counters, in nano-dollars, in total and of the running window', async () => {
      await run()
      const window = (duration: string) => budgetWindow(duration, NOW).start
      const key = `spend:key:${hashOf('sk-first-key')}`
      const overdue = `spend:key:${hashOf('sk-overdue-key')}`
      const expected: Record<string, number> = {
        [key]: 100_000_000,
        [`${key}:30d:${window('30d')}`]: 100_000_000,
        [overdue]: 7_000_000_000,
        // Its window was to be reset yesterday.
        [`${overdue}:1d:${window('1d')}`]: 0,
        [`spend:key:${hashOf('sk-bad-tags')}`]: 0,
        'spend:team:red': 12_000_000_001,
        [`spend:team:red:1mo:${window('1mo')}`]: 12_000_000_001,
        'spend:team_member:red/bob': 1_500_000_000,
        [`spend:team_member:red/bob:7d:${window('7d')}`]: 1_500_000_000,
        'spend:team_member:red/ghost': 2_000_000_000,
        // By the budget of all members.
        [`spend:team_member:red/ghost:1d:${window('1d')}`]: 2_000_000_000,
        'spend:user:ann': 4_000_000_000,
        'spend:organization:org': 20_000_000_000,
        [`spend:organization:org:7d:${window('7d')}`]: 20_000_000_000,
        'spend:end_user:visitor/1': 1_250_000_000,
        [`spend:end_user:visitor/1:7d:${window('7d')}`]: 1_250_000_000,
      }
      const values = await counters.get(Object.keys(expected))
      expect(Object.fromEntries(Object.keys(expected).map((name, i) => [name, values[i]]))).toEqual(expected)
    })

    test('the report says what was taken, and of what was not which field and why', async () => {
      const report = await run()
      const none = { new: 0, changed: 0, unchanged: 0, newer: 0, deleted: 0, skipped: 0, failed: 0 }
      expect(report.tables).toEqual([
        { ...none, table: 'LiteLLM_BudgetTable', read: 3, new: 3 },
        { ...none, table: 'LiteLLM_OrganizationMembership', read: 2 },
        { ...none, table: 'LiteLLM_OrganizationTable', read: 1, new: 1 },
        { ...none, table: 'LiteLLM_UserTable', read: 2, new: 2 },
        { ...none, table: 'LiteLLM_TeamMembership', read: 2 },
        { ...none, table: 'LiteLLM_ModelTable', read: 1 },
        { ...none, table: 'LiteLLM_TeamTable', read: 2, new: 2 },
        { ...none, table: 'LiteLLM_VerificationToken', read: 6, new: 2, skipped: 2, failed: 2 },
        { ...none, table: 'LiteLLM_DeprecatedVerificationToken', read: 2, new: 1, skipped: 1 },
        { ...none, table: 'LiteLLM_EndUserTable', read: 1, new: 1 },
      ])
      expect(hasFailed(report)).toBe(true)
      const lines = report.notes.map(
        ({ table, field, reason, count, examples }) =>
          `${table.slice(8)}${field ? `.${field}` : ''} ${count}: ${reason} (${examples.join(', ')})`,
      )
      expect(lines.sort()).toEqual(
        [
          'BudgetTable.allowed_models 1: not taken: budgets name no models here (member)',
          'BudgetTable.budget_duration 1: is no duration that is known here: the budget is taken without a window (odd)',
          'DeprecatedVerificationToken 1: left out: expired (first)',
          'SpendLogs 2: single calls stay in LiteLLM’s database; sums of spend are taken ()',
          'TeamTable.members 1: a membership of somebody who is no member of the team: only the spend is taken (Red)',
          'TeamTable.members 1: a user names this team and is no member of it: not made one (blue)',
          'TeamTable.router_settings 1: is kept and has no effect here (Red)',
          'UserTable.password 1: not taken: nobody signs in with a password here (ann@example.com)',
          'UserTable.user_role 1: is no role that is known here: taken without one (bob)',
          'VerificationToken 1: left out: a session of LiteLLM’s UI (sk-...sion)',
          'VerificationToken 1: left out: expired (expired)',
          'VerificationToken.access_group_ids 1: is kept and has no effect here (first)',
          'VerificationToken.budget_limits 1: is taken; what each part spent is not in LiteLLM’s database and begins at 0 (first)',
          'VerificationToken.metadata.guardrails 1: is kept and has no effect here (first)',
          'VerificationToken.metadata.tags 1: not taken: is not what LiteLLM writes there (bad tags)',
          'VerificationToken.model_max_budget 1: is taken; what each part spent is not in LiteLLM’s database and begins at 0 (first)',
          'VerificationToken.token 1: not taken: is no SHA-256 hash (plain)',
        ].sort(),
      )
      const text = JSON.stringify(report)
      for (const secret of ['secret-password-hash', 'sk-plain-text-key', hashOf('sk-first-key')])
        expect(text).not.toContain(secret)
    })

    test('a second run changes nothing', async () => {
      await run()
      const before = await everything()
      const version = directory.version()
      const again = await run(tables, NOW + 60_000)
      expect(again.tables.map(({ table, unchanged }) => [table.slice(8), unchanged])).toEqual([
        ['BudgetTable', 3],
        ['OrganizationMembership', 0],
        ['OrganizationTable', 1],
        ['UserTable', 2],
        ['TeamMembership', 0],
        ['ModelTable', 0],
        ['TeamTable', 2],
        ['VerificationToken', 2],
        ['DeprecatedVerificationToken', 1],
        ['EndUserTable', 1],
      ])
      expect(again.tables.reduce((sum, table) => sum + table.new + table.changed + table.newer, 0)).toBe(0)
      expect(again.spend).toMatchObject({ changed: 0, failed: 0 })
      expect(await everything()).toEqual(before)
      expect(directory.version()).toBe(version)
    })

    test('a later run takes what LiteLLM changed, and leaves what was changed here since', async () => {
      await run()
      const token = hashOf('sk-first-key')
      await directory.update('key', hashOf('sk-overdue-key'), (key) => ({
        ...key!,
        blocked: true,
        updated_at: '2026-11-18T12:00:00.000Z',
      }))
      await directory.update('customer', 'visitor/1', (one) => ({
        ...one!,
        alias: 'Here',
        updated_at: '2026-11-18T13:00:00.000Z',
      }))
      const report = await run({
        ...tables,
        rows: new Map(tables.rows).set(
          'LiteLLM_VerificationToken',
          tables.rows
            .get('LiteLLM_VerificationToken')!
            .map((row) => (row['token'] === token ? { ...row, rpm_limit: '11' } : row)),
        ),
      })
      const keys = report.tables.find(({ table }) => table === 'LiteLLM_VerificationToken')
      expect(keys).toMatchObject({ new: 0, changed: 1, newer: 1, unchanged: 0 })
      expect((await directory.get('key', token))!.rpm_limit).toBe(11)
      expect((await directory.get('key', hashOf('sk-overdue-key')))!.blocked).toBe(true)
      expect((await directory.get('customer', 'visitor/1'))!.alias).toBe('Here')
    })

    test('spend moves with LiteLLM’s and keeps what was spent here; runs at the same time count nothing twice', async () => {
      await Promise.all([run(), run(), run()])
      await counters.add([{ key: 'spend:user:ann', by: 5, limit: Infinity, ttlMs: Infinity }])
      const spent = (usd: string) => ({
        ...tables,
        rows: new Map(tables.rows).set(
          'LiteLLM_UserTable',
          tables.rows.get('LiteLLM_UserTable')!.map((row) => (row['user_id'] === 'ann' ? { ...row, spend: usd } : row)),
        ),
      })
      await run()
      expect(await counters.get(['spend:user:ann'])).toEqual([4_000_000_005])
      await run(spent('6.5'))
      expect(await counters.get(['spend:user:ann'])).toEqual([6_500_000_005])
      // LiteLLM began a new window.
      await run(spent('0'))
      expect(await counters.get(['spend:user:ann'])).toEqual([5])
    })

    test('--dry-run says the same and writes nothing', async () => {
      const dry = await importLitellm(tables, { directory, counters, storage, now: NOW, dryRun: true })
      expect(await everything()).toEqual([])
      expect(await counters.get(['spend:user:ann', 'spend:taken:litellm:spend:user:ann'])).toEqual([0, 0])
      const { tables: counts, spend, notes } = await run()
      expect(dry).toEqual({ dryRun: true, tables: counts, spend, notes })
    })

    test('the master key’s own row is no virtual key; what names something that was not taken is told', async () => {
      const report = await importLitellm(
        { ...tables, rows: new Map(tables.rows).set('LiteLLM_TeamTable', []) },
        { directory, counters, storage, now: NOW, ownKeys: new Set([hashOf('sk-overdue-key')]) },
      )
      expect(await directory.get('key', hashOf('sk-overdue-key'))).toBeUndefined()
      expect(report.notes).toEqual(
        expect.arrayContaining([
          {
            table: 'LiteLLM_VerificationToken',
            reason: 'left out: the master key is no virtual key here',
            count: 1,
            examples: ['overdue'],
          },
          {
            table: 'LiteLLM_VerificationToken',
            field: 'team_id',
            reason: 'names a team that was not taken',
            count: 1,
            examples: ['first'],
          },
        ]),
      )
    })

    test('ids with colons, and end users with the common budget', async () => {
      const row = { ...tables.rows.get('LiteLLM_EndUserTable')![0]!, user_id: 'a:b%', budget_id: null }
      const given = { ...tables, rows: new Map(tables.rows).set('LiteLLM_EndUserTable', [row]) }
      await importLitellm(given, { directory, counters, storage, now: NOW, endUserBudget: 'member' })
      const key = `${spendKey('end_user', 'a:b%')}:1d:${budgetWindow('1d', NOW).start}`
      expect(key).toMatch(/^spend:end_user:a%3Ab%25:1d:\d+$/)
      expect(await counters.get([key])).toEqual([1_250_000_000])
    })

    test('windows follow the timezone', async () => {
      const late = Date.UTC(2026, 10, 18, 23, 30)
      await importLitellm(tables, { directory, counters, storage, now: late, timezone: 'Europe/Berlin' })
      const key = `spend:end_user:visitor/1:7d:${Date.UTC(2026, 10, 15, 23)}`
      expect(await counters.get([key])).toEqual([1_250_000_000])
    })
  })
}

async function everything(): Promise<unknown[]> {
  const kinds = ['key', 'team', 'user', 'customer', 'budget', 'organization'] as const
  const lists = await Promise.all(kinds.map((kind) => directory.list(kind)))
  return lists.flat()
}

/** Rows without regard to their order. */
function sorted({ rows }: LitellmTables) {
  return Object.fromEntries(
    [...rows]
      .filter(([, list]) => list.length > 0)
      .map(([table, list]): [string, string[]] => [
        table,
        list.map((row) => JSON.stringify(Object.entries(row).map(([name, value]) => [name, plain(value)]))).sort(),
      ])
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  )
}

/** An INSERT writes booleans as words. */
function plain(value: string | null): string | null {
  return value === 'true' ? 't' : value === 'false' ? 'f' : value
}

import type { Storage } from 'unstorage'
import { beforeEach, expect, test } from 'vitest'
import { createMemoryCounters } from '../../src/index.ts'
import type { Counters } from '../../src/index.ts'
import { createDirectory } from '../../src/directory/directory.ts'
import type { OpenDirectory } from '../../src/directory/directory.ts'
import { importLitellm } from '../../src/migrate/import-litellm.ts'
import type { ImportReport } from '../../src/migrate/import-litellm.ts'
import type { Row } from '../../src/migrate/litellm-tables.ts'
import { createGatewayStorage } from '../../src/storage.ts'
import { hashOf } from '../support/litellm-database.ts'

let counters: Counters
let storage: Storage
let directory: OpenDirectory

beforeEach(async () => {
  counters = createMemoryCounters()
  storage = await createGatewayStorage(undefined, undefined)
  directory = createDirectory({ storage, counters })
})

const key = (name: string, columns: Row = {}): Row => ({ token: hashOf(`sk-${name}`), key_alias: name, ...columns })
const find = (name: string) => directory.get('key', hashOf(`sk-${name}`))

function run(given: Record<string, readonly Row[]>, dryRun = false): Promise<ImportReport> {
  const rows = new Map(Object.entries(given).map(([table, list]) => [`LiteLLM_${table}`, list]))
  return importLitellm({ rows, others: new Map(), broken: [] }, { directory, counters, storage, dryRun })
}

function said({ notes }: ImportReport): string[] {
  return notes.map(
    ({ table, field, reason, examples }) => `${table.slice(8)}.${field}: ${reason} (${examples.join(', ')})`,
  )
}

test('a key whose limits are in a row that could not be read is not taken', async () => {
  const report = await run({
    BudgetTable: [
      { budget_id: 'broken', max_budget: 'NaN' },
      { budget_id: 'gold', max_budget: '9' },
    ],
    UserTable: [
      { user_id: 'ann', max_budget: '-1' },
      { user_id: 'bob', budget_id: 'broken' },
    ],
    OrganizationTable: [{ organization_id: 'org', budget_id: 'broken' }],
    TeamTable: [{ team_id: 'red', budget_id: 'broken' }],
    VerificationToken: [
      key('by-budget', { budget_id: 'broken' }),
      key('by-user', { user_id: 'ann' }),
      key('by-the-budget-of-its-user', { user_id: 'bob' }),
      key('whole', { budget_id: 'gold' }),
      key('of-nobody-there', { user_id: 'zoe', budget_id: 'gone' }),
    ],
  })
  expect((await directory.list('key')).map(({ key_alias }) => key_alias).sort()).toEqual(['of-nobody-there', 'whole'])
  expect([await directory.list('team'), await directory.list('organization')]).toEqual([[], []])
  expect(said(report)).toEqual(
    expect.arrayContaining([
      'VerificationToken.budget_id: not taken: names a budget whose row could not be read (by-budget)',
      'VerificationToken.user_id: not taken: names a user whose row could not be read (by-user, by-the-budget-of-its-user)',
    ]),
  )
  expect(report.tables.find(({ table }) => table.endsWith('Token'))).toMatchObject({ new: 2, failed: 3 })
})

test('what was deleted here does not come back, and a rotated key does not open again', async () => {
  const given = {
    TeamTable: [{ team_id: 'red' }],
    VerificationToken: [key('leaked', { updated_at: '2026-01-01 00:00:00' }), key('kept')],
  }
  await run(given, true)
  await run(given)
  await directory.update('key', hashOf('sk-leaked'), () => undefined)
  await directory.update('team', 'red', () => undefined)
  // LiteLLM has used it since.
  const later = {
    ...given,
    VerificationToken: [key('leaked', { updated_at: '2036-01-01 00:00:00', spend: '3' }), key('kept'), key('later')],
  }
  for (const dryRun of [true, false, false]) {
    const { tables } = await run(later, dryRun)
    expect(tables.find(({ table }) => table.endsWith('TeamTable'))).toMatchObject({ new: 0, deleted: 1 })
    expect(tables.find(({ table }) => table.endsWith('Token'))).toMatchObject({ deleted: 1, failed: 0 })
  }
  expect([await find('leaked'), await directory.get('team', 'red')]).toEqual([undefined, undefined])
  expect([(await find('kept'))?.key_alias, (await find('later'))?.key_alias]).toEqual(['kept', 'later'])
  expect((await directory.list('key')).length).toBe(2)
})

test('empty texts stand for nothing', async () => {
  const empty = { key_alias: '', team_id: '', user_id: '', organization_id: '', budget_id: '', created_by: '' }
  const report = await run({ VerificationToken: [key('one', empty), key('two', empty)] })
  expect(await find('one')).toEqual({
    token: hashOf('sk-one'),
    key_name: 'sk-...',
    models: [],
    created_at: expect.any(String),
    updated_at: expect.any(String),
  })
  expect(report.notes).toEqual([])
})

test('keys that share an alias are told', async () => {
  const report = await run({
    VerificationToken: [key('a', { key_alias: 'app' }), key('b', { key_alias: 'app' }), key('c')],
  })
  expect(said(report)).toEqual([
    'VerificationToken.key_alias: is that of another key as well: routes that take aliases find one of them only (app)',
  ])
})

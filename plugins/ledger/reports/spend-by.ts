import type { Database } from '../database.ts'
import type { Row } from '../row.ts'
import type { Base, FlatRow, ReportResult } from './report.ts'
import type { SumsInput } from './sums.ts'
import { METRIC_SUMS, selectSums, textOf, toDollars, toMetrics } from './sums.ts'

export interface SpendByArgs {
  readonly base: Base
  readonly limit: number
}

/** `/spend/keys`: what each key spent, dearest first, with what is known of it. */
export async function spendByKey(database: Database, { base, limit }: SpendByArgs): Promise<ReportResult> {
  // A key's sums are in its own name, which is earlier in the primary key.
  const column = base.kind === 'key' ? 'entity' : 'api_key'
  const found = await selectSums(database, base, { by: [column], order: `SUM(spend) DESC, ${column}`, limit })
  // Refused calls that showed no key, or none that is known.
  const sums = found.map((row) => ({ ...row, api_key: row[column]! })).filter((row) => row.api_key !== '')
  const keys = await readKeys(
    database,
    sums.map((row) => textOf(row['api_key'])),
  )
  return list(sums, (row) => {
    const known = keys.get(textOf(row['api_key']))
    return {
      token: row['api_key'],
      api_key: row['api_key'],
      key_alias: known?.['key_alias'] ?? null,
      user_id: known?.['user_id'] ?? null,
      team_id: known?.['team_id'] ?? null,
      organization_id: known?.['organization_id'] ?? null,
      ...toMetrics(row),
    }
  })
}

/** `/spend/users`: what each user spent. */
export async function spendByUser(database: Database, args: SpendByArgs): Promise<ReportResult> {
  return list(await byEntity(database, args), (row) => ({ user_id: row['entity'], ...toMetrics(row) }))
}

/** `/spend/teams`: what each team spent. */
export async function spendByTeam(database: Database, args: SpendByArgs): Promise<ReportResult> {
  return list(await byEntity(database, args), (row) => ({ team_id: row['entity'], ...toMetrics(row) }))
}

/** `/spend/tags`: a call with two tags counts for both. */
export async function spendByTag(database: Database, args: SpendByArgs): Promise<ReportResult> {
  const rows = await byEntity(database, args, ['requests', 'spend', 'unknown_cost'])
  return list(rows, (row) => ({
    individual_request_tag: row['entity'],
    log_count: Number(row['requests']),
    total_spend: toDollars(row['spend']),
    unknown_cost_requests: Number(row['unknown_cost']),
  }))
}

/** What is known of keys, by the key's id. */
export async function readKeys(database: Database, ids: readonly string[]): Promise<Map<string, Row>> {
  const known = new Map<string, Row>()
  for (let at = 0; at < ids.length; at += 500) {
    const part = ids.slice(at, at + 500)
    const marks = part.map(() => '?').join(', ')
    const rows = await database.all(`SELECT * FROM ungate_keys WHERE api_key IN (${marks})`, part)
    for (const row of rows) known.set(textOf(row['api_key']), row)
  }
  return known
}

function byEntity(
  database: Database,
  { base, limit }: SpendByArgs,
  sums: SumsInput['sums'] = METRIC_SUMS,
): Promise<Row[]> {
  return selectSums(database, base, { by: ['entity'], order: 'SUM(spend) DESC, entity', limit, sums })
}

function list(sums: readonly Row[], toFlat: (row: Row) => FlatRow): ReportResult {
  const rows = sums.map(toFlat)
  return { data: rows, rows: () => rows, columns: () => Object.keys(toFlat({})) }
}

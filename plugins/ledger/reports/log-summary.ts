import type { Database } from '../database.ts'
import { jsonSql } from './json-sql.ts'
import type { Line } from './lines.ts'
import { NO_LINE, readLines } from './lines.ts'
import type { Base, FlatRow, ReportResult } from './report.ts'
import { toDollars, whereOf } from './sums.ts'

export interface LogSummaryArgs {
  readonly base: Base
  /** The same by user; undefined where the caller may see none. */
  readonly users: Base | undefined
  /** Of CSV. */
  readonly cursor?: string | undefined
}

/** `/spend/logs` over days: what was spent on each, by user, model and key. CSV has a line for each key and model. */
export async function logSummary(
  database: Database,
  { base, users, cursor }: LogSummaryArgs,
  format: 'json' | 'csv',
): Promise<ReportResult> {
  if (format === 'csv') {
    const { rows, next } = await readLines(database, { base, cursor })
    return {
      data: undefined,
      rows: () => rows.map(toFlat),
      columns: () => Object.keys(toFlat(NO_LINE)),
      cursor: next,
    }
  }
  // A key's sums are in its own name, which is earlier in the primary key.
  const keys = await spendsByDay(database, base, base.kind === 'key' ? 'entity' : 'api_key')
  const models = await spendsByDay(database, isAll(base) ? { ...base, kind: 'model' } : base, 'model_group')
  const byUser = users ? await spendsByDay(database, users, 'entity') : new Map<string, Spends>()
  const none: Spends = { nano: 0, text: '' }
  const toDay = ([day, { nano, text }]: [string, Spends]) =>
    `{${text}${text && ','}"startTime":"${day}","spend":${toDollars(nano)},` +
    `"users":{${(byUser.get(day) ?? none).text}},"models":{${(models.get(day) ?? none).text}}}`
  return { data: undefined, json: () => `[${[...keys].map(toDay).join(',')}]`, rows: () => [], columns: () => [] }
}

function toFlat([date, , api_key, model, nano, , requests, unknown_cost_requests]: Line): FlatRow {
  return { date, api_key, model, spend: toDollars(nano), requests, unknown_cost_requests }
}

/** Whether the sums of models, which are few, tell the same. */
function isAll({ kind, entities, apiKey }: Base): boolean {
  return kind === 'key' && entities === undefined && apiKey === undefined
}

interface Spends {
  readonly nano: number
  /** USD by name, as the inside of a JSON object. */
  readonly text: string
}

async function spendsByDay(
  database: Database,
  base: Base,
  column: 'entity' | 'api_key' | 'model_group',
): Promise<Map<string, Spends>> {
  const { where, params } = whereOf(base)
  const { quote, list } = jsonSql(database)
  const inner =
    `SELECT day, ${column} AS name, CAST(SUM(spend) AS DOUBLE PRECISION) AS spend FROM ungate_daily_spend ` +
    `WHERE ${where} GROUP BY day, ${column}`
  const rows = await database.lists(
    `SELECT day, SUM(spend), ${list(`${quote('name')} || ':' || (spend / 1e9)`, 'name')} ` +
      `FROM (${inner}) AS names GROUP BY day ORDER BY day`,
    params,
  )
  return new Map(rows.map(([day, nano, text]) => [String(day), { nano: Number(nano), text: String(text) }]))
}

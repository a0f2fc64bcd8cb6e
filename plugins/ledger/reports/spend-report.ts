import type { Database } from '../database.ts'
import { BY_DAY, fromCursor } from './cursor.ts'
import type { EntityLines, Line } from './lines.ts'
import { NO_LINE, readEntities, readLines } from './lines.ts'
import type { Base, FlatRow, ReportPart, ReportResult } from './report.ts'
import { spendInAll } from './spend-in-all.ts'
import { toDollars } from './sums.ts'

export interface SpendReportArgs {
  readonly base: Base
  readonly groupBy: 'team' | 'customer' | 'api_key' | 'user'
  /** By day: lines of keys and models, about. In all: entities; absent: all of them. */
  readonly limit?: number | undefined
  /** Of the page before. */
  readonly cursor?: string | undefined
}

/** `/global/spend/report`: by day and team or customer, or by key or user over the whole range; always with the models. */
export async function spendReport(
  database: Database,
  args: SpendReportArgs,
  format: 'json' | 'csv',
): Promise<ReportResult> {
  const { groupBy, cursor } = args
  if (groupBy === 'api_key' || groupBy === 'user') return spendInAll(database, { ...args, groupBy }, format)
  const name = groupBy === 'team' ? 'team_name' : 'customer'
  if (format === 'csv') {
    const { rows, next } = await readLines(database, args)
    return {
      data: undefined,
      rows: () => rows.map((row) => toFlat(row, name)),
      columns: () => Object.keys(toFlat(NO_LINE, name)),
      cursor: next,
    }
  }
  const { rows, next } = await readEntities(database, args)
  const open = cursor === undefined ? undefined : fromCursor(cursor, BY_DAY)?.[0]
  return {
    data: undefined,
    json: (part) => toJson(rows, { name, list: `${groupBy}s`, part, open, last: next === null }),
    rows: () => [],
    columns: () => [],
    cursor: next,
  }
}

function toFlat([date, entity, api_key, model, nano, ...counts]: Line, name: string): FlatRow {
  const [total_tokens, api_requests, unknown_cost_requests] = counts
  const spend = toDollars(nano)
  return { date, [name]: entity, model, api_key, spend, total_tokens, api_requests, unknown_cost_requests }
}

interface JsonInput {
  /** What an entity is called, and their list. */
  readonly name: string
  readonly list: string
  readonly part: ReportPart
  /** The day that the piece before ended in. */
  readonly open: string | undefined
  readonly last: boolean
}

/** LiteLLM's shape. */
function toJson(rows: readonly EntityLines[], { name, list, part, open, last }: JsonInput): string {
  let day = part === 'rest' ? open : undefined
  const pieces = part === 'rest' ? [] : ['[']
  for (const [own, entity, , nano, metadata] of rows) {
    if (own === day) pieces.push(',')
    else pieces.push(`${day === undefined ? '' : ']},'}{"group_by_day":"${own}","${list}":[`)
    day = own
    pieces.push(`{"${name}":${JSON.stringify(entity)},"total_spend":${toDollars(nano)},"metadata":[${metadata}]}`)
  }
  // A piece that something follows stays open.
  if (part === 'page' || last) pieces.push(day === undefined ? ']' : ']}]')
  return pieces.join('')
}

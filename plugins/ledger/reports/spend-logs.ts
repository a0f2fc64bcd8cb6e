import type { Database } from '../database.ts'
import type { LogRow, Row, Value } from '../row.ts'
import { BUCKET_BITS, ID_TAIL, LOG_COLUMNS } from '../schema.ts'
import { LOG_NAMES, toFlatLog, toSpendLog } from './log-row.ts'
import { BY_TIME, fromCursor, toCursor } from './cursor.ts'
import type { ReportResult } from './report.ts'

/** Which rows; every condition must hold. */
export interface LogFilter {
  readonly request_id?: string | undefined
  readonly api_key?: string | undefined
  readonly user_id?: string | undefined
  readonly team_id?: string | undefined
  readonly end_user?: string | undefined
  readonly model?: string | undefined
  readonly provider?: string | undefined
  readonly status?: string | undefined
  readonly session_id?: string | undefined
  /** Milliseconds: from, and before. */
  readonly from?: number | undefined
  readonly before?: number | undefined
  /** Nano-dollars. */
  readonly minSpend?: number | undefined
  readonly maxSpend?: number | undefined
  /** What the caller may see; holds besides the rest. */
  readonly scope?: Readonly<Partial<Record<'api_key' | 'user_id' | 'team_id' | 'organization_id', string>>> | undefined
}

export interface LogPageArgs {
  readonly filter: LogFilter
  readonly limit: number
  /** Of the answer before. */
  readonly cursor?: string | undefined
  /** LiteLLM's way to page, by counting: slower with every page. Begins at 1. */
  readonly page?: number | undefined
  /** With prompts and answers. */
  readonly texts: boolean
  /** The rows alone, as LiteLLM answers them. */
  readonly bare?: boolean | undefined
}

export interface LogPage {
  readonly data: readonly unknown[]
  readonly next_cursor: string | null
  readonly has_more: boolean
  readonly page_size: number
  readonly page?: number
  readonly total?: number
  readonly total_pages?: number
}

/** Counting stops here. */
const COUNT_LIMIT = 100_000
const LEAN = ['id', ...LOG_COLUMNS.map(([name]) => name).filter((name) => name !== 'messages' && name !== 'response')]
const FULL = [...LEAN, 'messages', 'response']
/** SQLite's ids of the rows of a request, by the index that has its rows in buckets: one search in each of them. */
export const IDS_OF_REQUEST = `WITH RECURSIVE buckets (bucket) AS (
  SELECT MIN(id) >> ${BUCKET_BITS} FROM ungate_spend_logs
  UNION ALL
  SELECT bucket + 1 FROM buckets WHERE bucket < (SELECT MAX(id) >> ${BUCKET_BITS} FROM ungate_spend_logs)
)
SELECT id FROM buckets CROSS JOIN ungate_spend_logs
WHERE id >> ${BUCKET_BITS} = bucket AND ${ID_TAIL} = substr(?, -12)`

/** Rows, newest first; the next page begins after the cursor, whatever was added meanwhile. */
export async function logPage(database: Database, args: LogPageArgs): Promise<ReportResult> {
  const { filter, limit, cursor, page, texts } = args
  const after = cursor === undefined ? undefined : fromCursor(cursor, BY_TIME)
  // The cursor is the nearer end: two of them would cost the index its use.
  const { where, params } = whereOf(after ? { ...filter, before: undefined } : filter)
  if (filter.request_id !== undefined && database.dialect === 'sqlite') {
    where.push(`id IN (${IDS_OF_REQUEST})`)
    params.push(filter.request_id)
  }
  const conditions = [...where, ...(after ? ['(start_time, id) < (?, ?)'] : [])]
  const condition = conditions.length > 0 ? `WHERE ${conditions.join(' AND ')}` : ''
  const found = await database.all(
    `SELECT ${(texts ? FULL : LEAN).join(', ')} FROM ungate_spend_logs ${condition} ` +
      `ORDER BY start_time DESC, id DESC LIMIT ${limit + 1} OFFSET ${page === undefined ? 0 : (page - 1) * limit}`,
    [...params, ...(after ?? [])],
  )
  const rows = found
    .slice(0, limit)
    .map((row) => ({ messages: null, response: null, ...row }) as unknown as LogRow & Row)
  const last = rows.at(-1)
  const more = found.length > limit
  const next = more && last ? toCursor([Number(last['start_time']), Number(last['id'])]) : null
  const counted = page === undefined ? {} : { page, ...(await count(database, { where, params, limit })) }
  const toData = (): LogPage => ({
    data: rows.map((row) => toSpendLog(row)),
    next_cursor: next,
    has_more: more,
    page_size: limit,
    ...counted,
  })
  return {
    data: undefined,
    json: () => JSON.stringify(args.bare ? toData().data : toData()),
    rows: () => rows.map((row) => toFlatLog(row)),
    columns: () => LOG_NAMES,
    cursor: next,
  }
}

function whereOf({ scope, from, before, minSpend, maxSpend, model, ...equal }: LogFilter): {
  where: string[]
  params: Value[]
} {
  const where: string[] = []
  const params: Value[] = []
  const add = (condition: string, ...values: Value[]) => {
    where.push(condition)
    params.push(...values)
  }
  for (const [column, value] of Object.entries(scope ?? {})) add(`${column} = ?`, value)
  for (const [column, value] of Object.entries(equal)) if (value !== undefined) add(`${column} = ?`, value)
  if (model !== undefined) add('(model_group = ? OR model = ? OR requested_model = ?)', model, model, model)
  if (from !== undefined) add('start_time >= ?', from)
  if (before !== undefined) add('start_time < ?', before)
  if (minSpend !== undefined) add('spend >= ?', minSpend)
  if (maxSpend !== undefined) add('spend <= ?', maxSpend)
  return { where, params }
}

async function count(
  database: Database,
  { where, params, limit }: { where: readonly string[]; params: readonly Value[]; limit: number },
): Promise<{ total: number; total_pages: number }> {
  const condition = where.length > 0 ? `WHERE ${where.join(' AND ')}` : ''
  const [row] = await database.all(
    `SELECT COUNT(*) AS total FROM (SELECT 1 AS one FROM ungate_spend_logs ${condition} LIMIT ${COUNT_LIMIT}) AS counted`,
    params,
  )
  const total = Number(row?.['total'] ?? 0)
  return { total, total_pages: Math.ceil(total / limit) }
}

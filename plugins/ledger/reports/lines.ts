import type { Database } from '../database.ts'
import type { Value } from '../row.ts'
import { BY_DAY, fromCursor, toCursor } from './cursor.ts'
import { jsonSql } from './json-sql.ts'
import type { Base } from './report.ts'
import { whereOf } from './sums.ts'

/** What a key spent on a model on a day, whatever the provider and the endpoint, for each entity. */
export type Line = readonly [
  day: string,
  entity: string,
  key: string,
  model: string,
  nano: number,
  tokens: number,
  requests: number,
  unknown: number,
]

/** What the columns of lines are told by where there are none. */
export const NO_LINE: Line = ['', '', '', '', 0, 0, 0, 0]

/** The lines of an entity on a day, as JSON. */
export type EntityLines = readonly [day: string, entity: string, lines: number, nano: number, metadata: string]

/** Which lines: in the order of the primary key, so that nothing is sorted, and never a part of an entity's day. */
export interface LinesInput {
  readonly base: Base
  readonly cursor?: string | undefined
  /** Lines at most, unless one entity's day alone has more. */
  readonly limit?: number | undefined
}

export interface Lines<R> {
  readonly rows: readonly R[]
  /** Where the next ones begin. */
  readonly next: string | null
}

/** Lines in a piece of an answer: some 20 ms of work, and a megabyte. */
const PIECE = 16_384
const KEYS = 'day, entity, api_key, model_group'
const TOKENS = 'prompt_tokens + completion_tokens'
// As floating point: node:sqlite refuses to round a whole number beyond 2^53.
const sum = (what: string) => `CAST(SUM(${what}) AS DOUBLE PRECISION)`

/** Lines one by one. */
export async function readLines(database: Database, input: LinesInput): Promise<Lines<Line>> {
  const { inner, params, limit } = select(
    input,
    [KEYS, ...['spend', TOKENS, 'requests', 'unknown_cost'].map(sum)].join(', '),
  )
  for (let size = limit; ; size *= 4) {
    const rows = (await database.lists(inner, [...params, size + 1])) as unknown as Line[]
    const cut = rows[size]
    if (!cut) return { rows, next: null }
    let end = size
    while (end > 0 && rows[end - 1]![1] === cut[1] && rows[end - 1]![0] === cut[0]) end--
    const last = rows[end - 1]
    if (last) return { rows: rows.slice(0, end), next: toCursor([last[0], last[1]]) }
  }
}

/** Lines by entity, as LiteLLM's `metadata`. */
export async function readEntities(database: Database, input: LinesInput): Promise<Lines<EntityLines>> {
  const { quote, list } = jsonSql(database)
  const line = [
    `'{"model":' || ${quote('model_group')}`,
    `',"spend":' || (spend / 1e9)`,
    `',"total_tokens":' || tokens`,
    `',"api_key":' || ${quote('api_key')} || '}'`,
  ].join(' || ')
  const { inner, params, limit } = select(input, `${KEYS}, ${sum('spend')} AS spend, SUM(${TOKENS}) AS tokens`)
  const sql =
    `SELECT day, entity, COUNT(*), SUM(spend), ${list(line, 'api_key, model_group')} ` +
    `FROM (${inner}) AS lines GROUP BY day, entity ORDER BY day, entity`
  for (let size = limit; ; size *= 4) {
    const rows = (await database.lists(sql, [...params, size + 1])) as unknown as EntityLines[]
    if (rows.reduce((count, [, , lines]) => count + lines, 0) <= size) return { rows, next: null }
    // The last one may not be all there.
    rows.pop()
    const last = rows.at(-1)
    if (last) return { rows, next: toCursor([last[0], last[1]]) }
  }
}

function select(
  { base, cursor, limit = PIECE }: LinesInput,
  columns: string,
): { inner: string; params: Value[]; limit: number } {
  const after = cursor === undefined ? undefined : fromCursor(cursor, BY_DAY)
  // The cursor is the nearer end: two of them would cost the index its use.
  const { where, params } = whereOf(after ? { ...base, from: undefined } : base)
  return {
    inner:
      `SELECT ${columns} FROM ungate_daily_spend WHERE ${where}${after ? ' AND (day, entity) > (?, ?)' : ''} ` +
      `GROUP BY ${KEYS} ORDER BY ${KEYS} LIMIT ?`,
    params: [...params, ...(after ?? [])],
    limit,
  }
}

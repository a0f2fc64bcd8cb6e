import type { Database } from '../database.ts'
import type { Row, Value } from '../row.ts'
import { SUMS } from '../schema.ts'
import type { SUM_KEYS } from '../schema.ts'
import type { Base } from './report.ts'

export type SumKey = (typeof SUM_KEYS)[number]

/** Sums in LiteLLM's names. USD; `unknown_cost_requests` counts calls that are in no `spend` because nobody knows theirs. */
export interface Metrics {
  spend: number
  prompt_tokens: number
  completion_tokens: number
  cache_read_input_tokens: number
  cache_creation_input_tokens: number
  total_tokens: number
  successful_requests: number
  failed_requests: number
  api_requests: number
  unknown_cost_requests: number
}

/** The sums that {@link toMetrics} reads. */
export const METRIC_SUMS = SUMS.filter((name) => name !== 'cached' && name !== 'reasoning_tokens')

export interface SumsInput {
  readonly by: readonly SumKey[]
  /** Default those of metrics: each of them costs. */
  readonly sums?: readonly (typeof SUMS)[number][]
  readonly order?: string
  readonly limit?: number
}

/** The daily sums of a base, added up by some of their keys. */
export function selectSums(database: Database, base: Base, input: SumsInput): Promise<Row[]> {
  const { where, params } = whereOf(base)
  const names = input.sums ?? METRIC_SUMS
  // As floating point: node:sqlite refuses to round a whole number beyond 2^53, and nothing needs more digits than that.
  const sums = names.map((name) => `CAST(SUM(${name}) AS DOUBLE PRECISION) AS ${name}`)
  const columns = [...input.by, ...sums].join(', ')
  const byEntity = input.by.join() === 'entity' && base.entities === undefined
  const sql = [
    `SELECT ${columns} FROM ${database.dialect === 'sqlite' && byEntity ? byDay(names, where) : `ungate_daily_spend WHERE ${where}`}`,
    input.by.length > 0 ? `GROUP BY ${input.by.join(', ')}` : '',
    input.order ? `ORDER BY ${input.order}` : '',
    input.limit === undefined ? '' : `LIMIT ${input.limit}`,
  ]
  return database.all(sql.filter(Boolean).join(' '), params)
}

/**
 * Sums of entities by day, in the order of the primary key. SQLite would sort all rows by their entity otherwise, or read
 * them in the order of an index, each from another page.
 */
function byDay(names: readonly string[], where: string): string {
  const sums = names.map((name) => `SUM(${name}) AS ${name}`).join(', ')
  return `(SELECT day, entity, ${sums} FROM ungate_daily_spend WHERE ${where} GROUP BY day, entity) AS days`
}

/** The condition of a base on `ungate_daily_spend`. */
export function whereOf(base: Base): { where: string; params: Value[] } {
  const parts = ['kind = ?']
  const params: Value[] = [base.kind]
  const add = (condition: string, ...values: Value[]) => {
    parts.push(condition)
    params.push(...values)
  }
  if (base.from !== undefined) add('day >= ?', base.from)
  if (base.to !== undefined) add('day <= ?', base.to)
  if (base.entities) add(`entity IN (${base.entities.map(() => '?').join(', ') || 'NULL'})`, ...base.entities)
  if (base.apiKey !== undefined) add('api_key = ?', base.apiKey)
  if (base.model !== undefined) add('(model_group = ? OR model = ?)', base.model, base.model)
  return { where: parts.join(' AND '), params }
}

export function toMetrics(row: Row): Metrics {
  const number = (name: (typeof SUMS)[number]) => Number(row[name] ?? 0)
  return {
    spend: toDollars(row['spend']),
    prompt_tokens: number('prompt_tokens'),
    completion_tokens: number('completion_tokens'),
    cache_read_input_tokens: number('cache_read_tokens'),
    cache_creation_input_tokens: number('cache_write_tokens'),
    total_tokens: number('prompt_tokens') + number('completion_tokens'),
    successful_requests: number('successes'),
    failed_requests: number('failures'),
    api_requests: number('requests'),
    unknown_cost_requests: number('unknown_cost'),
  }
}

/** Adds `row` to `sums`, in nano-dollars: what is added up must be whole numbers. */
export function addRow(sums: Record<string, number>, row: Row): void {
  for (const name of SUMS) sums[name] = (sums[name] ?? 0) + Number(row[name])
}

export function toDollars(nano: Value | undefined): number {
  return Number(nano ?? 0) / 1e9
}

/** Text of a column; empty where it has none. */
export function textOf(value: Value | undefined): string {
  return value === null || value === undefined ? '' : String(value)
}

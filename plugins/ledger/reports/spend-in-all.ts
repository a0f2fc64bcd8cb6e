import type { Database } from '../database.ts'
import type { Row } from '../row.ts'
import { BY_SPEND, fromCursor, toCursor } from './cursor.ts'
import type { FlatRow, ReportResult } from './report.ts'
import type { SpendReportArgs } from './spend-report.ts'
import { METRIC_SUMS, selectSums, textOf, toDollars, toMetrics } from './sums.ts'

/** An entity over the whole range; `spend` in nano-dollars. */
interface Total {
  readonly entity: string
  spend: number
  input: number
  output: number
  readonly model_details: FlatRow[]
}

/** What keys or users spent in all, dearest first. */
export async function spendInAll(
  database: Database,
  { base, groupBy, limit, cursor }: SpendReportArgs & { groupBy: 'api_key' | 'user' },
  format: 'json' | 'csv',
): Promise<ReportResult> {
  const column = groupBy === 'user' ? 'entity' : 'api_key'
  const name = groupBy === 'user' ? 'internal_user_id' : 'api_key'
  const rows = await selectSums(database, base, {
    by: [column, 'model_group'],
    order: `${column}, model_group`,
    sums: format === 'csv' ? METRIC_SUMS : ['spend', 'prompt_tokens', 'completion_tokens'],
  })
  const entities = new Map<string, Total>()
  for (const row of rows) {
    const entity = textOf(row[column])
    let total = entities.get(entity)
    if (!total) entities.set(entity, (total = { entity, spend: 0, input: 0, output: 0, model_details: [] }))
    const { spend, prompt_tokens, completion_tokens } = toMetrics(row)
    total.spend += Number(row['spend'])
    total.input += prompt_tokens
    total.output += completion_tokens
    total.model_details.push({
      model: row['model_group'],
      total_cost: spend,
      total_input_tokens: prompt_tokens,
      total_output_tokens: completion_tokens,
    })
  }
  const sorted = [...entities.values()].sort((a, b) => b.spend - a.spend || (a.entity < b.entity ? -1 : 1))
  const after = cursor === undefined ? undefined : fromCursor(cursor, BY_SPEND)
  const rest = after
    ? sorted.filter(({ spend, entity }) => spend < after[0] || (spend === after[0] && entity > after[1]))
    : sorted
  const page = limit === undefined ? rest : rest.slice(0, limit)
  const last = page.at(-1)
  const toFlat = (row: Row) => ({ [name]: row[column], model: row['model_group'], ...toMetrics(row) })
  const own = new Set(page.map(({ entity }) => entity))
  return {
    data: page.map(({ entity, spend, input, output, model_details }) => ({
      [name]: entity,
      total_cost: toDollars(spend),
      total_input_tokens: input,
      total_output_tokens: output,
      model_details,
    })),
    rows: () => rows.filter((row) => own.has(textOf(row[column]))).map(toFlat),
    columns: () => Object.keys(toFlat({})),
    cursor: page.length < rest.length && last ? toCursor([last.spend, last.entity]) : null,
  }
}

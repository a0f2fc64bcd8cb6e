import type { Database } from '../database.ts'
import type { Base, FlatRow, ReportResult } from './report.ts'
import { selectSums, textOf, toDollars, toMetrics } from './sums.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `/global/spend`: all there ever was, or in a range of days. `maxBudget`: what the whole gateway may spend, USD. */
export async function globalSpend(
  database: Database,
  { base, maxBudget }: { base: Base; maxBudget?: number | null | undefined },
): Promise<ReportResult> {
  const [row] = await selectSums(database, base, { by: [] })
  const { spend, api_requests, unknown_cost_requests } = toMetrics(row ?? {})
  const data = { spend, max_budget: maxBudget ?? null, api_requests, unknown_cost_requests }
  return { data, rows: () => [data] }
}

/** `/global/activity`: calls and tokens by day. */
export async function globalActivity(database: Database, { base }: { base: Base }): Promise<ReportResult> {
  const days = (await selectSums(database, base, { by: ['day'], order: 'day' })).map((row) => toDay(row))
  return { data: withTotals(days), rows: () => days }
}

/** `/global/activity/model`: the same for each model, the busiest first. */
export async function globalActivityByModel(database: Database, { base }: { base: Base }): Promise<ReportResult> {
  const models = new Map<string, Day[]>()
  for (const row of await selectSums(database, base, { by: ['model_group', 'day'], order: 'day' })) {
    const model = textOf(row['model_group'])
    const days = models.get(model) ?? []
    models.set(model, days)
    days.push({ model_group: model, ...toDay(row) })
  }
  const data = [...models].map(([model, days]) => ({ model, ...withTotals(days) }))
  data.sort((a, b) => b.sum_api_requests - a.sum_api_requests || (a.model < b.model ? -1 : 1))
  return { data, rows: () => data.flatMap(({ daily_data }) => daily_data) }
}

export interface SpendReportArgs {
  readonly base: Base
  readonly groupBy: 'team' | 'customer' | 'api_key' | 'user'
}

/** `/global/spend/report`: by day and team or customer, or by key or user over the whole range; always with the models. */
export async function spendReport(database: Database, { base, groupBy }: SpendReportArgs): Promise<ReportResult> {
  return groupBy === 'team' || groupBy === 'customer'
    ? reportByDay(database, base, groupBy)
    : reportInAll(database, base, groupBy)
}

async function reportByDay(database: Database, base: Base, groupBy: 'team' | 'customer'): Promise<ReportResult> {
  const rows = await selectSums(database, base, {
    // In the order of the primary key: nothing is sorted.
    by: ['day', 'entity', 'api_key', 'model_group'],
    order: 'day, entity, api_key, model_group',
    sums: ['spend', 'prompt_tokens', 'completion_tokens', 'requests', 'unknown_cost'],
  })
  const name = groupBy === 'team' ? 'team_name' : 'customer'
  const days = new Map<string, Map<string, { total: number; metadata: FlatRow[] }>>()
  for (const row of rows) {
    const day = getOr(days, textOf(row['day']), () => new Map<string, { total: number; metadata: FlatRow[] }>())
    const entity = getOr(day, textOf(row['entity']), () => ({ total: 0, metadata: [] }))
    const nano = Number(row['spend'])
    entity.total += nano
    const total_tokens = Number(row['prompt_tokens']) + Number(row['completion_tokens'])
    entity.metadata.push({ model: row['model_group'], spend: toDollars(nano), total_tokens, api_key: row['api_key'] })
  }
  const data = [...days].map(([day, entities]) => ({
    group_by_day: day,
    [`${groupBy}s`]: [...entities].map(([entity, { total, metadata }]) => ({
      [name]: entity,
      total_spend: toDollars(total),
      metadata,
    })),
  }))
  return {
    data,
    rows: () =>
      rows.map((row) => ({
        date: row['day'],
        [name]: row['entity'],
        model: row['model_group'],
        api_key: row['api_key'],
        spend: toDollars(row['spend']),
        total_tokens: toMetrics(row).total_tokens,
        api_requests: row['requests'],
        unknown_cost_requests: row['unknown_cost'],
      })),
  }
}

async function reportInAll(database: Database, base: Base, groupBy: 'api_key' | 'user'): Promise<ReportResult> {
  const column = groupBy === 'user' ? 'entity' : 'api_key'
  const name = groupBy === 'user' ? 'internal_user_id' : 'api_key'
  const rows = await selectSums(database, base, { by: [column, 'model_group'], order: `${column}, model_group` })
  const entities = new Map<string, { spend: number; input: number; output: number; model_details: FlatRow[] }>()
  for (const row of rows) {
    const entity = getOr(entities, textOf(row[column]), () => ({ spend: 0, input: 0, output: 0, model_details: [] }))
    const { spend, prompt_tokens, completion_tokens } = toMetrics(row)
    entity.spend += Number(row['spend'])
    entity.input += prompt_tokens
    entity.output += completion_tokens
    entity.model_details.push({
      model: row['model_group'],
      total_cost: spend,
      total_input_tokens: prompt_tokens,
      total_output_tokens: completion_tokens,
    })
  }
  const data = [...entities].map(([entity, { spend, input, output, model_details }]) => ({
    [name]: entity,
    total_cost: toDollars(spend),
    total_input_tokens: input,
    total_output_tokens: output,
    model_details,
  }))
  data.sort((a, b) => Number(b['total_cost']) - Number(a['total_cost']))
  return {
    data,
    rows: () => rows.map((row) => ({ [name]: row[column], model: row['model_group'], ...toMetrics(row) })),
  }
}

interface Day {
  /** LiteLLM's form, without a year: `Nov 21`. */
  readonly date: string
  readonly day: string
  readonly api_requests: number
  readonly total_tokens: number
  readonly spend: number
  readonly [name: string]: unknown
}

function toDay(row: Parameters<typeof toMetrics>[0]): Day {
  const day = textOf(row['day'])
  const { api_requests, total_tokens, spend } = toMetrics(row)
  return { date: `${MONTHS[Number(day.slice(5, 7)) - 1]} ${day.slice(8)}`, day, api_requests, total_tokens, spend }
}

function withTotals(days: readonly Day[]) {
  return {
    daily_data: days,
    sum_api_requests: days.reduce((sum, { api_requests }) => sum + api_requests, 0),
    sum_total_tokens: days.reduce((sum, { total_tokens }) => sum + total_tokens, 0),
  }
}

function getOr<V>(map: Map<string, V>, key: string, make: () => V): V {
  let value = map.get(key)
  if (value === undefined) map.set(key, (value = make()))
  return value
}

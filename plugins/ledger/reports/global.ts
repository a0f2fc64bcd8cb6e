import type { Database } from '../database.ts'
import type { Base, ReportResult } from './report.ts'
import { selectSums, textOf, toMetrics } from './sums.ts'

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec']

/** `/global/spend`: all there ever was, or in a range of days. `maxBudget`: what the whole gateway may spend, USD. */
export async function globalSpend(
  database: Database,
  { base, maxBudget }: { base: Base; maxBudget?: number | null | undefined },
): Promise<ReportResult> {
  const [row] = await selectSums(database, base, { by: [] })
  const { spend, api_requests, unknown_cost_requests } = toMetrics(row ?? {})
  const data = { spend, max_budget: maxBudget ?? null, api_requests, unknown_cost_requests }
  return { data, rows: () => [data], columns: () => Object.keys(data) }
}

/** `/global/activity`: calls and tokens by day. */
export async function globalActivity(database: Database, { base }: { base: Base }): Promise<ReportResult> {
  const days = (await selectSums(database, base, { by: ['day'], order: 'day' })).map((row) => toDay(row))
  return { data: withTotals(days), rows: () => days, columns: () => Object.keys(toDay({})) }
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
  return {
    data,
    rows: () => data.flatMap(({ daily_data }) => daily_data),
    columns: () => ['model_group', ...Object.keys(toDay({}))],
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

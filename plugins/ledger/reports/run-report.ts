import type { Database } from '../database.ts'
import { toCsv } from './csv.ts'
import { dailyActivity } from './daily-activity.ts'
import { globalActivity, globalActivityByModel, globalSpend, spendReport } from './global.ts'
import { spendByKey, spendByTag, spendByTeam, spendByUser } from './spend-by.ts'
import { logPage, logSummary } from './spend-logs.ts'

const REPORTS = {
  dailyActivity,
  globalActivity,
  globalActivityByModel,
  globalSpend,
  logPage,
  logSummary,
  spendByKey,
  spendByTag,
  spendByTeam,
  spendByUser,
  spendReport,
} as const

export type ReportName = keyof typeof REPORTS
export type ReportArgs<N extends ReportName> = Parameters<(typeof REPORTS)[N]>[1]

/** A report that is asked for: which, about what, and how it is written. `csv-rest` leaves the header out. */
export interface ReportRequest<N extends ReportName = ReportName> {
  readonly name: N
  readonly args: ReportArgs<N>
  readonly format: 'json' | 'csv' | 'csv-rest'
}

export interface ReportText {
  readonly text: string
  /** Where the next page begins, for reports that have pages. */
  readonly cursor: string | null
}

/** Runs a report, in the worker; what it is written as costs more than the query. */
export async function runReport(database: Database, request: ReportRequest): Promise<ReportText> {
  const report = REPORTS[request.name] as (database: Database, args: unknown) => ReturnType<typeof logPage>
  const { data, rows } = await report(database, request.args)
  const cursor = (data as { next_cursor?: string | null } | undefined)?.next_cursor ?? null
  const text = request.format === 'json' ? JSON.stringify(data) : toCsv(rows(), request.format === 'csv')
  return { text, cursor }
}

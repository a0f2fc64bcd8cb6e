import type { Database } from '../database.ts'
import { toCsv } from './csv.ts'
import { dailyActivity } from './daily-activity.ts'
import { logSummary } from './log-summary.ts'
import { globalActivity, globalActivityByModel, globalSpend } from './global.ts'
import type { Report, ReportPart } from './report.ts'
import { spendByKey, spendByTag, spendByTeam, spendByUser } from './spend-by.ts'
import { logPage } from './spend-logs.ts'
import { spendReport } from './spend-report.ts'

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

/** Reports that go on after a cursor; `logSummary` as CSV. */
export type PagedReport = 'logPage' | 'logSummary' | 'spendReport'

/** A report that is asked for: which, about what, and how it is written. */
export interface ReportRequest<N extends ReportName = ReportName> {
  readonly name: N
  readonly args: ReportArgs<N>
  readonly format: 'json' | 'csv'
  /** Default: a page by itself. */
  readonly part?: ReportPart
}

export interface ReportText {
  readonly text: string
  /** Where the next page begins, for reports that have pages. */
  readonly cursor: string | null
}

/** Runs a report, in the worker; what it is written as costs more than the query. */
export async function runReport(database: Database, request: ReportRequest): Promise<ReportText> {
  const report = REPORTS[request.name] as Report<unknown>
  const { part = 'page', format } = request
  const result = await report(database, request.args, format)
  const text =
    format === 'csv'
      ? toCsv(result.columns(), result.rows(), part !== 'rest')
      : (result.json?.(part) ?? JSON.stringify(result.data))
  return { text, cursor: result.cursor ?? null }
}

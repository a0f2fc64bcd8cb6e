import type { ReportRequest, ReportText } from './reports/run-report.ts'

export interface WorkerOptions {
  readonly url: string
  readonly root: string
  readonly folder: string
  readonly journal: string
  readonly retentionMs: number | undefined
}

export type ToWorker =
  | { readonly type: 'wake' }
  | { readonly type: 'report'; readonly id: number; readonly request: ReportRequest }
  | { readonly type: 'close' }

export type FromWorker =
  | { readonly type: 'up' }
  | { readonly type: 'down'; readonly reason: string; readonly first: boolean }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'report'; readonly id: number; readonly report: ReportText }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  | { readonly type: 'closed'; readonly drained: boolean }

import type { ReportRequest } from './reports/run-report.ts'

export interface WorkerOptions {
  readonly url: string
  readonly root: string
  readonly folder: string
  readonly journal: string
  readonly retentionMs: number | undefined
}

/** A report as it is sent: bytes change threads for nothing, text would be copied and encoded where calls are answered. */
export interface ReportBytes {
  readonly bytes: Uint8Array<ArrayBuffer>
  /** Where the next page begins, for reports that have pages. */
  readonly cursor: string | null
}

export type ToWorker =
  | { readonly type: 'wake' }
  | { readonly type: 'report'; readonly id: number; readonly request: ReportRequest }
  | { readonly type: 'close' }

export type FromWorker =
  | { readonly type: 'up' }
  | { readonly type: 'down'; readonly reason: string; readonly first: boolean }
  | { readonly type: 'warning'; readonly message: string }
  | { readonly type: 'report'; readonly id: number; readonly report: ReportBytes }
  | { readonly type: 'failed'; readonly id: number; readonly reason: string }
  | { readonly type: 'closed'; readonly drained: boolean }

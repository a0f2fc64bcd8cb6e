import type { Database } from '../database.ts'

/** What a report answers: the JSON of its route, and the same as flat rows for CSV. */
export interface ReportResult {
  readonly data: unknown
  rows(): readonly FlatRow[]
}

export type FlatRow = Readonly<Record<string, unknown>>

/** Runs in the worker. `args` come from the route, checked. */
export type Report<A> = (database: Database, args: A) => Promise<ReportResult>

/** Whose calls a report is about, and which part of them the caller may see. */
export interface Base {
  readonly kind: 'model' | 'key' | 'user' | 'team' | 'organization' | 'customer' | 'tag'
  /** Only these. */
  readonly entities?: readonly string[] | undefined
  /** Only calls with this key. */
  readonly apiKey?: string | undefined
  readonly model?: string | undefined
  /** Days, both included: `2026-11-21`. */
  readonly from?: string | undefined
  readonly to?: string | undefined
}

import type { Database } from '../database.ts'

/** What a report answers: the JSON of its route, and the same as flat rows for CSV. */
export interface ReportResult {
  readonly data: unknown
  /** The JSON's text, where it is cheaper to write than `data` is to build; that is absent then. */
  json?(part: ReportPart): string
  rows(): readonly FlatRow[]
  /** The names of the rows, also where there are none. */
  columns(): readonly string[]
  /** Where the next page begins; null after the last one. Absent for reports without pages. */
  readonly cursor?: string | null
}

/** A page by itself, or a piece of an answer that goes on: its beginning, or what follows. The last piece has no cursor. */
export type ReportPart = 'page' | 'first' | 'rest'

export type FlatRow = Readonly<Record<string, unknown>>

/** Runs in the worker. `args` come from the route, checked; `format` is what will be asked of the result. */
export type Report<A> = (database: Database, args: A, format: 'json' | 'csv') => Promise<ReportResult>

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

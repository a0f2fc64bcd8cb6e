import { createHash } from 'node:crypto'
import { invalidRequest, z } from '../../src/index.ts'
import { fromCursor } from './reports/cursor.ts'
import type { CursorKind } from './reports/cursor.ts'

// PostgreSQL has no NUL in text, and no row has one.
const text = (description: string) =>
  z
    .string()
    .refine((value) => !value.includes('\0'), 'must not have a NUL in it')
    .optional()
    .describe(description)
const whole = (description: string) =>
  z
    .string()
    .regex(/^\d{1,6}$/, 'must be a whole number')
    .optional()
    .describe(description)

/** Query parameters, by name; routes pick theirs. */
export const parameters = {
  request_id: text('One call.'),
  api_key: text('A key or its hash.'),
  user_id: text('A user.'),
  internal_user_id: text('A user.'),
  team_id: text('A team; of sums also several, with commas between them.'),
  team_ids: text('Teams, with commas between them.'),
  tags: text('Tags, with commas between them.'),
  customer_id: text('A customer (end user).'),
  end_user: text('A customer (end user).'),
  end_user_ids: text('Customers, with commas between them.'),
  organization_ids: text('Organizations, with commas between them.'),
  model: text('A model, by its public or its provider name; of rows also as it was asked for (an alias).'),
  provider: text('A provider.'),
  session_id: text('A session.'),
  status: z.enum(['success', 'failure']).optional().describe('How calls ended.'),
  status_filter: z.enum(['success', 'failure']).optional().describe('How calls ended.'),
  min_spend: text('USD at least.'),
  max_spend: text('USD at most.'),
  start_date: text('First day, UTC: `2026-11-01`. For rows also with a time: `2026-11-01 08:00:00`.'),
  end_date: text('Last day, included. A time is excluded.'),
  summarize: z.enum(['true', 'false']).optional().describe('`false`: rows, not sums by day.'),
  group_by: z.enum(['team', 'customer', 'api_key']).optional().describe('Default team.'),
  limit: whole('Rows at most.'),
  page: whole('Begins at 1.'),
  page_size: whole('Rows on a page; of daily activity, daily sums.'),
  cursor: text('`next_cursor` of the page before, or its header `x-ungate-next-cursor`.'),
  format: z.enum(['json', 'csv']).optional().describe('`csv` for a file.'),
}

/** The schema of a route's query: some parameters, and `format`. Others are passed over, as LiteLLM does. */
export function querySchema(...names: (keyof typeof parameters)[]): z.ZodType {
  return z.object(Object.fromEntries([...names, 'format' as const].map((name) => [name, parameters[name]])))
}

/** Without a first day, reports begin so many days ago. */
export const DAYS = 30

export type Query = Readonly<Record<string, string>>

/** First and last day. Throws a 400 that names the parameter. */
export function readDays(query: Query, defaultDays?: number): { from: string | undefined; to: string | undefined } {
  const from = readDay(query, 'start_date') ?? (defaultDays === undefined ? undefined : dayBefore(defaultDays - 1))
  const to = readDay(query, 'end_date')
  if (from !== undefined && to !== undefined && from > to) {
    throw invalidRequest('`start_date` is after `end_date`.', 'start_date')
  }
  return { from, to }
}

/** Milliseconds: from, and before. A day as the end is included whole. */
export function readTimes(query: Query): { from: number | undefined; before: number | undefined } {
  const from = readTime(query, 'start_date')
  const end = readTime(query, 'end_date')
  return { from: from?.ms, before: end && (end.wholeDay ? end.ms + DAY_MS : end.ms) }
}

/** A whole number within bounds. */
export function readNumber(query: Query, name: string, bounds: { fallback: number; max: number }): number {
  const value = query[name] === undefined ? bounds.fallback : Number(query[name])
  if (value < 1) throw invalidRequest(`\`${name}\` must be at least 1.`, name)
  return Math.min(value, bounds.max)
}

/** USD as nano-dollars; what is more than any row can have, as the most. */
export function readDollars(query: Query, name: string): number | undefined {
  if (query[name] === undefined || query[name] === '') return undefined
  const dollars = Number(query[name])
  if (!Number.isFinite(dollars)) throw invalidRequest(`\`${name}\` must be a number.`, name)
  return Math.max(-Number.MAX_SAFE_INTEGER, Math.min(Math.round(dollars * 1e9), Number.MAX_SAFE_INTEGER))
}

/** Keys are kept as SHA-256, as LiteLLM does: who has the key itself may ask with it. */
export function readKey(key: string | undefined): string | undefined {
  return key?.startsWith('sk-') ? createHash('sha256').update(key).digest('hex') : key
}

/** Parameters that hold several names. Users and customers are not divided: a directory's `cn=ann,ou=people` is one. */
const LISTS: ReadonlySet<string> = new Set<keyof typeof parameters>([
  'team_id',
  'team_ids',
  'tags',
  'end_user_ids',
  'organization_ids',
])

/** The names that parameters give, of all of them together; undefined where they give none. */
export function readNames(query: Query, ...names: (keyof typeof parameters)[]): string[] | undefined {
  const given = names.flatMap((name) => {
    const value = query[name] ?? ''
    return LISTS.has(name) ? value.split(',').map((part) => part.trim()) : [value]
  })
  const found = given.filter(Boolean)
  return found.length > 0 ? found : undefined
}

/** Whether both dates stand for whole days: sums are by day, hours only rows have. */
export function areDays(query: Query): boolean {
  return dayOf(query, 'start_date') !== null && dayOf(query, 'end_date') !== null
}

function readDay(query: Query, name: DateName): string | undefined {
  const day = dayOf(query, name)
  if (day === null) throw invalidRequest(`\`${name}\` must be a day such as 2026-11-21 (UTC): sums are by day.`, name)
  return day
}

type DateName = 'start_date' | 'end_date'

const DAY_MS = 86_400_000

/** The day that a date stands for; null where its time divides one. A time as the end is excluded. */
function dayOf(query: Query, name: DateName): string | null | undefined {
  const time = readTime(query, name)
  if (!time) return undefined
  const within = time.ms % DAY_MS
  // LiteLLM's clients write 23:59:59 for the end of a day.
  if (within !== 0 && !(name === 'end_date' && within >= DAY_MS - 60_000)) return null
  const last = name === 'end_date' && !time.wholeDay && within === 0 ? time.ms - 1 : time.ms
  return new Date(last).toISOString().slice(0, 10)
}

function readTime(query: Query, name: string): { ms: number; wholeDay: boolean } | undefined {
  const value = query[name]
  if (value === undefined || value === '') return undefined
  const match = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d+)?)?)(?:Z|\+00:00)?)?$/.exec(value)
  const ms = match && isDay(match[1]!) ? Date.parse(`${match[1]}T${match[2] ?? '00:00:00'}Z`) : NaN
  if (Number.isNaN(ms)) throw invalidRequest(`\`${name}\` must be a day such as 2026-11-21 (UTC).`, name)
  return { ms, wholeDay: match![2] === undefined }
}

/** `Date` takes the 31st of February for the 3rd of March. */
function isDay(day: string): boolean {
  const ms = Date.parse(day)
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(day)
}

function dayBefore(days: number): string {
  return new Date(Date.now() - days * DAY_MS).toISOString().slice(0, 10)
}

/** `cursor`, where it is one of these pages. */
export function readCursor({ cursor }: Query, kind: CursorKind): string | undefined {
  if (cursor === undefined || fromCursor(cursor, kind)) return cursor
  throw invalidRequest('`cursor` is not the one of a page before.', 'cursor')
}

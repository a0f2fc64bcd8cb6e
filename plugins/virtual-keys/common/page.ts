import { invalidRequest, z } from '../../../src/index.ts'

/** One page of a list. */
export interface Page<T> {
  readonly items: readonly T[]
  readonly total: number
  readonly page: number
  readonly page_size: number
  readonly total_pages: number
}

/** The query fields of a paged list. */
export const pageQuery = {
  page: digits('Begins at 1.').optional(),
  page_size: digits('At most 100.').optional(),
  sort_by: z.string().optional(),
  sort_order: z.enum(['asc', 'desc']).optional(),
}

export interface PageOptions {
  readonly query: Readonly<Record<string, string>>
  /** Fields that rows may be sorted by; the first is the default. */
  readonly sortable: readonly string[]
  readonly size?: number
}

/** Sorts rows as the query asks and cuts one page out. Ties keep their order. Throws 400 for a field that is none. */
export function toPage<T extends Readonly<Record<string, unknown>>>(rows: readonly T[], options: PageOptions): Page<T> {
  const { query, sortable } = options
  const field = query['sort_by'] ?? sortable[0]!
  if (!sortable.includes(field)) {
    throw invalidRequest(`\`sort_by\` is one of: ${sortable.join(', ')}.`, 'sort_by', 'invalid_value')
  }
  const page = Math.max(1, Number(query['page'] ?? 1))
  const size = Math.min(100, Math.max(1, Number(query['page_size'] ?? options.size ?? 25)))
  const direction = query['sort_order'] === 'desc' ? -1 : 1
  const sorted = rows.toSorted((a, b) => direction * compare(a[field], b[field]))
  return {
    items: sorted.slice((page - 1) * size, page * size),
    total: rows.length,
    page,
    page_size: size,
    total_pages: Math.ceil(rows.length / size),
  }
}

function digits(description: string) {
  return z
    .string()
    .regex(/^\d{1,6}$/, 'expected a number')
    .describe(description)
}

/** Nothing comes first. */
function compare(a: unknown, b: unknown): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b
  const [left, right] = [a, b].map((value) => (value === null || value === undefined ? '' : String(value as string)))
  return left! < right! ? -1 : left! > right! ? 1 : 0
}

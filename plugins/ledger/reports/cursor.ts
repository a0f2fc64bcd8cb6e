/** What a cursor is made of: ids and times, sums, names and days. */
interface Parts {
  integer: number
  number: number
  text: string
}
export type CursorKind = readonly [keyof Parts, keyof Parts]

/** Rows of calls: when they began, and their id. */
export const BY_TIME = ['integer', 'integer'] as const satisfies CursorKind
/** Sums of a day: the day, and whose they are. */
export const BY_DAY = ['text', 'text'] as const satisfies CursorKind
/** Sums of all days, dearest first: the spend, and whose it is. */
export const BY_SPEND = ['number', 'text'] as const satisfies CursorKind

/** A place between two pages, as text that callers hand back. */
export function toCursor(place: readonly [string | number, string | number]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** Undefined where it is none, or one of other pages. */
export function fromCursor<K extends CursorKind>(cursor: string, kind: K): [Parts[K[0]], Parts[K[1]]] | undefined {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown
    if (!Array.isArray(place) || place.length !== kind.length) return undefined
    return kind.every((part, at) => isPart(place[at], part)) ? (place as [Parts[K[0]], Parts[K[1]]]) : undefined
  } catch {
    return undefined
  }
}

function isPart(value: unknown, part: keyof Parts): boolean {
  if (part === 'integer') return Number.isSafeInteger(value)
  if (part === 'number') return Number.isFinite(value)
  // PostgreSQL takes no NUL, and no name has one.
  return typeof value === 'string' && !value.includes('\0')
}

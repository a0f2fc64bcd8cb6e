import type { Row } from './litellm-tables.ts'

/** A value that cannot be read. The message names the column and the reason, never the value. */
export class BadValue extends Error {
  override readonly name = 'BadValue'
  readonly column: string

  constructor(column: string, reason: string) {
    super(reason)
    this.column = column
  }
}

/** Texts; null where there is none. Clients of LiteLLM that send every field write "" for it. */
export function textOf(row: Row, column: string): string | null {
  return row[column] || null
}

/** A text that must be there. */
export function idOf(row: Row, column: string): string {
  const value = row[column]
  if (!value) throw new BadValue(column, 'is empty')
  return value
}

/** Numbers of any type; infinite ones and texts are refused. */
export function numberOf(row: Row, column: string): number | null {
  const value = row[column]
  if (value === null || value === undefined) return null
  const number = Number(value)
  if (value.trim() === '' || !Number.isFinite(number)) throw new BadValue(column, 'is no number')
  return number
}

/** Limits and budgets: numbers that are not negative. */
export function amountOf(row: Row, column: string): number | null {
  const number = numberOf(row, column)
  if (number !== null && number < 0) throw new BadValue(column, 'is negative')
  return number
}

/** PostgreSQL writes `t` and `f`; an INSERT `true` and `false`. */
export function booleanOf(row: Row, column: string): boolean | null {
  const value = row[column]
  if (value === null || value === undefined) return null
  if (/^(t|true)$/i.test(value)) return true
  if (/^(f|false)$/i.test(value)) return false
  throw new BadValue(column, 'is neither true nor false')
}

const TIMESTAMP = /^(\d{4,6}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(\.\d+)?\s*(Z|[+-]\d\d(?::?\d\d)?)?$/

/** ISO 8601. A timestamp without a zone is UTC: so Prisma writes it. */
export function timeOf(row: Row, column: string): string | null {
  const value = row[column]
  if (value === null || value === undefined) return null
  const [, day, time, fraction = '', zone = 'Z'] = TIMESTAMP.exec(value) ?? []
  const offset = /^[+-]\d\d$/.test(zone) ? `${zone}:00` : zone
  const date = new Date(day === undefined ? NaN : `${day}T${time}${fraction.slice(0, 4)}${offset}`)
  if (Number.isNaN(date.getTime())) throw new BadValue(column, 'is no time')
  return date.toISOString()
}

/** A map in JSON; undefined where it is empty or absent. */
export function mapOf(row: Row, column: string): Record<string, unknown> | undefined {
  const value = jsonOf(row, column)
  if (value === undefined || value === null) return undefined
  if (typeof value !== 'object' || Array.isArray(value)) {
    // Prisma's default for lists of members is `{}`, and some writers give `[]` where a map belongs.
    if (Array.isArray(value) && value.length === 0) return undefined
    throw new BadValue(column, 'is no map')
  }
  return Object.keys(value).length > 0 ? (value as Record<string, unknown>) : undefined
}

/** Any JSON; a text that holds JSON once more is unpacked. Undefined where there is none. */
export function jsonOf(row: Row, column: string): unknown {
  const value = row[column]
  if (value === null || value === undefined) return undefined
  const parsed = parse(value, column)
  return typeof parsed === 'string' && /^\s*[[{]/.test(parsed) ? parse(parsed, column) : parsed
}

function parse(text: string, column: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw new BadValue(column, 'is no JSON')
  }
}

/** A list of texts: PostgreSQL's `{a,"b c",NULL}`. Empty where there is none. */
export function listOf(row: Row, column: string): string[] {
  const value = row[column]
  if (value === null || value === undefined) return []
  const list = parseArray(value)
  if (!list) throw new BadValue(column, 'is no list')
  return list
}

const ITEM = /\s*(?:"((?:[^"\\]|\\[\s\S])*)"|([^",{}\\\s](?:[^",{}\\]|\\[\s\S])*))\s*(,|\}$)/y

/** An array of one dimension (PostgreSQL manual, 8.15.6); undefined for anything else. NULLs are left out. */
function parseArray(text: string): string[] | undefined {
  if (!text.startsWith('{') || !text.endsWith('}')) return undefined
  if (text.slice(1, -1).trim() === '') return []
  const items: string[] = []
  ITEM.lastIndex = 1
  for (;;) {
    const found = ITEM.exec(text)
    if (!found) return undefined
    const [, quoted, plain, after] = found
    if (quoted !== undefined) items.push(unescape(quoted))
    else if (!/^null$/i.test(plain!.trimEnd())) items.push(unescape(plain!.trimEnd()))
    if (after === '}') return items
  }
}

function unescape(text: string): string {
  return text.replace(/\\([\s\S])/g, '$1')
}

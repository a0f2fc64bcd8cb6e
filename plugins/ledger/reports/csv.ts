import type { FlatRow } from './report.ts'

/** Rows as CSV (RFC 4180), the first one's names as the header. */
export function toCsv(rows: readonly FlatRow[], header = true): string {
  const first = rows[0]
  if (!first) return ''
  const names = Object.keys(first)
  const lines = rows.map((row) => names.map((name) => toField(row[name])).join(','))
  return `${(header ? [names.join(','), ...lines] : lines).join('\r\n')}\r\n`
}

/** A text that a spreadsheet would run as a formula gets an apostrophe: clients choose some of them. */
function toField(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

import type { FlatRow } from './report.ts'

/** Rows as CSV (RFC 4180). Without rows the header is all there is: an empty file says of nothing what it would be. */
export function toCsv(names: readonly string[], rows: readonly FlatRow[], header = true): string {
  const lines = rows.map((row) => names.map((name) => toField(row[name])).join(','))
  if (header) lines.unshift(names.join(','))
  return lines.map((line) => `${line}\r\n`).join('')
}

/** A text that a spreadsheet would run as a formula gets an apostrophe: clients choose some of them. */
function toField(value: unknown): string {
  if (value === null || value === undefined) return ''
  if (typeof value !== 'string') return String(value)
  const text = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

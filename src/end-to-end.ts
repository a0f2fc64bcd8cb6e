import type { HeaderReader } from './types/call.ts'

const NONE: readonly string[] = []

/** The headers that `Connection` headers name: they are for this connection only (RFC 9110 §7.6.1). */
export function connectionNames(value: string | readonly string[] | null | undefined): readonly string[] {
  if (!value || value === 'keep-alive' || value === 'close') return NONE
  return [value]
    .flat()
    .join(',')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
}

/** A request's headers without those of the connection, so that no provider forwards them. */
export function endToEnd(headers: HeaderReader): HeaderReader {
  const names = connectionNames(headers.get('connection'))
  if (names.length === 0) return headers
  return { get: (name) => (names.includes(name.toLowerCase()) ? null : headers.get(name)) }
}

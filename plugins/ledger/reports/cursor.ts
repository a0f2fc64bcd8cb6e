/** A place between two pages, as text that callers hand back. */
export function toCursor(place: readonly [string | number, string]): string {
  return Buffer.from(JSON.stringify(place)).toString('base64url')
}

/** Undefined where it is none. */
export function fromCursor(cursor: string): [string, string] | undefined {
  try {
    const place = JSON.parse(Buffer.from(cursor, 'base64url').toString()) as unknown
    const [first, second, ...rest] = Array.isArray(place) ? (place as unknown[]) : []
    if (rest.length > 0 || typeof second !== 'string') return undefined
    return typeof first === 'string' || typeof first === 'number' ? [String(first), second] : undefined
  } catch {
    return undefined
  }
}

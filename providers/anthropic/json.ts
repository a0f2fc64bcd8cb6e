/** A JSON object of unknown shape. */
export type Json = Record<string, unknown>

/** A content block of the Messages API. */
export interface Block extends Json {
  type: string
}

/** True for JSON objects; arrays and null are none. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value where it is a string, else an empty one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

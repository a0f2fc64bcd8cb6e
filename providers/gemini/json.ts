/** A JSON object of unknown shape. */
export type Json = Record<string, unknown>

/** A part of a turn (`Content.parts[]`): text, data, a function's call or result. */
export type Part = Json

/** True for JSON objects; arrays and null are none. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The value where it is a string, else an empty one. */
export function textOf(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** The value where it is a list, else an empty one. */
export function listOf(value: unknown): unknown[] {
  return Array.isArray(value) ? value : []
}

/** `safety_settings` → `safetySettings`. Google's JSON takes both spellings; one is enough to look for. */
export function camelCase(key: string): string {
  return key.replace(/_([a-z])/g, (_all, letter: string) => letter.toUpperCase())
}

/** A new id: `call_…`, `chatcmpl-…`. */
export function newId(prefix: string): string {
  return prefix + crypto.randomUUID().replaceAll('-', '').slice(0, 24)
}

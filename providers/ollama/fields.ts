import { invalidRequest } from '../../src/index.ts'
import type { Translation } from '../../src/index.ts'

/** A parsed JSON object that is only read. */
export type Fields = Readonly<Record<string, unknown>>

/** Whether a JSON value is an object (no list, no null). */
export function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The field's value; undefined where it is absent or null, which OpenAI's API treats alike. */
export function given(fields: Fields, name: string): unknown {
  return Object.hasOwn(fields, name) ? (fields[name] ?? undefined) : undefined
}

/** A field that must be a number if it is there. Throws a 400 that names it. */
export function numberField(fields: Fields, name: string): number | undefined {
  const value = given(fields, name)
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value))) return value
  throw invalidRequest(`\`${name}\` must be a number`, name)
}

/** A field that must be a boolean if it is there. Throws a 400 that names it. */
export function booleanField(fields: Fields, name: string): boolean | undefined {
  const value = given(fields, name)
  if (value === undefined || typeof value === 'boolean') return value
  throw invalidRequest(`\`${name}\` must be true or false`, name)
}

/** A field that must be a string if it is there. Throws a 400 that names it. */
export function stringField(fields: Fields, name: string): string | undefined {
  const value = given(fields, name)
  if (value === undefined || typeof value === 'string') return value
  throw invalidRequest(`\`${name}\` must be a string`, name)
}

/** `stop` as Ollama wants it, a list. Throws a 400 that names the wrong entry. */
export function stopField(fields: Fields): string[] | undefined {
  const value = given(fields, 'stop')
  if (value === undefined) return undefined
  if (typeof value === 'string') return [value]
  if (!Array.isArray(value)) throw invalidRequest('`stop` must be a string or a list of strings', 'stop')
  return value.map((entry: unknown, i) => {
    if (typeof entry === 'string') return entry
    throw invalidRequest('`stop` must be a string or a list of strings', `stop[${i}]`)
  })
}

/**
 * Refuses every field that no part of the translation reads, unless its value asks for what happens anyway.
 * @param known fields that were read
 */
export function refuseOthers(fields: Fields, known: ReadonlySet<string>, translation: Translation): void {
  for (const [name, value] of Object.entries(fields)) {
    if (value === null || value === undefined || known.has(name) || WITHOUT_EFFECT.has(name)) continue
    if (NEUTRAL.get(name)?.(value)) continue
    translation.unsupported(name)
  }
}

// The gateway's own business (`model`, `stream`, `stream_options`), and what only labels or caches a request at OpenAI:
// none of it changes an answer.
const WITHOUT_EFFECT = new Set([
  'model',
  'stream',
  'stream_options',
  'user',
  'metadata',
  'safety_identifier',
  'prompt_cache_key',
  'prompt_cache_retention',
])

const NEUTRAL = new Map<string, (value: unknown) => boolean>([
  ['n', (value) => value === 1],
  ['best_of', (value) => value === 1],
  ['echo', (value) => value === false],
  ['store', (value) => value === false],
  ['logit_bias', (value) => isRecord(value) && Object.keys(value).length === 0],
  ['parallel_tool_calls', (value) => value === true],
  ['service_tier', (value) => value === 'auto' || value === 'default'],
  ['modalities', (value) => Array.isArray(value) && value.length === 1 && value[0] === 'text'],
])

import { gatewayConfigSchema } from './schema.ts'
import { kindOf, toPath } from './problem.ts'
import { closest } from './suggest.ts'
import type { z } from 'zod'
import type { ConfigProblem } from './problem.ts'
import { checkOnce } from '../check-once.ts'

type Issue = z.core.$ZodIssue
type Found = Pick<ConfigProblem, 'path' | 'message'>

/** What an option wants, and how to write it. */
const KINDS: Readonly<Record<string, readonly [noun: string, fix: string]>> = {
  number: ['a number', 'Write a number without quotes.'],
  int: ['a whole number', 'Write a whole number without quotes.'],
  string: ['a text', 'Write a text in quotes.'],
  boolean: ['true or false', 'Write true or false without quotes.'],
  array: ['a list', 'Write a list.'],
  object: ['a map', 'Write a map of keys and values.'],
  record: ['a map', 'Write a map of keys and values.'],
}

/**
 * Checks a config whole and returns every problem, none if it can be started. `filled` are the paths that came from the
 * environment: where the option wants a number or true/false, their texts are read so, in place.
 */
export function checkGatewayConfig(
  config: unknown,
  options: { file?: string; filled?: readonly (readonly PropertyKey[])[] } = {},
): ConfigProblem[] {
  let result = checkOnce(gatewayConfigSchema, config)
  const filled = new Set((options.filled ?? []).map(toPath))
  if (!result.success && filled.size > 0) {
    readTexts(config, result.error.issues, filled)
    result = checkOnce(gatewayConfigSchema, config)
  }
  const found = result.success ? [] : zodProblems(gatewayConfigSchema, config, result.error.issues)
  return found.map((problem) => ({ file: options.file ?? '', ...problem }))
}

/** Turns zod's issues into problems with path, reason and fix. Messages never hold values, which may be secrets. */
export function zodProblems(
  schema: z.ZodType,
  input: unknown,
  issues: readonly Issue[],
  prefix: readonly PropertyKey[] = [],
): Found[] {
  const seen = new Set<string>()
  return issues.flatMap((issue) => {
    if (issue.code === 'unrecognized_keys') {
      const known = keysAt(schema, issue.path)
      return issue.keys.map((key) => ({
        path: toPath([...prefix, ...issue.path, key]),
        message: unknownKey(key, known),
      }))
    }
    // A value of the wrong kind breaks further rules: the first says enough.
    const path = toPath([...prefix, ...issue.path])
    if (seen.has(path)) return []
    seen.add(path)
    return [{ path, message: messageOf(issue, valueAt(input, issue.path)) }]
  })
}

/** Reason and fix for a key that nothing reads. */
export function unknownKey(key: string, known: readonly string[]): string {
  const meant = closest(key, known)
  if (meant !== undefined) return `is not a known key. Did you mean "${meant}"?`
  return known.length > 0 ? `is not a known key. Known are: ${known.join(', ')}.` : 'is not a known key. Remove it.'
}

/** The keys that a schema of a map declares; undefined where it takes any. */
export function declaredKeys(schema: z.ZodType): string[] | undefined {
  const def = definitionOf(schema)
  if (def.innerType) return declaredKeys(def.innerType)
  if (def.type === 'pipe' && def.in) return declaredKeys(def.in)
  if (!def.shape) return undefined
  const rest = def.catchall && definitionOf(def.catchall).type
  return rest === undefined || rest === 'never' ? Object.keys(def.shape) : undefined
}

function messageOf(issue: Issue, value: unknown): string {
  if (issue.code === 'invalid_type') return wrongKind([issue.expected], value)
  if (issue.code === 'invalid_value') {
    return `must be one of ${issue.values.map((item) => JSON.stringify(item)).join(', ')}. Choose one of them.`
  }
  if (issue.code === 'too_small') {
    if (issue.origin === 'string') return 'must not be empty. Give a value or remove the key.'
    if (issue.origin === 'array' || issue.origin === 'set') return `needs ${issue.minimum} or more entries. Add some.`
    return `must be ${issue.inclusive ? `${issue.minimum} or more` : `more than ${issue.minimum}`}. Raise it.`
  }
  if (issue.code === 'too_big') {
    const what = issue.origin === 'string' ? ' characters' : issue.origin === 'array' ? ' entries' : ''
    return `must be ${issue.inclusive ? `${issue.maximum}${what} or less` : `less than ${issue.maximum}${what}`}. Lower it.`
  }
  if (issue.code === 'invalid_format' && issue.format === 'url') {
    return 'is not a valid url. Write it with its scheme, such as http://localhost:8000/v1.'
  }
  if (issue.code === 'invalid_format') return `is not a valid ${issue.format}. Correct it.`
  if (issue.code === 'invalid_union') {
    const kinds = issue.errors.map((branch) => branch[0]).filter((first) => first?.path.length === 0)
    const expected = kinds.flatMap((first) => (first?.code === 'invalid_type' ? [first.expected] : []))
    if (expected.length === issue.errors.length && expected.length > 0) return wrongKind(expected, value)
  }
  return /[.?!]$/.test(issue.message) ? issue.message : `${issue.message}. Correct it.`
}

function wrongKind(expected: readonly string[], value: unknown): string {
  const kinds = expected.map((name) => KINDS[name] ?? [name, 'Correct it.'])
  const nouns = [...new Set(kinds.map(([noun]) => noun))].join(' or ')
  if (value === undefined || value === null) return `is missing. Give ${nouns}.`
  const fix = kinds.length === 1 ? kinds[0]![1] : 'Write one of these.'
  return `expected ${nouns}, got ${typeof value === 'number' && nouns === 'a whole number' ? 'a fraction' : kindOf(value)}. ${fix}`
}

/** Reads texts from the environment as numbers and booleans, in place, where the schema wants these. */
function readTexts(input: unknown, issues: readonly Issue[], filled: ReadonlySet<string>): void {
  for (const issue of issues) {
    if (issue.code !== 'invalid_type' || !filled.has(toPath(issue.path))) continue
    const text = String(valueAt(input, issue.path)).trim()
    const parent = valueAt(input, issue.path.slice(0, -1)) as Record<PropertyKey, unknown>
    const key = issue.path.at(-1)!
    if (issue.expected === 'number' && text !== '' && Number.isFinite(Number(text))) parent[key] = Number(text)
    if (issue.expected === 'boolean' && /^(true|false)$/i.test(text)) parent[key] = text.toLowerCase() === 'true'
  }
}

function keysAt(schema: z.ZodType, path: readonly PropertyKey[]): string[] {
  let current: z.ZodType | undefined = schema
  for (const segment of [...path, undefined]) {
    while (current && definitionOf(current).innerType) current = definitionOf(current).innerType
    if (segment === undefined || !current) break
    const def = definitionOf(current)
    current = def.shape?.[String(segment)] ?? def.element ?? def.valueType ?? def.catchall
  }
  return Object.keys((current && definitionOf(current).shape) ?? {})
}

/** The parts of zod 4's definitions that say how schemas nest. Read by name: a plugin may bring its own copy of zod. */
interface Definition {
  type: string
  shape?: Record<string, z.ZodType>
  catchall?: z.ZodType
  innerType?: z.ZodType
  element?: z.ZodType
  valueType?: z.ZodType
  in?: z.ZodType
}

function definitionOf(schema: z.ZodType): Definition {
  return schema._zod.def as unknown as Definition
}

function valueAt(value: unknown, path: readonly PropertyKey[]): unknown {
  return path.reduce<unknown>((at, key) => (at as Record<PropertyKey, unknown> | undefined | null)?.[key], value)
}

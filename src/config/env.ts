import { isPlain, setOwn } from './plain.ts'
import type { Plain } from './plain.ts'

const REFERENCE = /^(?:os\.environ\/|env:)([A-Za-z_]\w*)$/
const MAX_DEPTH = 64

/** A string that names a variable which is not set. */
export interface MissingVariable {
  readonly path: readonly PropertyKey[]
  readonly variable: string
}

export interface ResolvedEnv {
  readonly value: unknown
  /** References left in `value` as they were. */
  readonly missing: readonly MissingVariable[]
  /** Paths that were filled. Their values are strings, whatever the option wants. */
  readonly filled: readonly (readonly PropertyKey[])[]
}

/** The variable that `env:NAME` or `os.environ/NAME` names, or undefined for any other value. */
export function envReference(value: unknown): string | undefined {
  return typeof value === 'string' ? REFERENCE.exec(value)?.[1] : undefined
}

/** The variable's value. A variable set to nothing counts as not set, as a line `KEY=` in a dotenv file means. */
export function readEnv(env: NodeJS.ProcessEnv, name: string): string | undefined {
  return env[name] || undefined
}

/**
 * Copies a config with every `env:NAME` and `os.environ/NAME` replaced by the variable's value. Only whole strings are
 * references. Dates become texts again, because YAML reads an unquoted `api_version: 2024-02-01` as a date.
 * Class instances and functions are kept as they are. Throws a RangeError on a config that contains itself (YAML anchors).
 */
export function resolveEnv(root: unknown, env: NodeJS.ProcessEnv): ResolvedEnv {
  const missing: MissingVariable[] = []
  const filled: (readonly PropertyKey[])[] = []
  const walk = (value: unknown, path: readonly PropertyKey[]): unknown => {
    if (path.length > MAX_DEPTH) throw new RangeError(`it is nested deeper than ${MAX_DEPTH} levels`)
    if (typeof value === 'string') {
      const variable = envReference(value)
      if (variable === undefined) return value
      const found = readEnv(env, variable)
      if (found === undefined) missing.push({ path, variable })
      else filled.push(path)
      return found ?? value
    }
    if (value instanceof Date) return dateText(value)
    if (Array.isArray(value)) return value.map((item, index) => walk(item, [...path, index]))
    if (!isPlain(value)) return value
    const copy: Plain = {}
    for (const [key, item] of Object.entries(value)) setOwn(copy, key, walk(item, [...path, key]))
    return copy
  }
  return { value: walk(root, []), missing, filled }
}

/** The references that {@link resolveEnv} could not replace. */
export function unresolved(value: unknown): readonly MissingVariable[] {
  return resolveEnv(value, {}).missing
}

/** Reason and fix for a reference to a variable that is not set. */
export function missingVariable(variable: string): string {
  return `environment variable ${variable} is not set. Set ${variable}, or write the value.`
}

function dateText(date: Date): string {
  const text = date.toISOString()
  return text.endsWith('T00:00:00.000Z') ? text.slice(0, 10) : text
}

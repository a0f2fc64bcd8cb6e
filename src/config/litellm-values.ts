import { envReference, missingVariable } from './env.ts'
import { kindOf, toPath } from './problem.ts'
import { isPlain } from './plain.ts'
import type { Plain } from './plain.ts'
import type { ConfigProblem } from './problem.ts'

/** Where a value stands, and where its problems go. */
export interface Place {
  readonly file: string
  readonly path: readonly PropertyKey[]
  readonly problems: ConfigProblem[]
}

/** Records a problem of the value at `key` (of the place itself without one). */
export function problemAt(place: Place, key: PropertyKey | undefined, message: string): undefined {
  const path = key === undefined ? place.path : [...place.path, key]
  place.problems.push({ file: place.file, path: toPath(path), message })
}

export function placeAt(place: Place, ...keys: PropertyKey[]): Place {
  return { ...place, path: [...place.path, ...keys] }
}

/** Reads a number; texts such as "100" too, because values from the environment are texts. */
export function readNumber(
  map: Plain,
  key: string,
  place: Place,
  range: { min?: number; above?: number } = {},
): number | undefined {
  const value = valueOf(map, key, place)
  if (value === undefined) return undefined
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  const rule =
    range.min !== undefined ? ` of ${range.min} or more` : range.above !== undefined ? ` above ${range.above}` : ''
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    return problemAt(place, key, `expected a number${rule}, got ${kindOf(value)}. Write a number or remove the key.`)
  }
  if (number < (range.min ?? -Infinity) || number <= (range.above ?? -Infinity)) {
    return problemAt(place, key, `expected a number${rule}, got ${number}. Raise it or remove the key.`)
  }
  return number
}

/** Reads a text; numbers too, because YAML reads an unquoted 1234 as one. An empty text counts as left out. */
export function readString(map: Plain, key: string, place: Place): string | undefined {
  const value = valueOf(map, key, place)
  if (value === undefined) return undefined
  if (typeof value === 'number') return String(value)
  if (typeof value !== 'string') {
    return problemAt(place, key, `expected a text, got ${kindOf(value)}. Write a text in quotes.`)
  }
  return value === '' ? undefined : value
}

/** Reads true/false; also `yes`, `no`, `on`, `off`, which YAML 1.1 (PyYAML) reads so and YAML 1.2 does not. */
export function readBoolean(map: Plain, key: string, place: Place): boolean | undefined {
  const value = valueOf(map, key, place)
  if (value === undefined) return undefined
  if (typeof value === 'boolean') return value
  const text = String(value).toLowerCase()
  if (text === 'true' || text === 'yes' || text === 'on') return true
  if (text === 'false' || text === 'no' || text === 'off') return false
  return problemAt(place, key, `expected true or false, got ${kindOf(value)}. Write true or false without quotes.`)
}

/** Reads a list of texts. */
export function readStrings(map: Plain, key: string, place: Place): string[] | undefined {
  const value = valueOf(map, key, place)
  if (value === undefined) return undefined
  if (!Array.isArray(value)) {
    return problemAt(place, key, `expected a list of texts, got ${kindOf(value)}. Write a list, such as ["a", "b"].`)
  }
  return value.flatMap((item: unknown, index) => {
    if (typeof item === 'string' || typeof item === 'number') return [String(item)]
    problemAt(placeAt(place, key), index, `expected a text, got ${kindOf(item)}. Write a text in quotes.`)
    return []
  })
}

/** Reads a map. */
export function readMap(map: Plain, key: string, place: Place): Plain | undefined {
  const value = valueOf(map, key, place)
  if (value === undefined) return undefined
  if (isPlain(value)) return value
  return problemAt(place, key, `expected a map, got ${kindOf(value)}. Write a map of keys and values.`)
}

/** Reads a map of texts, such as headers. */
export function readStringMap(map: Plain, key: string, place: Place): Record<string, string> | undefined {
  const value = readMap(map, key, place)
  if (!value) return undefined
  const texts: Record<string, string> = {}
  for (const name of Object.keys(value)) {
    const text = readString(value, name, placeAt(place, key))
    if (text !== undefined) texts[name] = text
  }
  return texts
}

/** The value, or undefined after reporting where it is a reference to a variable that is not set. */
function valueOf(map: Plain, key: string, place: Place): unknown {
  const value = map[key] ?? undefined
  const variable = envReference(value)
  return variable === undefined ? value : problemAt(place, key, missingVariable(variable))
}

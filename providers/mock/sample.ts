import { isRecord, records } from './fields.ts'
import type { Fields } from './fields.ts'
import { sampleNumber } from './sample-number.ts'

/** Schemas that contain themselves end here: first without their optional parts, then with null. */
const SHALLOW = 6
const DEEPEST = 24
/** What a schema may ask for in length, or one request could fill the memory. */
const LONGEST = 10_000
const MOST_ITEMS = 100

interface Place {
  /** Where `$ref` points into. */
  readonly root: unknown
  /** The property's name, for readable texts. */
  readonly name: string
  readonly depth: number
}

/**
 * A value that fits a JSON Schema, always the same one. Honours const, default, enum, type, required, items, bounds,
 * lengths, formats, anyOf, oneOf, allOf and local `$ref`; `pattern` and `not` are not looked at.
 */
export function sampleOf(schema: unknown): unknown {
  return sample(schema, { root: schema, name: 'value', depth: 0 })
}

function sample(schema: unknown, place: Place): unknown {
  if (place.depth > DEEPEST) return null
  if (!isRecord(schema)) return schema === false ? null : `sample ${place.name}`
  const own = (key: string) => (Object.hasOwn(schema, key) ? schema[key] : undefined)
  const deeper = { ...place, depth: place.depth + 1 }
  if (Object.hasOwn(schema, 'const')) return schema['const']
  if (Object.hasOwn(schema, 'default')) return schema['default']
  const values = own('enum')
  if (Array.isArray(values) && values.length > 0) return values[0]
  const ref = own('$ref')
  if (typeof ref === 'string') return sample(resolve(place.root, ref), deeper)
  const branches = own('anyOf') ?? own('oneOf')
  if (Array.isArray(branches) && branches.length > 0) return sample(pickBranch(schema, branches, place), deeper)
  const parts = own('allOf')
  if (Array.isArray(parts) && parts.length > 0) return sample(merge(schema, parts, place.root), deeper)
  switch (typeOf(schema)) {
    case 'null':
      return null
    case 'boolean':
      return true
    case 'integer':
      return sampleNumber(schema, true)
    case 'number':
      return sampleNumber(schema, false)
    case 'array':
      return sampleList(schema, deeper)
    case 'object':
      return sampleObject(schema, deeper)
    default:
      return sampleText(schema, place.name)
  }
}

function sampleObject(schema: Fields, place: Place): Record<string, unknown> {
  const properties = isRecord(schema['properties']) ? schema['properties'] : {}
  const required = Array.isArray(schema['required'])
    ? schema['required'].filter((name) => typeof name === 'string')
    : undefined
  const names = required ?? (place.depth > SHALLOW ? [] : Object.keys(properties))
  // `fromEntries` defines: a property called `__proto__` stays a property.
  return Object.fromEntries(
    names.map((name) => [name, sample(Object.hasOwn(properties, name) ? properties[name] : true, { ...place, name })]),
  )
}

function sampleList(schema: Fields, place: Place): unknown[] {
  const prefix = Array.isArray(schema['prefixItems']) ? schema['prefixItems'] : []
  const least = Math.min(countOf(schema['minItems']) ?? 0, MOST_ITEMS)
  const most = countOf(schema['maxItems']) ?? MOST_ITEMS
  const closed = schema['items'] === false
  const wanted = Math.max(prefix.length, closed || place.depth > SHALLOW ? 0 : 1, least)
  return Array.from({ length: Math.min(wanted, most) }, (_, i) => sample(prefix[i] ?? schema['items'] ?? true, place))
}

const FORMATS = new Map<unknown, string>([
  ['date-time', '2025-01-01T12:00:00Z'],
  ['date', '2025-01-01'],
  ['time', '12:00:00Z'],
  ['duration', 'P1D'],
  ['email', 'user@example.com'],
  ['hostname', 'example.com'],
  ['ipv4', '192.0.2.1'],
  ['ipv6', '2001:db8::1'],
  ['uri', 'https://example.com'],
  ['url', 'https://example.com'],
  ['uuid', '00000000-0000-4000-8000-000000000000'],
])

function sampleText(schema: Fields, name: string): string {
  const format = FORMATS.get(schema['format'])
  if (format !== undefined) return format
  const least = Math.min(countOf(schema['minLength']) ?? 0, LONGEST)
  return `sample ${name}`.slice(0, countOf(schema['maxLength'])).padEnd(least, 'x')
}

function typeOf(schema: Fields): unknown {
  const { type } = schema
  if (Array.isArray(type)) return type.find((one) => one !== 'null') ?? 'null'
  if (type !== undefined) return type
  if (isRecord(schema['properties']) || Array.isArray(schema['required'])) return 'object'
  if (schema['items'] !== undefined || schema['prefixItems'] !== undefined) return 'array'
  if (['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum', 'multipleOf'].some((key) => key in schema)) {
    return 'number'
  }
  return 'string'
}

/** The first branch that is not just null, with what stands beside the branches. Deep down null is the way out. */
function pickBranch(schema: Fields, branches: readonly unknown[], place: Place): unknown {
  const { anyOf: _any, oneOf: _one, ...beside } = schema
  const isNull = (branch: unknown) => isRecord(branch) && branch['type'] === 'null'
  const branch = branches.find((one) => isNull(one) === place.depth > SHALLOW) ?? branches[0]
  return isRecord(branch) ? merge(beside, [branch], place.root) : branch
}

function merge(schema: Fields, parts: readonly unknown[], root: unknown): Fields {
  const { allOf: _all, ...rest } = schema
  let merged: Record<string, unknown> = rest
  for (const part of records(parts)) {
    const other = typeof part['$ref'] === 'string' ? resolve(root, part['$ref']) : part
    if (!isRecord(other)) continue
    const required = [merged['required'], other['required']].flatMap((names) => (Array.isArray(names) ? names : []))
    const properties = [merged['properties'], other['properties']].filter(isRecord)
    merged = { ...merged, ...other }
    if (required.length > 0) merged['required'] = [...new Set(required)]
    if (properties.length > 0)
      merged['properties'] = Object.fromEntries(properties.flatMap((one) => Object.entries(one)))
  }
  return merged
}

/** A local JSON Pointer (RFC 6901): `#`, `#/$defs/item`. */
function resolve(root: unknown, ref: string): unknown {
  let value = root
  for (const key of ref.split('/').slice(1)) {
    const name = key.replaceAll('~1', '/').replaceAll('~0', '~')
    if (!isRecord(value) || !Object.hasOwn(value, name)) return true
    value = value[name]
  }
  return value
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 ? Math.floor(value) : undefined
}

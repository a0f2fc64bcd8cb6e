import { isObject, type Json } from './json.ts'

const MAPS = new Set(['properties', '$defs', 'patternProperties', 'dependentSchemas'])
const LISTS = new Set(['anyOf', 'oneOf', 'allOf', 'prefixItems'])
const NESTED = new Set(['items', 'additionalProperties', 'contains', 'propertyNames', 'not', 'if', 'then', 'else'])

/**
 * A JSON schema as Gemini reads it (`GenerationConfig.responseJsonSchema` lists the keywords): what is said with
 * keywords that it skips is said with those that it knows. Keywords without a counterpart stay: they are ignored.
 * - `$schema` goes, `definitions` becomes `$defs`
 * - `const` becomes an `enum` of one
 * - a `$ref` beside other keywords, which is refused, and a single `allOf` become an `anyOf` of one
 */
export function encodeSchema(schema: unknown): unknown {
  if (!isObject(schema)) return schema
  const { definitions, ...rest } = schema
  if (isObject(definitions)) return encodeSchema({ ...rest, $defs: { ...definitions, ...asMap(rest['$defs']) } })
  const entries: [string, unknown][] = []
  for (const [key, value] of Object.entries(schema)) {
    if (key === '$schema') continue
    if (key === '$ref' && typeof value === 'string') entries.push([key, value.replace(/^#\/definitions\//, '#/$defs/')])
    else if (key === 'const' && isEnumerable(value) && !('enum' in schema)) entries.push(['enum', [value]])
    else if (key === 'allOf' && Array.isArray(value) && value.length === 1 && !('anyOf' in schema)) {
      entries.push(['anyOf', value.map(encodeSchema)])
    } else if (MAPS.has(key)) entries.push([key, encodeMap(value)])
    else if (LISTS.has(key)) entries.push([key, Array.isArray(value) ? value.map(encodeSchema) : value])
    else if (NESTED.has(key)) entries.push([key, encodeSchema(value)])
    else entries.push([key, value])
  }
  // `fromEntries` defines its keys, so that a property named `__proto__` stays a property.
  return separateRef(Object.fromEntries(entries))
}

/** True for schemas of objects without any property, which declare no parameters. */
export function isEmptySchema(schema: unknown): boolean {
  if (schema === undefined || schema === null) return true
  if (!isObject(schema)) return false
  const { type, properties, additionalProperties, required, ...rest } = schema
  const empty = (value: unknown) =>
    value === undefined || (typeof value === 'object' && !Object.keys(value ?? {}).length)
  const open = additionalProperties === true || (isObject(additionalProperties) && !empty(additionalProperties))
  const silent = Object.keys(rest).every((key) => key.startsWith('$') || key === 'title' || key === 'description')
  return (
    (type === undefined || type === 'object') &&
    empty(properties) &&
    empty(required) &&
    !open &&
    silent &&
    !rest['$ref']
  )
}

function separateRef(schema: Json): Json {
  if (typeof schema['$ref'] !== 'string' || 'anyOf' in schema) return schema
  const beside = Object.keys(schema).some((key) => !key.startsWith('$'))
  if (!beside) return schema
  const { $ref, ...rest } = schema
  return { ...rest, anyOf: [{ $ref }] }
}

function asMap(value: unknown): Json {
  return isObject(value) ? value : {}
}

function encodeMap(value: unknown): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([key, schema]) => [key, encodeSchema(schema)]))
}

/** `enum` is understood for strings and numbers. */
function isEnumerable(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number'
}

import { isObject, listOf, textOf, type Json } from './json.ts'

/** Keywords of `Schema`, a subset of OpenAPI 3.0's, that need no change. Any other name in a schema is refused. */
const KEPT = new Set(
  (
    'title,description,minItems,maxItems,minProperties,maxProperties,minLength,maxLength,pattern,minimum,maximum,' +
    'required,default,example,propertyOrdering,nullable'
  ).split(','),
)
const TRANSLATED = new Set(
  '$ref,$schema,$defs,$id,$comment,definitions,type,format,enum,const,anyOf,oneOf,allOf,items,properties'.split(','),
)
/** Says nothing that `Schema` does not mean anyway. */
const SILENT = new Set(['additionalProperties', 'examples', 'deprecated', 'strict'])
/** A few definitions that use one another twice would otherwise grow without end. */
const MAX_REFERENCES = 1000
const FORMATS = new Set(['float', 'double', 'int32', 'int64', 'enum', 'date-time'])

/**
 * A JSON schema as Google's `Schema`, for API versions without JSON Schema: references resolved, `type` lists as
 * `nullable`, constraints without a place told in the description, where the model still reads them. Recursion ends in
 * an object of any form.
 */
export function encodeOpenAPISchema(schema: unknown): Json {
  const root = isObject(schema) ? schema : {}
  return convert(root, { root, trail: [], references: { left: MAX_REFERENCES } })
}

interface Scope {
  root: Json
  /** References being resolved. */
  trail: readonly string[]
  references: { left: number }
}

function convert(given: Json, scope: Scope): Json {
  const { schema, trail } = resolve(given, scope)
  const inner = { ...scope, trail }
  const out: Json = {}
  const told: string[] = []
  for (const [key, value] of Object.entries(schema)) {
    if (KEPT.has(key)) out[key] = value
    else if (!TRANSLATED.has(key) && !SILENT.has(key)) told.push(`${key}: ${JSON.stringify(value)}`)
  }
  setType(out, schema, inner)
  if (isObject(schema['properties'])) {
    const properties = Object.entries(schema['properties']).map(([name, each]) => [name, convertAny(each, inner)])
    if (properties.length) out['properties'] = Object.fromEntries(properties)
  }
  if (isObject(schema['items'])) out['items'] = convert(schema['items'], inner)
  setEnum(out, schema, told)
  const format = textOf(schema['format'])
  if (FORMATS.has(format)) out['format'] = format
  else if (format) told.push(`format: ${format}`)
  if (told.length) out['description'] = [textOf(out['description']), `(${told.join(', ')})`].filter(Boolean).join(' ')
  return out
}

function convertAny(schema: unknown, scope: Scope): Json {
  return isObject(schema) ? convert(schema, scope) : {}
}

/** Follows `$ref` and lays the parts of `allOf` over one another. */
function resolve(given: Json, scope: Scope): { schema: Json; trail: readonly string[] } {
  const { $ref, allOf, ...rest } = given
  let schema: Json = rest
  let path = scope.trail
  if (typeof $ref === 'string') {
    const known = path.includes($ref) || scope.references.left-- <= 0
    const target = known ? undefined : lookUp(scope.root, $ref)
    path = [...path, $ref]
    const found = target ? resolve(target, { ...scope, trail: path }) : { schema: { type: 'object' }, trail: path }
    schema = { ...found.schema, ...rest }
    path = found.trail
  }
  for (const part of listOf(allOf)) {
    if (!isObject(part)) continue
    const next = resolve(part, { ...scope, trail: path })
    schema = merge(schema, next.schema)
    path = next.trail
  }
  return { schema, trail: path }
}

function merge(one: Json, two: Json): Json {
  const out: Json = { ...two, ...one }
  if (isObject(one['properties']) && isObject(two['properties'])) {
    out['properties'] = { ...two['properties'], ...one['properties'] }
  }
  if (Array.isArray(one['required']) && Array.isArray(two['required'])) {
    out['required'] = [...new Set([...listOf(one['required']), ...listOf(two['required'])])]
  }
  return out
}

function lookUp(root: Json, ref: string): Json | undefined {
  if (!ref.startsWith('#')) return undefined
  let at: unknown = root
  for (const step of ref.split('/').slice(1)) {
    const key = step.replace(/~1/g, '/').replace(/~0/g, '~')
    at = isObject(at) && Object.hasOwn(at, key) ? at[key] : undefined
  }
  return isObject(at) ? at : undefined
}

function setType(out: Json, schema: Json, scope: Scope): void {
  const types = (Array.isArray(schema['type']) ? schema['type'] : [schema['type']]).filter((t) => typeof t === 'string')
  const named = types.filter((type) => type !== 'null')
  const either = [...listOf(schema['anyOf']), ...listOf(schema['oneOf'])].filter(isObject)
  const options = either.filter((option) => option['type'] !== 'null')
  if (named.length < types.length || options.length < either.length) out['nullable'] = true
  if (options.length === 1) Object.assign(out, { ...convert(options[0]!, scope), ...out })
  else if (options.length) out['anyOf'] = options.map((option) => convert(option, scope))
  if (named.length === 1) out['type'] = named[0]!.toUpperCase()
  else if (named.length) out['anyOf'] = named.map((type) => ({ type: type.toUpperCase() }))
  else if (isObject(schema['properties'])) out['type'] = 'OBJECT'
}

/** Values of an `enum` are strings here; others are told in the description. */
function setEnum(out: Json, schema: Json, told: string[]): void {
  const values = 'const' in schema ? [schema['const']] : listOf(schema['enum'])
  if (!values.length) return
  if (values.includes(null)) out['nullable'] = true
  const named = values.filter((value) => value !== null)
  if (named.every((value) => typeof value === 'string')) Object.assign(out, { type: 'STRING', enum: named })
  else told.push(`one of: ${named.map((value) => JSON.stringify(value)).join(', ')}`)
}

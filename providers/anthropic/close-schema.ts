import { isObject, textOf, type Json } from './json.ts'

/** Keywords that constrained decoding understands ("Structured outputs", JSON Schema limitations). */
const KEPT = new Set(
  '$ref,$defs,definitions,type,title,description,enum,const,default,anyOf,allOf,properties,required,items'.split(','),
)
const FORMATS = new Set('date-time,time,date,duration,email,hostname,uri,ipv4,ipv6,uuid'.split(','))
/** Says nothing about values. */
const SILENT = new Set(['$schema', '$id', '$comment', 'additionalProperties', 'examples', 'deprecated'])
/** Lookaround, backreferences and word boundaries are not understood in patterns. */
const ODD_PATTERN = /\(\?|\\[bB1-9]/

/**
 * A JSON schema as Anthropic's structured outputs take it: objects closed, `oneOf` as `anyOf`, and constraints that
 * cannot be enforced moved into the description, where the model still reads them. Anthropic's own SDKs do the same.
 * Returns undefined where closing would change what is asked for: open objects and recursive schemas.
 */
export function closeSchema(schema: unknown): Json | undefined {
  if (!isObject(schema) || isRecursive(schema)) return undefined
  const state = { open: false }
  const closed = close(schema, state)
  return state.open ? undefined : closed
}

function close(schema: Json, state: { open: boolean }): Json {
  const out: Json = {}
  const told: string[] = []
  for (const [key, value] of Object.entries(schema)) {
    if (key === 'oneOf') out['anyOf'] = closeList(value, state)
    else if (key === 'anyOf' || key === 'allOf') {
      // Parts that are each closed exclude each other.
      if (key === 'allOf' && Array.isArray(value) && value.length > 1) state.open = true
      out[key] = closeList(value, state)
    } else if (key === 'items' && isObject(value)) out[key] = close(value, state)
    else if (key === 'properties' || key === '$defs' || key === 'definitions') out[key] = closeMap(value, state)
    else if (KEPT.has(key) || isEnforced(key, value)) out[key] = value
    else if (key === 'patternProperties' || key === 'unevaluatedProperties') state.open = true
    else if (!SILENT.has(key)) told.push(`${key}: ${JSON.stringify(value)}`)
  }
  const rest = schema['additionalProperties']
  if (isObjectSchema(schema)) {
    if ((rest !== undefined && rest !== false) || (rest === undefined && !isObject(schema['properties']))) {
      state.open = true
    }
    out['additionalProperties'] = false
  }
  if (told.length)
    out['description'] = [textOf(schema['description']), `(${told.join(', ')})`].filter(Boolean).join(' ')
  return out
}

function isObjectSchema(schema: Json): boolean {
  const { type } = schema
  if (type === 'object' || (Array.isArray(type) && type.includes('object'))) return true
  return isObject(schema['properties']) || schema['additionalProperties'] !== undefined
}

function isEnforced(key: string, value: unknown): boolean {
  if (key === 'format') return FORMATS.has(textOf(value))
  if (key === 'pattern') return typeof value === 'string' && !ODD_PATTERN.test(value)
  return key === 'minItems' && (value === 0 || value === 1)
}

function closeList(value: unknown, state: { open: boolean }): unknown {
  return Array.isArray(value) ? value.map((each) => (isObject(each) ? close(each, state) : each)) : value
}

// `fromEntries` defines its keys, so that a property named `__proto__` stays a property.
function closeMap(value: unknown, state: { open: boolean }): unknown {
  if (!isObject(value)) return value
  return Object.fromEntries(Object.entries(value).map(([k, v]) => [k, isObject(v) ? close(v, state) : v]))
}

/** True where a definition leads back to itself, or a reference to the schema's root. */
function isRecursive(schema: Json): boolean {
  const definitions = new Map<string, string[]>()
  for (const place of ['$defs', 'definitions']) {
    const defs = schema[place]
    if (isObject(defs)) for (const name of Object.keys(defs)) definitions.set(`#/${place}/${name}`, refsIn(defs[name]))
  }
  if (refsIn(schema).includes('#')) return true
  const done = new Set<string>()
  const leadsBack = (ref: string, trail: Set<string>): boolean => {
    if (trail.has(ref)) return true
    if (done.has(ref)) return false
    trail.add(ref)
    const back = (definitions.get(ref) ?? []).some((next) => leadsBack(next, trail))
    trail.delete(ref)
    done.add(ref)
    return back
  }
  return [...definitions.keys()].some((ref) => leadsBack(ref, new Set()))
}

function refsIn(value: unknown, found: string[] = []): string[] {
  if (Array.isArray(value)) for (const each of value) refsIn(each, found)
  else if (isObject(value)) {
    if (typeof value['$ref'] === 'string') found.push(value['$ref'])
    for (const each of Object.values(value)) refsIn(each, found)
  }
  return found
}

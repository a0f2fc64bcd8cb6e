import { html, prose } from './html.ts'
import type { Html } from './html.ts'
import type { JsonSchema } from './types.ts'

/** A schema's fields as a list, nested ones folded. References are links to the schema's own section. */
export function renderFields(schema: JsonSchema): Html {
  const fields = Object.entries(schema.properties ?? {})
  if (fields.length === 0) return html`<p class="type">${renderType(schema)}</p>`
  const required = new Set(schema.required)
  const sorted = [...fields].sort(([a], [b]) => Number(required.has(b)) - Number(required.has(a)))
  return html`<ul class="fields">
    ${sorted.map(([name, field]) => renderField(name, field, required.has(name)))}
  </ul>`
}

/** A schema's type in a line: `string or array of ChatMessage`. */
export function renderType(schema: JsonSchema): Html {
  if (schema.$ref) return reference(schema.$ref)
  if (schema.const !== undefined) return html`<code>${JSON.stringify(schema.const)}</code>`
  if (schema.enum)
    return html`${joined(
      schema.enum.map((value) => html`<code>${JSON.stringify(value)}</code>`),
      ', ',
    )}`
  const variants = schema.anyOf ?? schema.oneOf ?? schema.allOf
  if (variants) return html`${joined(variants.map(renderType), schema.allOf ? ' and ' : ' or ')}`
  const types = typeof schema.type === 'string' ? [schema.type] : [...(schema.type ?? ['any'])]
  return html`${joined(
    types.map((type) => renderOneType(type, schema)),
    ' or ',
  )}`
}

function renderField(name: string, field: JsonSchema, required: boolean): Html {
  const limits = limitsOf(field)
  const inner = nested(field)
  return html`<li>
    <div class="field">
      <code class="name">${name}</code>${required && html`<b class="required">required</b>`}<span class="type"
        >${renderType(field)}</span
      >${limits && html`<span class="limits">${limits}</span>`}
    </div>
    ${field.description && html`<p>${prose(field.description)}</p>`}${
      inner &&
      html`<details>
        <summary>Fields of <code>${name}</code></summary>
        ${renderFields(inner)}
      </details>`
    }
  </li>`
}

/** The object inside a field that has fields of its own: the field, its items, or one of its variants. */
function nested(schema: JsonSchema): JsonSchema | undefined {
  if (Object.keys(schema.properties ?? {}).length > 0) return schema
  if (schema.items) return nested(schema.items)
  if (typeof schema.additionalProperties === 'object') return nested(schema.additionalProperties)
  return (schema.anyOf ?? schema.oneOf ?? schema.allOf)?.map(nested).find((variant) => variant !== undefined)
}

function renderOneType(type: string, schema: JsonSchema): Html {
  if (type === 'array') return html`array of ${schema.items ? renderType(schema.items) : 'any'}`
  const values = schema.additionalProperties
  const isMap = type === 'object' && !schema.properties && typeof values === 'object' && Object.keys(values).length > 0
  return isMap ? html`map to ${renderType(values)}` : html`${type}`
}

const LIMITS: readonly [keyword: string, words: string][] = [
  ['minimum', 'from'],
  ['exclusiveMinimum', 'above'],
  ['maximum', 'to'],
  ['exclusiveMaximum', 'below'],
  ['minLength', 'at least'],
  ['maxLength', 'at most'],
  ['minItems', 'at least'],
  ['maxItems', 'at most'],
]

/** `from 0 to 2`, `at least 1 item`, `default 40`. */
function limitsOf(schema: JsonSchema): string {
  const holder = [schema, ...(schema.anyOf ?? [])].find((candidate) =>
    LIMITS.some(([keyword]) => candidate[keyword] !== undefined),
  )
  const limits = LIMITS.flatMap(([keyword, words]) => {
    const value = holder?.[keyword]
    if (typeof value !== 'number') return []
    const unit = keyword.endsWith('Items') ? ' item' : keyword.endsWith('Length') ? ' character' : ''
    return [`${words} ${value}${unit}${unit && value !== 1 ? 's' : ''}`]
  })
  if (schema.default !== undefined) limits.push(`default ${JSON.stringify(schema.default)}`)
  return limits.join(' ')
}

function reference(ref: string): Html {
  const name = ref.split('/').at(-1)!
  return html`<a href="#schema-${name}">${name}</a>`
}

function joined(pieces: readonly Html[], between: string): (Html | string)[] {
  return pieces.flatMap((piece, i) => (i === 0 ? [piece] : [between, piece]))
}

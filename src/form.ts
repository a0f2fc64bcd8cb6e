import { decodeText } from './decode-text.ts'
import { invalidRequest } from './error.ts'
import { findFields, replaceField } from './multipart.ts'

/** Whether a body is said to be a form of the kind that HTML sends by default. */
export function isUrlEncoded(contentType: string): boolean {
  return /^\s*application\/x-www-form-urlencoded\s*(?:;|$)/i.test(contentType)
}

/**
 * Text fields of a form of either kind; empty for everything else. What is found decides who may do what: a form that
 * providers could read in another way is refused with 400.
 */
export function formFields<N extends string>(
  body: Uint8Array,
  contentType: string,
  names: readonly N[],
): { readonly [K in N]?: string } {
  const values: { [K in N]?: string } = {}
  if (isUrlEncoded(contentType)) {
    const fields = readFields(body, names)
    for (const name of names) if (fields.has(name)) values[name] = fields.get(name)!
    return values
  }
  const spans = findFields(body, contentType, names)
  for (const name of names) if (spans[name]) values[name] = spans[name].value
  return values
}

/** A form with another model, where it names one; what is no form, and names none, as it is. */
export function withFormModel(body: Uint8Array, contentType: string, model: string): Uint8Array {
  if (!isUrlEncoded(contentType)) {
    const span = findFields(body, contentType, ['model']).model
    return span ? replaceField(body, span, model) : body
  }
  const fields = readFields(body, ['model'])
  if (!fields.has('model')) return body
  fields.set('model', model)
  return new TextEncoder().encode(fields.toString())
}

/** The fields by the URL standard. Other parsers part them by `;` too, drop blanks before a name, or make lists of `name[]`. */
function readFields(body: Uint8Array, names: readonly string[]): URLSearchParams {
  const text = decodeText(body)
  const fields = new URLSearchParams(text)
  const asOthers = text.includes(';') ? new URLSearchParams(text.replaceAll(';', '&')) : fields
  for (const name of names) {
    const found = [...asOthers.keys()].filter((key) => key.trim().split('[', 1)[0] === name)
    if (found.length === 0) continue
    if (found.length === 1 && found[0] === name && fields.get(name) === asOthers.get(name)) continue
    const what = found.length > 1 ? 'twice' : 'in a way that is not read the same everywhere'
    throw invalidRequest(`The form cannot be read: it has \`${name}\` ${what}.`, name, 'invalid_form')
  }
  return fields
}

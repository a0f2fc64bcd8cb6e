import { invalidRequest } from './error.ts'

/** Where the value of a form field stands in a multipart body. */
export interface FieldSpan {
  readonly value: string
  readonly start: number
  readonly end: number
}

const decoder = new TextDecoder()
const DASH = 0x2d
const CR = 0x0d
const LF = 0x0a
const BLANKS = new Set([0x20, 0x09])
/** One parameter of a Content-Disposition: `; name="model"`. Clients write quotes in names of files as `\"` or `%22`. */
const PARAMETER = /\s*;\s*([^\s;="]+)=(?:"((?:[^"\\]|\\[^])*)"|([^\s;"]*))/y

/**
 * Finds text fields of a multipart/form-data body (RFC 7578) without touching the rest: files stay bytes. What is found
 * decides who may do what, so it has to be what the provider will read: where parsers differ, a body is refused with 400.
 */
export function findFields<N extends string>(
  body: Uint8Array,
  contentType: string,
  names: readonly N[],
): { readonly [K in N]?: FieldSpan } {
  const mark = boundaryOf(contentType)
  if (mark === undefined || body.length === 0) return {}
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const delimiter = Buffer.from(`\r\n--${mark}`)
  const fields: { [K in N]?: FieldSpan } = {}
  // The first delimiter may stand at the very beginning, without a line before it. Text before it is nobody's.
  let at = bytes.subarray(0, delimiter.length - 2).equals(delimiter.subarray(2)) ? -2 : bytes.indexOf(delimiter)
  if (at > 0 || at === -1) throw malformed('it does not begin with its boundary')
  for (;;) {
    const lineEnd = endOfDelimiter(bytes, at + delimiter.length)
    if (lineEnd === undefined) return fields
    const next = bytes.indexOf(delimiter, lineEnd - 2)
    // A part without headers begins with the empty line that would end them.
    const headersEnd = bytes.indexOf('\r\n\r\n', lineEnd - 2)
    if (next < 0) throw malformed('its last part does not end')
    if (headersEnd < 0 || headersEnd + 4 > next) throw malformed('a part has no headers')
    const name = headersEnd < lineEnd ? undefined : fieldName(decoder.decode(bytes.subarray(lineEnd, headersEnd)))
    if (name !== undefined && (names as readonly string[]).includes(name)) {
      if (Object.hasOwn(fields, name)) throw malformed(`it has \`${name}\` twice`, name)
      const start = headersEnd + 4
      fields[name as N] = { value: decoder.decode(bytes.subarray(start, next)), start, end: next }
    }
    at = next
  }
}

/** The body with a field's value replaced. */
export function replaceField(body: Uint8Array, span: FieldSpan, value: string): Uint8Array {
  const replacement = new TextEncoder().encode(value)
  const out = new Uint8Array(body.length - (span.end - span.start) + replacement.length)
  out.set(body.subarray(0, span.start))
  out.set(replacement, span.start)
  out.set(body.subarray(span.end), span.start + replacement.length)
  return out
}

/** The boundary of a form; undefined for what is none, or has none. */
function boundaryOf(contentType: string): string | undefined {
  if (!/^\s*multipart\/form-data\s*(?:;|$)/i.test(contentType)) return undefined
  const [found, ...more] = contentType.matchAll(/;\s*boundary\s*=\s*(?:"([^"]+)"|([^;"\s]+))/gi)
  if (more.length > 0 || /boundary\*/i.test(contentType)) throw malformed('it has two boundaries')
  return found?.[1] ?? found?.[2]
}

/** Where the line of a delimiter ends; undefined for the last one. What only begins like one is not the same to all. */
function endOfDelimiter(bytes: Buffer, from: number): number | undefined {
  if (bytes[from] === DASH && bytes[from + 1] === DASH) return undefined
  let at = from
  while (BLANKS.has(bytes[at]!)) at++
  if (bytes[at] !== CR || bytes[at + 1] !== LF) throw malformed('a boundary is not alone on its line')
  return at + 2
}

/** The name of a text field; undefined for files, and for parts that are no fields. */
function fieldName(headers: string): string | undefined {
  const lines = headers.split('\r\n')
  if (lines.some((line) => /^[ \t]|[\r\n]/.test(line))) throw malformed('a header of a part is folded')
  const found = lines.filter((line) => /^content-disposition[ \t]*:/i.test(line))
  if (found.length > 1) throw malformed('a part has two names')
  const line = found[0]
  if (line === undefined) return undefined
  const kind = /^content-disposition:\s*form-data/i.exec(line)
  if (!kind) throw malformed('a part is no form-data')
  const parameters = new Map<string, string>()
  PARAMETER.lastIndex = kind[0].length
  let end = PARAMETER.lastIndex
  for (let match = PARAMETER.exec(line); match; match = PARAMETER.exec(line)) {
    const name = match[1]!.toLowerCase()
    if (parameters.has(name)) throw malformed('a part has two names')
    parameters.set(name, match[2] ?? match[3]!)
    end = PARAMETER.lastIndex
  }
  if (!/^\s*;?\s*$/.test(line.slice(end)) || parameters.has('name*'))
    throw malformed('the name of a part cannot be read')
  return parameters.has('filename') || parameters.has('filename*') ? undefined : parameters.get('name')
}

function malformed(what: string, param: string | null = null) {
  return invalidRequest(`The multipart body cannot be read: ${what}.`, param, 'invalid_multipart')
}

/** Where the value of a form field stands in a multipart body. */
export interface FieldSpan {
  readonly value: string
  readonly start: number
  readonly end: number
}

const decoder = new TextDecoder()

/**
 * Finds a text field of a multipart/form-data body (RFC 7578) without touching the rest: files stay bytes. Only the
 * model's name is read and replaced, so one field is all that is looked for.
 */
export function findField(body: Uint8Array, contentType: string, name: string): FieldSpan | undefined {
  const boundary = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(contentType)
  const mark = boundary?.[1] ?? boundary?.[2]
  if (!mark) return undefined
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength)
  const delimiter = Buffer.from(`--${mark}`)
  let at = bytes.indexOf(delimiter)
  while (at >= 0) {
    const headersStart = at + delimiter.length
    const headersEnd = bytes.indexOf('\r\n\r\n', headersStart)
    const next = bytes.indexOf(delimiter, headersStart)
    if (headersEnd < 0 || next < 0) return undefined
    if (headersEnd < next) {
      const headers = decoder.decode(bytes.subarray(headersStart, headersEnd))
      if (fieldName(headers) === name && !/filename/i.test(headers)) {
        const start = headersEnd + 4
        const end = next - 2
        return { value: decoder.decode(bytes.subarray(start, end)), start, end }
      }
    }
    at = next
  }
  return undefined
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

function fieldName(headers: string): string | undefined {
  const match = /content-disposition:[^\r\n]*\bname=(?:"([^"]*)"|([^;\s]+))/i.exec(headers)
  return match?.[1] ?? match?.[2]
}

/** A method or the name of a header (RFC 9110 §5.6.2). */
export const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/

// The C0 controls but for the tab, DEL, and what is not Latin-1 (RFC 9110 §5.5).
// oxlint-disable-next-line no-control-regex
const NOT_IN_VALUES = /[^\t\x20-\x7e\x80-\xff]/

/** It can be written into a head as it is, and is one line there. */
export function isHeaderValue(value: string): boolean {
  return !NOT_IN_VALUES.test(value)
}

/** Names as they came → in lower case. Peers send few different ones. */
const names = new Map<string, string>()

/** A header's name in lower case; undefined where it is none. A folded line begins with a space, and so has none either. */
export function headerName(written: string): string | undefined {
  let name = names.get(written)
  if (name === undefined && TOKEN.test(written)) {
    name = written.toLowerCase()
    if (names.size < 1000) names.set(written, name)
  }
  return name
}

/** A part of a head without the spaces and tabs around it. `trim()` takes more: a coding behind a no-break space is none. */
export function headerText(head: string, from: number, to: number): string {
  while (from < to && isSpace(head.charCodeAt(from))) from++
  while (to > from && isSpace(head.charCodeAt(to - 1))) to--
  return head.slice(from, to)
}

function isSpace(code: number): boolean {
  return code === 32 || code === 9
}

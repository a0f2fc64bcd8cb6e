/** A method or the name of a header (RFC 9110 §5.6.2). */
export const TOKEN = /^[!#$%&'*+\-.^_`|~\dA-Za-z]+$/

// The C0 controls but for the tab, DEL, and what is not Latin-1 (RFC 9110 §5.5).
// oxlint-disable-next-line no-control-regex
const NOT_IN_VALUES = /[^\t\x20-\x7e\x80-\xff]/

/** It can be written into a head as it is, and is one line there. */
export function isHeaderValue(value: string): boolean {
  return !NOT_IN_VALUES.test(value)
}

import { isHeaderValue, TOKEN } from './header-rules.ts'

/** What says how a body is framed, and about its connection: the server's to say, never an answer's. */
const FRAMING: ReadonlySet<string> = new Set([
  'content-length',
  'connection',
  'transfer-encoding',
  'keep-alive',
  'trailer',
])

/** How the lines of good names begin. Answers have few different ones. */
const lines = new Map<string, string>()

/** How this header's line begins, behind the line before; empty where it is not written. Throws where no head may hold it. */
export function lineOf(name: string, value: string): string {
  let line = lines.get(name)
  if (line === undefined && TOKEN.test(name)) {
    line = FRAMING.has(name.toLowerCase()) ? '' : `\r\n${name}: `
    if (lines.size < 1000) lines.set(name, line)
  }
  if (line === undefined || !isHeaderValue(value)) {
    throw new Error(`the header ${JSON.stringify(name.slice(0, 100))} holds what no header may (RFC 9110 §5.5)`)
  }
  return line
}

/** Throws where it is none that a request is answered with (RFC 9110 §15). */
export function checkStatus(status: number): void {
  if (!Number.isInteger(status) || status < 200 || status > 999) throw new Error(`${status} is no answer's status`)
}

/** An answer with this status never has a body (RFC 9110 §6.4.1). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304
}

import type { ResponseHeaders } from '../types.ts'
import { headerName, headerText } from '../../header-rules.ts'

/** What the head of a response says (RFC 9112 §4 to §6). */
export interface ResponseHead {
  readonly status: number
  readonly headers: ResponseHeaders
  /** How the body ends: after so many bytes, with the last chunk, or with the connection. */
  readonly body: number | 'chunked' | 'close'
  readonly keepAlive: boolean
  /** Seconds for which the server keeps the connection (`Keep-Alive: timeout=5`). */
  readonly keepAliveSeconds: number | undefined
}

/** What a server sent is not HTTP/1.1, or could be read in two ways. */
export class BadResponse extends Error {
  readonly code = 'BAD_HTTP_RESPONSE'
}

const STATUS_LINE = /^HTTP\/1\.([01]) ([1-9]\d\d)(?: |$)/
// What no value may hold (RFC 9110 §5.5). A lone CR or LF would be a line to somebody else.
// oxlint-disable-next-line no-control-regex
const NOT_IN_HEADS = /[\0-\x08\x0b\x0c\x0e-\x1f\x7f]|\r(?!\n)|[^\r]\n/
const DIGITS = /^\d{1,15}$/

/** Reads everything before the empty line. Nothing that two readers could take for two things is let through. */
export function parseResponseHead(text: string): ResponseHead {
  if (NOT_IN_HEADS.test(text)) throw new BadResponse('a control character in its head')
  let end = text.indexOf('\r\n')
  const line = STATUS_LINE.exec(end < 0 ? text : text.slice(0, end))
  if (!line) throw new BadResponse('no HTTP/1 status line')
  const headers: ResponseHeaders = {}
  while (end >= 0) {
    const start = end + 2
    end = text.indexOf('\r\n', start)
    const stop = end < 0 ? text.length : end
    const colon = text.indexOf(':', start)
    if (colon < 0 || colon > stop) throw new BadResponse('a header without a colon')
    // What is folded must not be passed on (RFC 9112 §5.2).
    const name = headerName(text.slice(start, colon))
    if (name === undefined) throw new BadResponse('a header whose name is none')
    addHeader(headers, name, headerText(text, colon + 1, stop))
  }
  return { status: Number(line[2]), headers, ...framingOf(headers, line[1] === '1') }
}

function addHeader(headers: ResponseHeaders, name: string, value: string): void {
  const before = Object.hasOwn(headers, name) ? headers[name] : undefined
  if (before === undefined) headers[name] = value
  else if (typeof before === 'string') headers[name] = [before, value]
  else before.push(value)
}

/** RFC 9112 §6.3 and §9.3. */
function framingOf(headers: ResponseHeaders, minor: boolean): Omit<ResponseHead, 'status' | 'headers'> {
  const connection = headers['connection']
  const coding = headers['transfer-encoding']
  const length = headers['content-length']
  const options = connection === undefined ? '' : String(connection).toLowerCase()
  const keepAlive = minor ? !/\bclose\b/.test(options) : /\bkeep-alive\b/.test(options)
  return {
    body: coding === undefined ? lengthOf(length) : codingOf(coding, length !== undefined || !minor),
    keepAlive,
    keepAliveSeconds: keepAlive ? secondsOf(headers['keep-alive']) : undefined,
  }
}

function codingOf(coding: string | string[], ambiguous: boolean): 'chunked' {
  if (ambiguous) throw new BadResponse('Transfer-Encoding beside Content-Length, or in HTTP/1.0')
  if (String(coding).toLowerCase() !== 'chunked') throw new BadResponse('a Transfer-Encoding other than chunked')
  return 'chunked'
}

function lengthOf(length: string | string[] | undefined): number | 'close' {
  if (length === undefined) return 'close'
  const value = typeof length === 'string' ? length : length[0]!
  if (!DIGITS.test(value) || (typeof length !== 'string' && length.some((other) => other !== value))) {
    throw new BadResponse('a Content-Length that is no number, or two of them')
  }
  return Number(value)
}

function secondsOf(value: string | string[] | undefined): number | undefined {
  const found = value === undefined ? null : /\btimeout=(\d{1,9})/i.exec(String(value))
  return found ? Number(found[1]) : undefined
}

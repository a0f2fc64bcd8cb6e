import type { HeaderReader } from '../../types/call.ts'
import { headerName, headerText } from '../../header-rules.ts'

/** The head of a plain request: a POST with a body of known length, on a connection that stays open. */
export interface RequestHead {
  /** Without a query. */
  readonly path: string
  readonly headers: HeaderReader
  /** Bytes of the head, its empty line included. */
  readonly size: number
  /** Bytes of the body. */
  readonly length: number
}

/** Node's limit is the same (`maxHeaderSize`). */
const LARGEST_HEAD = 16 * 1024
/** Longer bodies go Node's way, which stops reading where nobody takes them. */
const LONGEST_BODY = 1024 * 1024

// Segments that begin with a dot could be `..`; what is percent-encoded, and queries, are h3's to read.
const REQUEST_LINE = /^POST ((?:\/[\w:~-][\w.:~-]*)+) HTTP\/1\.1$/
// Visible ASCII, tabs, and line ends that are whole.
const NOT_PLAIN = /[^\t\r\n\x20-\x7e]|\r(?!\n)|[^\r]\n/
const LENGTH = /^(?:0|[1-9]\d{0,6})$/
/** More are an error to Node's parser, or lost (`maxHeadersCount`). */
const MOST_HEADERS = 1000
/** What changes how a request is read, or asks for another protocol. Node's parser reads `Proxy-Connection: close` as it says. */
const OTHERS = ['transfer-encoding', 'expect', 'upgrade', 'http2-settings', 'proxy-connection']

/**
 * Reads the head that a chunk begins with. Undefined for everything that is not plain beyond doubt, which Node's parser is
 * for: another method, another version, a repeated header, any framing but one Content-Length (RFC 9112 §6), a head that
 * did not come whole, bytes that are not ASCII. So nothing is read here that somebody in front could have read otherwise.
 */
export function readRequestHead(chunk: Buffer): RequestHead | undefined {
  const end = chunk.indexOf('\r\n\r\n')
  if (end < 0 || end > LARGEST_HEAD - 4) return undefined
  const text = chunk.toString('latin1', 0, end)
  if (NOT_PLAIN.test(text)) return undefined
  let stop = text.indexOf('\r\n')
  const line = stop < 0 ? null : REQUEST_LINE.exec(text.slice(0, stop))
  if (!line) return undefined
  const headers = new Map<string, string>()
  while (stop >= 0) {
    const start = stop + 2
    stop = text.indexOf('\r\n', start)
    const last = stop < 0 ? text.length : stop
    const colon = text.indexOf(':', start)
    if (colon < 0 || colon > last) return undefined
    const name = headerName(text.slice(start, colon))
    if (name === undefined || headers.has(name)) return undefined
    headers.set(name, headerText(text, colon + 1, last))
  }
  if (headers.size > MOST_HEADERS) return undefined
  const length = headers.get('content-length')
  if (length === undefined || !LENGTH.test(length) || Number(length) > LONGEST_BODY) return undefined
  if (!headers.has('host') || OTHERS.some((name) => headers.has(name))) return undefined
  const connection = headers.get('connection')
  if (connection !== undefined && connection.toLowerCase() !== 'keep-alive') return undefined
  return { path: line[1]!, headers: new PlainHeaders(headers), size: end + 4, length: Number(length) }
}

class PlainHeaders implements HeaderReader {
  readonly #values: ReadonlyMap<string, string>

  constructor(values: ReadonlyMap<string, string>) {
    this.#values = values
  }

  get(name: string): string | null {
    return this.#values.get(name) ?? null
  }
}

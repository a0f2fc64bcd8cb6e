import type { ResponseHead } from './response-head.ts'
import { ChunkedBody } from './chunked.ts'
import { BadResponse, parseResponseHead } from './response-head.ts'

/** What a response consists of, in this order: head, body*, end. */
export interface ResponseEvents {
  head(head: ResponseHead): void
  /** All that one read brought of the body. The bytes are lent: they change with the next read. */
  body(bytes: Uint8Array): void
  /** @param clean the next response can follow on this connection */
  end(clean: boolean): void
}

/** As Node's own (`--max-http-header-size`). */
const LONGEST_HEAD = 16 * 1024

const IDLE = 0
const HEAD = 1
const LENGTH = 2
const CHUNKED = 3
const UNTIL_CLOSE = 4

/** Reads the responses of one connection, one request at a time, from reads cut anywhere. */
export class ResponseParser {
  readonly #events: ResponseEvents
  #state = IDLE
  #method = ''
  #head = ''
  #left = 0
  #chunks: ChunkedBody | undefined
  #keepAlive = false

  constructor(events: ResponseEvents) {
    this.#events = events
  }

  /** A request is about to leave. What HEAD asks for has no body, whatever its head says. */
  expect(method: string): void {
    this.#method = method
    this.#state = HEAD
    this.#head = ''
  }

  /**
   * Takes `bytes` up to `end`; may move bytes in them.
   * @throws BadResponse
   */
  read(bytes: Buffer, end: number): void {
    let at = 0
    while (this.#state === HEAD && at < end) at = this.#readHead(bytes, at, end)
    if (at >= end && this.#state !== IDLE) return
    if (this.#state === IDLE) {
      if (at < end) throw new BadResponse('bytes that nobody asked for')
    } else if (this.#state === CHUNKED) this.#readChunks(bytes, at, end)
    else if (this.#state === LENGTH) this.#readLength(bytes, at, end)
    else this.#events.body(bytes.subarray(at, end))
  }

  /** The server closed its side. False where that cut something off. */
  close(): boolean {
    if (this.#state !== UNTIL_CLOSE) return this.#state === IDLE
    this.#end(false)
    return true
  }

  #readHead(bytes: Buffer, at: number, end: number): number {
    const before = this.#head.length
    // A head is followed by its body, of which only so much can be more head.
    const limit = Math.min(end, at + LONGEST_HEAD + 4 - before)
    const text = before === 0 ? bytes.toString('latin1', at, limit) : this.#head + bytes.toString('latin1', at, limit)
    const stop = text.indexOf('\r\n\r\n', Math.max(0, before - 3))
    if (stop < 0) {
      if (text.length >= LONGEST_HEAD) throw new BadResponse(`a head of more than ${LONGEST_HEAD} bytes`)
      this.#head = text
      return end
    }
    this.#head = ''
    const head = parseResponseHead(text.slice(0, stop))
    const next = at + stop + 4 - before
    // 1xx answers announce the real one (RFC 9110 §15.2); nothing that is sent asks for another protocol.
    if (head.status === 101) throw new BadResponse('a switch of protocols')
    if (head.status >= 200) this.#begin(head, next >= end)
    return next
  }

  #begin(head: ResponseHead, last: boolean): void {
    const { status, body } = head
    this.#keepAlive = head.keepAlive
    const empty = this.#method === 'HEAD' || status === 204 || status === 304 || body === 0
    if (!empty && body === 'chunked') {
      this.#state = CHUNKED
      this.#chunks = new ChunkedBody()
    } else if (!empty && body === 'close') this.#state = UNTIL_CLOSE
    else if (!empty) {
      this.#state = LENGTH
      this.#left = body as number
    } else this.#state = IDLE
    this.#events.head(head)
    if (empty) this.#end(last)
  }

  #readLength(bytes: Buffer, at: number, end: number): void {
    const stop = Math.min(end, at + this.#left)
    this.#left -= stop - at
    this.#events.body(bytes.subarray(at, stop))
    if (this.#left === 0) this.#end(stop === end)
  }

  #readChunks(bytes: Buffer, at: number, end: number): void {
    const chunks = this.#chunks!
    const stop = chunks.read(bytes, at, end)
    if (chunks.to > chunks.from) this.#events.body(bytes.subarray(chunks.from, chunks.to))
    if (chunks.done) this.#end(stop === end)
  }

  /** @param last nothing came behind it: what does belongs to no request, and makes the connection doubtful */
  #end(last: boolean): void {
    this.#state = IDLE
    this.#chunks = undefined
    this.#events.end(last && this.#keepAlive)
  }
}

import { ResponseParser } from '../../src/transport/http/response-parser.ts'
import type { ResponseHead } from '../../src/transport/http/response-head.ts'

/** What a parser said of some bytes. */
export interface Parsed {
  head: ResponseHead | undefined
  body: Buffer
  /** Consecutive bodies are one. */
  events: string[]
  clean: boolean | undefined
  /** What was thrown while reading. */
  error: unknown
  /** What `close()` says behind the last byte, where it was asked. */
  whole: boolean | undefined
}

export interface ParseOptions {
  method?: string | undefined
  /** Offsets at which the reads are cut. */
  cuts?: readonly number[] | undefined
  /** The server closes at the end. */
  close?: boolean | undefined
  /** Called at every piece of the body. */
  onBody?: (() => void) | undefined
  /** Comes before any request. */
  unasked?: Uint8Array | undefined
  /** Responses to further requests on the same connection. */
  next?: readonly { bytes: Uint8Array; method: string }[] | undefined
}

/** Memory as sockets read into: lent for one read, full of other people's bytes behind its end. */
const memory = Buffer.alloc(64 * 1024)
const LARGEST_READ = memory.length - 32

/** Gives bytes to a new parser, cut into reads. */
export function parse(bytes: Uint8Array, options: ParseOptions = {}): Parsed {
  const { method = 'POST', cuts = [], close = false, onBody, unasked, next = [] } = options
  const pieces: Buffer[] = []
  const parsed: Parsed = {
    head: undefined,
    body: Buffer.alloc(0),
    events: [],
    clean: undefined,
    error: undefined,
    whole: undefined,
  }
  const parser = new ResponseParser({
    head(head) {
      parsed.head = head
      parsed.events.push('head')
    },
    body(piece) {
      onBody?.()
      pieces.push(Buffer.from(piece))
      if (parsed.events.at(-1) !== 'body') parsed.events.push('body')
    },
    end(clean) {
      parsed.clean = clean
      parsed.events.push('end')
    },
  })
  try {
    if (unasked) feed(parser, unasked, [])
    if (bytes.length > 0) {
      parser.expect(method)
      feed(parser, bytes, cuts)
    }
    for (const response of next) {
      parser.expect(response.method)
      feed(parser, response.bytes, [])
    }
    if (close) parsed.whole = parser.close()
  } catch (error) {
    parsed.error = error
  }
  parsed.body = Buffer.concat(pieces)
  return parsed
}

function feed(parser: ResponseParser, bytes: Uint8Array, cuts: readonly number[]): void {
  let at = 0
  for (const cut of [...cuts, bytes.length]) {
    while (at < cut) {
      const stop = Math.min(cut, at + LARGEST_READ)
      memory.set(bytes.subarray(at, stop))
      memory.write('5\r\nwrong\r\n0\r\n\r\n', stop - at)
      parser.read(memory, stop - at)
      memory.fill(0xee, 0, stop - at + 32)
      at = stop
    }
  }
}

/** A cut behind every byte. */
export function everywhere(bytes: Uint8Array): number[] {
  return Array.from({ length: bytes.length - 1 }, (_, i) => i + 1)
}

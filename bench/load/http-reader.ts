/** What a reader found in one answer. */
export interface Received {
  readonly status: number
  /** Bytes of the body, without framing. */
  readonly bytes: number
}

export interface Reader {
  /** Reads what the socket brought. Returns the answer that it completed, if any. */
  push(chunk: Buffer): Received | undefined
  /** True from the first byte of the current answer's body on. */
  readonly begun: boolean
}

export interface ReaderOptions {
  /** Given every piece of the body; for the checks before measuring. */
  readonly onBody?: (piece: Buffer) => void
  readonly onHead?: (head: string) => void
}

const LENGTH = /\r\ncontent-length: *(\d+)/i
const CHUNKED = /\r\ntransfer-encoding: *chunked/i
const CR = 13

/**
 * Reads HTTP/1.1 answers (RFC 9112) of one connection, one at a time, as cheaply as Node allows: bodies are skipped
 * over, not copied. Throws where the answer has neither a length nor chunks.
 */
export function createReader(options: ReaderOptions = {}): Reader {
  const { onBody, onHead } = options
  let waiting: Buffer | undefined
  let status = 0
  let bytes = 0
  let begun = false
  /** Body bytes still to come of the answer or of the current chunk; -1 while a chunk's size is awaited. */
  let left = 0
  let state: 'head' | 'length' | 'chunks' | 'trailer' = 'head'

  const skip = (chunk: Buffer, at: number): number => {
    const piece = Math.min(left, chunk.length - at)
    if (piece <= 0) return at
    begun = true
    onBody?.(chunk.subarray(at, at + piece))
    bytes += piece
    left -= piece
    return at + piece
  }

  const readHead = (chunk: Buffer): number => {
    const end = chunk.indexOf('\r\n\r\n')
    if (end < 0) return -1
    const head = chunk.toString('latin1', 0, end)
    onHead?.(head)
    status = Number(head.slice(9, 12))
    bytes = 0
    begun = false
    if (CHUNKED.test(head)) {
      state = 'chunks'
      left = -1
    } else {
      const length = LENGTH.exec(head)
      if (!length) throw new Error(`answer without a length: ${head}`)
      state = 'length'
      left = Number(length[1])
    }
    return end + 4
  }

  /** Reads chunks from `at`; returns where it stopped, which is before a size line or an end that is not whole yet. */
  const readChunks = (chunk: Buffer, from: number): number => {
    let at = from
    while (at < chunk.length) {
      if (left > 0) {
        at = skip(chunk, at)
        continue
      }
      // Between chunks: the CRLF that ends the last one, unless it is the first.
      const start = left === 0 ? at + 2 : at
      const end = chunk.indexOf(CR, start)
      if (end < 0 || end + 1 >= chunk.length) return at
      const size = Number.parseInt(chunk.toString('latin1', start, end), 16)
      if (Number.isNaN(size)) throw new Error('unreadable chunk size')
      at = end + 2
      left = size
      if (size > 0) continue
      state = 'trailer'
      return at
    }
    return at
  }

  return {
    push(received) {
      const chunk = waiting ? Buffer.concat([waiting, received]) : received
      waiting = undefined
      let at = 0
      if (state === 'head') {
        at = readHead(chunk)
        if (at < 0) {
          waiting = chunk
          return undefined
        }
      }
      if (state === 'length') {
        skip(chunk, at)
        if (left > 0) return undefined
      } else {
        if (state === 'chunks') at = readChunks(chunk, at)
        // The empty line after the last chunk.
        const ended = state === 'trailer' && chunk.length >= at + 2
        if (!ended) {
          if (at < chunk.length) waiting = chunk.subarray(at)
          return undefined
        }
      }
      state = 'head'
      return { status, bytes }
    },
    get begun() {
      return begun
    },
  }
}

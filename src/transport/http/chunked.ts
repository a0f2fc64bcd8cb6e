import { BadResponse } from './response-head.ts'

const CR = 13
const LF = 10
/** 2^48 bytes: as many as a number holds without doubt. */
const MOST_DIGITS = 12
/** Bytes of chunk sizes with their extensions, and of trailers. Nobody needs either. */
const LONGEST_LINE = 4096
const LONGEST_TRAILER = 16 * 1024

// Where in `chunked-body` (RFC 9112 §7.1) the next byte stands.
const SIZE = 0
const EXTENSION = 1
const SIZE_LF = 2
const DATA = 3
const DATA_CR = 4
const DATA_LF = 5
const TRAILER_START = 6
const TRAILER = 7
const TRAILER_LF = 8
const LAST_LF = 9
const DONE = 10
/** Space behind a size, which only an extension may follow. */
const SPACE = 11

/**
 * Takes the chunks of a body apart. What one read brought of the payload is moved together in the memory it came in, so
 * that it goes on as one piece: what writing costs is by the piece.
 */
export class ChunkedBody {
  #state = SIZE
  #size = 0
  #digits = 0
  /** Bytes of the line, or of the trailers, so far. */
  #line = 0
  /** Where the payload of the last {@link read} lies. */
  from = 0
  to = 0

  get done(): boolean {
    return this.#state === DONE
  }

  /**
   * Reads `bytes` from `at` to `end`, and changes them. Returns where it stopped: `end`, or behind the body.
   * @throws BadResponse
   */
  read(bytes: Uint8Array, at: number, end: number): number {
    this.from = at
    this.to = at
    let i = at
    while (i < end && this.#state !== DONE) {
      if (this.#state === DATA) i = this.#data(bytes, i, end)
      else this.#control(bytes[i++]!)
    }
    return i
  }

  #data(bytes: Uint8Array, i: number, end: number): number {
    const length = Math.min(this.#size, end - i)
    if (this.to === this.from) {
      this.from = i
      this.to = i + length
    } else {
      bytes.copyWithin(this.to, i, i + length)
      this.to += length
    }
    this.#size -= length
    if (this.#size === 0) this.#state = DATA_CR
    return i + length
  }

  #control(byte: number): void {
    switch (this.#state) {
      case SIZE: {
        const digit = hexDigit(byte)
        if (digit >= 0 && ++this.#digits <= MOST_DIGITS) {
          this.#size = this.#size * 16 + digit
          return
        }
        if (digit >= 0 || this.#digits === 0) throw new BadResponse('a chunk without a size')
        if (byte === CR) this.#state = SIZE_LF
        else if (byte === 59) this.#state = EXTENSION
        else if (byte === 32 || byte === 9) this.#state = SPACE
        else throw new BadResponse('a chunk whose size is no number')
        return
      }
      case SPACE:
        if (++this.#line > LONGEST_LINE) throw new BadResponse('a chunk extension without an end')
        if (byte === 59) this.#state = EXTENSION
        else if (byte === CR) this.#state = SIZE_LF
        else if (byte !== 32 && byte !== 9) throw new BadResponse('a chunk whose size is no number')
        return
      case EXTENSION:
        if (++this.#line > LONGEST_LINE) throw new BadResponse('a chunk extension without an end')
        if (byte === CR) this.#state = SIZE_LF
        else if (byte === LF) throw new BadResponse('a chunk size that ends with a bare LF')
        return
      case SIZE_LF:
        this.#expect(byte, LF, this.#size > 0 ? DATA : TRAILER_START)
        this.#digits = 0
        this.#line = 0
        return
      case DATA_CR:
        return this.#expect(byte, CR, DATA_LF)
      case DATA_LF:
        return this.#expect(byte, LF, SIZE)
      default:
        this.#trailer(byte)
    }
  }

  /** Fields behind the last chunk: read over (RFC 9112 §7.1.2 allows it). */
  #trailer(byte: number): void {
    if (++this.#line > LONGEST_TRAILER) throw new BadResponse('a trailer without an end')
    switch (this.#state) {
      case TRAILER_START:
        this.#state = byte === CR ? LAST_LF : TRAILER
        if (byte === LF) throw new BadResponse('a trailer that ends with a bare LF')
        return
      case TRAILER:
        if (byte === CR) this.#state = TRAILER_LF
        else if (byte === LF) throw new BadResponse('a trailer that ends with a bare LF')
        return
      case TRAILER_LF:
        return this.#expect(byte, LF, TRAILER_START)
      default:
        return this.#expect(byte, LF, DONE)
    }
  }

  #expect(byte: number, wanted: number, next: number): void {
    if (byte !== wanted) throw new BadResponse('a chunk that is longer than its size, or ends without CRLF')
    this.#state = next
  }
}

function hexDigit(byte: number): number {
  if (byte >= 48 && byte <= 57) return byte - 48
  const letter = byte | 32
  return letter >= 97 && letter <= 102 ? letter - 87 : -1
}

import type { ByteSink, ByteStream } from './byte-stream.ts'
import { withAnswers } from './end-of-turn.ts'

/** Bytes that wait for the end of their turn at most. */
const TOGETHER = 32 * 1024

/** Where the bytes of a turn are written. */
export interface TurnWriter {
  /** Writes the pieces, and the end behind the last. Returns false where the reader is behind. */
  write(pieces: readonly Uint8Array[], last: boolean): boolean
  /** The answer broke: cuts the connection. */
  destroy(error: Error): void
}

/**
 * Writes what a stream brings in one turn of the event loop in one go at its end, with that of the other streams. One turn
 * can read megabytes: what is much is written at once, so that a slow reader is noticed before there is more.
 */
export class TurnSink implements ByteSink {
  readonly #stream: ByteStream
  readonly #writer: TurnWriter
  #pieces: Uint8Array[] = []
  #size = 0
  #ended = false
  #scheduled = false
  #full = false

  constructor(stream: ByteStream, writer: TurnWriter) {
    this.#stream = stream
    this.#writer = writer
  }

  write(chunk: Uint8Array): boolean {
    this.#schedule()
    this.#pieces.push(chunk)
    this.#size += chunk.length
    if (this.#size > TOGETHER) this.#send()
    return !this.#full
  }

  end(): void {
    this.#schedule()
    this.#ended = true
  }

  destroy(error: Error): void {
    this.#send()
    this.#writer.destroy(error)
  }

  /** The reader has caught up. */
  drained(): void {
    this.#full = false
    this.#stream.resume()
  }

  #schedule(): void {
    if (this.#scheduled) return
    this.#scheduled = true
    withAnswers(this.#sendInTurn)
  }

  readonly #sendInTurn = (): void => {
    this.#scheduled = false
    this.#send()
  }

  #send(): void {
    const pieces = this.#pieces
    if (this.#stream.cancelled || (pieces.length === 0 && !this.#ended)) return
    this.#pieces = []
    this.#size = 0
    this.#full = !this.#writer.write(pieces, this.#ended)
    if (this.#full && !this.#ended) this.#stream.pause()
  }
}

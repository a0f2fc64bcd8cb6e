import { TurnSink } from './turn-sink.ts'

/** Where the bytes of a {@link ByteStream} go. */
export interface ByteSink {
  /** Returns false to ask for a pause; the stream's `resume()` continues it. */
  write(chunk: Uint8Array): boolean
  end(): void
  /** The answer broke and could not be ended politely: cut the connection. */
  destroy(error: Error): void
}

/** The source behind a {@link ByteStream}: an upstream connection, a timer, a test. */
export interface ByteSource {
  pause(): void
  resume(): void
  /** Nobody wants the rest. */
  cancel(): void
}

export type StreamEnd = 'end' | 'error' | 'cancel'

/** Watches a {@link ByteStream} go by, beside its one reader. */
export interface StreamTap {
  /** Every piece that is sent on, in order. Not to be changed. */
  write(chunk: Uint8Array): void
  /** Runs once, after the last piece; what was seen is whole only after `end`. */
  end(how: StreamEnd): void
}

/** The part of a Node `ServerResponse` (or any Writable) that is needed to send a stream to it. */
interface NodeWritable {
  write(chunk: Uint8Array): boolean
  end(): unknown
  destroy(error?: Error): unknown
  on(event: string, listener: () => void): unknown
  writableFinished?: boolean
  flushHeaders?(): void
}

/**
 * A pushed stream of bytes with backpressure, cheaper than a web or Node stream: one call per network read. It has one
 * reader: a Node response (`pipe`, the duck type that srvx pipes), or a web stream (`toWeb`). What is pushed before a
 * reader is there is kept.
 */
export class ByteStream {
  #source: ByteSource
  #sink: ByteSink | undefined
  #waiting: Uint8Array[] = []
  #ended = false
  #error: Error | undefined
  #cancelled = false
  #onFinish: ((how: StreamEnd) => void) | undefined
  #taps: StreamTap[] | undefined
  #finished: StreamEnd | undefined
  #closed: StreamEnd | undefined

  constructor(source: ByteSource) {
    this.#source = source
  }

  /** True when the reader left or the stream was cancelled. */
  get cancelled(): boolean {
    return this.#cancelled
  }

  /** Pushes bytes; pauses the source when the reader is slow. */
  push(chunk: Uint8Array): void {
    if (this.#cancelled || this.#ended) return
    if (this.#taps) for (const tap of this.#taps) tap.write(chunk)
    if (!this.#sink) {
      this.#waiting.push(chunk)
      this.#source.pause()
    } else if (!this.#sink.write(chunk)) this.#source.pause()
  }

  /** Says that what is pushed next is the end, so that whoever keeps the books can write before it leaves. */
  finishing(): void {
    this.#finish('end')
  }

  end(): void {
    if (this.#ended) return
    this.#ended = true
    this.#closeTaps('end')
    this.#finish('end')
    if (!this.#cancelled) this.#sink?.end()
  }

  /** Ends without a polite end: the reader's connection is cut. */
  fail(error: Error): void {
    if (this.#ended) return
    this.#ended = true
    this.#error = error
    this.#closeTaps('error')
    this.#finish('error')
    if (!this.#cancelled) this.#sink?.destroy(error)
  }

  /** The reader is gone: tells the source, once. */
  cancel(): void {
    if (this.#cancelled) return
    this.#cancelled = true
    this.#waiting = []
    if (this.#ended) return
    this.#source.cancel()
    this.#closeTaps('cancel')
    this.#finish('cancel')
  }

  /** A stream of bytes that are already there. They leave, and the books are closed, when a reader comes. */
  static from(bytes: Uint8Array): ByteStream {
    let sent = false
    const stream = new ByteStream({
      pause() {},
      resume() {
        if (sent) return
        sent = true
        stream.finishing()
        stream.push(bytes)
        stream.end()
      },
      cancel() {},
    })
    return stream
  }

  /** Adds a watcher. It sees what no reader has taken yet and all that follows, and has no part in backpressure. */
  tap(tap: StreamTap): void {
    for (const chunk of this.#waiting) tap.write(chunk)
    if (this.#closed) tap.end(this.#closed)
    else (this.#taps ??= []).push(tap)
  }

  #closeTaps(how: StreamEnd): void {
    this.#closed = how
    const taps = this.#taps
    this.#taps = undefined
    for (const tap of taps ?? []) tap.end(how)
  }

  /** Runs once: before the last bytes leave, when the stream breaks, or when the reader leaves before the end. */
  onFinish(fn: (how: StreamEnd) => void): void {
    // A short stream comes whole in one read, before anyone could ask to be told.
    if (this.#finished) fn(this.#finished)
    else this.#onFinish = fn
  }

  #finish(how: StreamEnd): void {
    this.#finished ??= how
    const fn = this.#onFinish
    this.#onFinish = undefined
    fn?.(how)
  }

  /** Attaches the reader. */
  read(sink: ByteSink): void {
    this.#sink = sink
    let open = true
    for (const chunk of this.#waiting.splice(0)) open = sink.write(chunk) && open
    if (this.#error) sink.destroy(this.#error)
    else if (this.#ended) sink.end()
    else if (open) this.#source.resume()
  }

  /** The reader is behind. */
  pause(): void {
    this.#source.pause()
  }

  /** The reader has caught up. */
  resume(): void {
    if (!this.#ended && !this.#cancelled) this.#source.resume()
  }

  /** Sends everything to a Node response. srvx calls this after it wrote the head. */
  pipe(response: NodeWritable): NodeWritable {
    const sink = new TurnSink(this, {
      write(pieces, last) {
        let open = true
        for (const piece of pieces) open = response.write(piece)
        if (last) response.end()
        return open
      },
      destroy: (error) => void response.destroy(error),
    })
    response.on('drain', () => sink.drained())
    response.on('close', () => {
      if (response.writableFinished !== true) this.cancel()
    })
    this.read(sink)
    return response
  }

  /** srvx's name for cancel on the duck type. */
  abort(): void {
    this.cancel()
  }

  /**
   * The same bytes as a web stream, for `fetch` in process and for runtimes other than Node.
   * @param signal the request's: who reads on behind its abort gets its reason, as from any `fetch`
   */
  toWeb(signal?: AbortSignal): ReadableStream<Uint8Array> {
    return new ReadableStream<Uint8Array>(
      {
        start: (controller) => {
          const leave = () => {
            this.cancel()
            controller.error(signal!.reason)
          }
          this.read({
            write: (chunk) => {
              controller.enqueue(chunk)
              return (controller.desiredSize ?? 1) > 0
            },
            end: () => {
              signal?.removeEventListener('abort', leave)
              controller.close()
            },
            destroy: (error) => controller.error(error),
          })
          if (!signal || this.#ended) return
          if (signal.aborted) leave()
          else signal.addEventListener('abort', leave, { once: true })
        },
        pull: () => this.resume(),
        cancel: () => this.cancel(),
      },
      new ByteLengthQueuingStrategy({ highWaterMark: 65_536 }),
    )
  }

  /** Reads everything into one array. */
  async bytes(): Promise<Uint8Array> {
    const chunks: Uint8Array[] = []
    await new Promise<void>((resolve, reject) => {
      this.read({ write: (chunk) => chunks.push(chunk) > 0, end: resolve, destroy: reject })
    })
    return concat(chunks)
  }
}

/** One array from many. */
export function concat(chunks: readonly Uint8Array[]): Uint8Array {
  if (chunks.length === 1) return chunks[0]!
  // Node's small buffers come from a pool: no allocation of their own for the collector to track.
  if (typeof Buffer !== 'undefined') return Buffer.concat(chunks)
  let length = 0
  for (const chunk of chunks) length += chunk.length
  const out = new Uint8Array(length)
  let at = 0
  for (const chunk of chunks) {
    out.set(chunk, at)
    at += chunk.length
  }
  return out
}

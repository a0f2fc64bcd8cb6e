import Agent from 'undici/lib/dispatcher/agent.js'
import { parseHeaders } from 'undici/lib/core/util.js'
import type { Dispatcher } from 'undici'
import type { Transport, TransportControl, TransportHandler } from './types.ts'

/**
 * undici's dispatcher without its `request` or `fetch` on top: a third of fetch's CPU per call. One agent keeps one pool
 * per origin, and lives as long as the process, so that a reload keeps the connections of unchanged upstreams.
 */
export function createUndiciTransport(options: { connections?: number | undefined } = {}): Transport {
  const agent = new Agent({
    connections: options.connections ?? null,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    connect: { timeout: 10_000 },
  })
  return {
    dispatch(request, handler, timeouts) {
      const { origin, path } = splitUrl(request.url)
      agent.dispatch(
        {
          origin,
          path,
          method: (request.method ?? 'POST') as Dispatcher.HttpMethod,
          headers: request.headers,
          body: request.body === undefined ? null : (request.body as string),
          headersTimeout: timeouts.headers,
          bodyTimeout: timeouts.idle,
        },
        new Exchange(handler) as unknown as Dispatcher.DispatchHandler,
      )
    },
    close: () => agent.close(),
  }
}

/**
 * One exchange in the form that undici's client itself speaks (`Dispatcher.DispatchHandler`, its first version): the newer
 * form is this one with an object and a call around every chunk. Everything that one network read brings is handed over at
 * once, joined in the memory that it came in: undici gives out every HTTP chunk by itself, and has no more use for it.
 */
class Exchange implements TransportControl {
  readonly #handler: TransportHandler
  #abort: ((reason: Error) => void) | undefined
  #resume: (() => void) | undefined
  #paused = false
  #aborted = false
  #first: Uint8Array | undefined
  /** Where more than one chunk came: all of what was read, and where the joined ones end. */
  #read: Uint8Array | undefined
  #end = 0
  readonly #later = () => this.#flush()

  constructor(handler: TransportHandler) {
    this.#handler = handler
  }

  onConnect(abort: (reason?: Error) => void): void {
    this.#abort = abort
    this.#handler.start(this)
  }

  onHeaders(status: number, headers: Buffer[], resume: () => void): boolean {
    this.#resume = resume
    // 1xx answers announce the real one.
    if (status >= 200) this.#handler.headers(status, parseHeaders(headers))
    return !this.#paused
  }

  onData(chunk: Buffer): boolean {
    const first = this.#first
    if (!first) {
      this.#first = chunk
      queueMicrotask(this.#later)
    } else if (!this.#join(first, chunk)) {
      this.#flush()
      this.#first = chunk
      queueMicrotask(this.#later)
    }
    return !this.#paused
  }

  onComplete(): void {
    this.#flush()
    this.#handler.end()
  }

  onError(error: Error): void {
    this.#flush()
    if (!this.#aborted) this.#handler.error(error)
  }

  pause(): void {
    this.#paused = true
  }

  resume(): void {
    if (!this.#paused) return
    this.#paused = false
    this.#resume?.()
  }

  abort(): void {
    if (this.#aborted) return
    this.#aborted = true
    this.#abort?.(new Error('aborted'))
  }

  /** Moves a chunk up to those before it. False where it is of another read. */
  #join(first: Uint8Array, chunk: Uint8Array): boolean {
    // What Node's pool lends stands between other people's bytes: nothing in it may be moved.
    if (chunk.buffer !== first.buffer || first.buffer.byteLength === Buffer.poolSize) return false
    if (!this.#read) {
      this.#read = new Uint8Array(first.buffer)
      this.#end = first.byteOffset + first.length
    }
    if (chunk.byteOffset < this.#end) return false
    this.#read.copyWithin(this.#end, chunk.byteOffset, chunk.byteOffset + chunk.length)
    this.#end += chunk.length
    return true
  }

  #flush(): void {
    const first = this.#first
    if (!first) return
    const joined = this.#read ? Buffer.from(first.buffer, first.byteOffset, this.#end - first.byteOffset) : first
    this.#first = undefined
    this.#read = undefined
    if (!this.#aborted) this.#handler.data(joined)
  }
}

const urls = new Map<string, { origin: string; path: string }>()

/** Deployments call few URLs: parsed once each. */
function splitUrl(url: string): { origin: string; path: string } {
  let parts = urls.get(url)
  if (!parts) {
    const parsed = new URL(url)
    parts = { origin: parsed.origin, path: parsed.pathname + parsed.search }
    if (urls.size >= 1000) urls.clear()
    urls.set(url, parts)
  }
  return parts
}

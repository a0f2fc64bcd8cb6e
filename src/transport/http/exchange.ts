import type { UpstreamRequest } from '../../types/provider.ts'
import type { TransportControl, TransportHandler, TransportTimeouts } from '../types.ts'
import type { Connection } from './connection.ts'
import type { Place } from './request.ts'
import type { ResponseHead } from './response-head.ts'
import { requestHead } from './request.ts'

/** Why an exchange ended early, in the words that `upstream-error.ts` knows. */
export type TransportErrorCode = 'CONNECT_TIMEOUT' | 'HEADERS_TIMEOUT' | 'IDLE_TIMEOUT' | 'UPSTREAM_CLOSED'

export function transportError(code: TransportErrorCode, message: string): Error {
  return Object.assign(new Error(message), { code })
}

/** One request and its answer, from the queue to the last byte. */
export class Exchange implements TransportControl {
  readonly place: Place
  readonly head: string
  readonly method: string
  readonly body: UpstreamRequest['body']
  readonly timeouts: TransportTimeouts
  readonly #handler: TransportHandler
  #connection: Connection | undefined
  #over = false
  paused = false

  /** Throws a TypeError where the request cannot be written. */
  constructor(request: UpstreamRequest, place: Place, handler: TransportHandler, timeouts: TransportTimeouts) {
    this.place = place
    this.head = requestHead(request, place)
    this.method = request.method ?? 'POST'
    this.body = request.body
    this.timeouts = timeouts
    this.#handler = handler
  }

  /** It was aborted, or has ended: nothing is reported any more. */
  get over(): boolean {
    return this.#over
  }

  start(): void {
    this.#handler.start(this)
  }

  /** It has a connection to itself now. */
  on(connection: Connection): void {
    this.#connection = connection
  }

  headers(head: ResponseHead): void {
    if (!this.#over) this.#handler.headers(head.status, head.headers)
  }

  data(bytes: Uint8Array): void {
    if (!this.#over) this.#handler.data(bytes)
  }

  end(): void {
    this.#connection = undefined
    if (this.#over) return
    this.#over = true
    this.#handler.end()
  }

  fail(error: unknown): void {
    this.#connection = undefined
    if (this.#over) return
    this.#over = true
    this.#handler.error(error)
  }

  pause(): void {
    if (this.paused || this.#over) return
    this.paused = true
    this.#connection?.pause()
  }

  resume(): void {
    if (!this.paused || this.#over) return
    this.paused = false
    this.#connection?.resume()
  }

  abort(): void {
    if (this.#over) return
    this.#over = true
    this.#connection?.abandon()
    this.#connection = undefined
  }
}

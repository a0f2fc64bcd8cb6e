import type { UpstreamRequest } from '../types/provider.ts'

/** Flow control of one upstream exchange. */
export interface TransportControl {
  pause(): void
  resume(): void
  /** Closes the upstream's socket; nothing is reported afterwards. */
  abort(): void
}

/** By names in lower case; several where a header came more than once. */
export type ResponseHeaders = Record<string, string | string[] | undefined>

/** What an exchange reports, in this order: start, headers, data*, then end or error. */
export interface TransportHandler {
  start(control: TransportControl): void
  headers(status: number, headers: ResponseHeaders): void
  /** All that one network read brought: what reads and writes cost is by the piece. */
  data(chunk: Uint8Array): void
  end(): void
  error(error: unknown): void
}

export interface TransportTimeouts {
  /** Milliseconds to the answer's headers. */
  headers: number
  /** Milliseconds between two pieces of the body. */
  idle: number
}

/** Sends requests to providers. On Node over its sockets (`http/`); other runtimes use `fetch`. */
export interface Transport {
  dispatch(request: UpstreamRequest, handler: TransportHandler, timeouts: TransportTimeouts): void
  close(): Promise<void>
}

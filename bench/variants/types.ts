import type { Kind } from '../payloads.ts'

/** Something that is measured: the upstream itself, the gateway, or a peer. */
export interface Variant {
  readonly name: string
  /** Does nothing but pass bytes: what it relays in another dialect stays in that dialect. */
  readonly relay: boolean
  /** Takes so long for a call that 64 at once would not end within a measurement. */
  readonly slow?: boolean
  /** Takes part in these scenarios only; absent: in all. */
  readonly scenarios?: readonly string[]
  /** Installs what is needed. Returns why it cannot take part, or nothing. */
  prepare?(): Promise<string | void>
  start(options: StartOptions): Promise<Started>
}

export interface StartOptions {
  readonly upstreamPort: number
  /** A folder of its own, removed at the end. */
  readonly folder: string
  /** Node flags, for profiling. */
  readonly nodeFlags?: readonly string[]
}

export interface Started {
  readonly port: number
  pids(): number[]
  output(): string
  stop(): Promise<void>
  /** How a client asks it for this kind of answer. */
  request(kind: Kind): ClientRequest
  /** What only this variant must show after a verified call. Throws where it does not. */
  check?(kind: Kind): Promise<void>
}

export interface ClientRequest {
  readonly path: string
  readonly headers: Readonly<Record<string, string>>
  readonly model: string
}

import type { Awaitable, Call, Cost, Usage } from './call.ts'
import type { ErrorShape } from './chat.ts'
import type { Target } from './provider.ts'
import type { ByteStream } from '../byte-stream.ts'

/** Who is calling, as the `auth` stage found out. Plugins add fields by declaration merging. */
export interface Principal {
  /** Stable and safe to log: a key's hash, `master-key`, `anonymous`. */
  readonly id: string
  readonly role: 'admin' | 'user'
  /** Model patterns the caller may use; absent: all. */
  readonly models?: readonly string[] | undefined
  readonly name?: string | undefined
  readonly user?: string | undefined
  readonly team?: string | undefined
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
}

/** An answer on its way to the client. */
export interface Answer {
  status: number
  /** Lower-case names. */
  headers: Record<string, string>
  body: string | Uint8Array | ByteStream
  usage?: Usage | undefined
  /** The target that answered; absent when a gate or the cache did. */
  target?: Target | undefined
  /** Set when a stream failed after its head was sent. */
  error?: ErrorShape | undefined
  /** Milliseconds from the call's start to the body's first byte; set for streams. */
  ttftMs?: number | undefined
}

/** Plugins add their own fields by declaration merging. */
export interface ContextExtensions {}

/** One call on its way through the lifecycle. */
export interface Context extends ContextExtensions {
  readonly id: string
  readonly call: Call
  /** Aborts when the client leaves. Made on first use. */
  readonly signal: AbortSignal
  /** Milliseconds since the epoch when the call came in. */
  readonly startedAt: number
  /** The client's address, where known. */
  readonly ip: string | undefined
  /** Set by `auth`. */
  principal?: Principal | undefined
  /**
   * Whose credentials a call has that was refused for another reason: a blocked key, a model it may not use. Set by `auth`
   * before it throws, so that the refusal stands in its owner's books; admits nobody.
   */
  identified?: Principal | undefined
  /** Set by `route`, tried in order. */
  targets: readonly Target[]
  /** One entry per upstream call made so far. */
  readonly attempts: Attempt[]
  /** Extra headers for the answer, errors included. Lower-case names. */
  readonly headers: Record<string, string>
  /** Fields dropped from the request, reported to the client. */
  readonly dropped: string[]
  /** Marks the answer as coming from the gateway's cache. */
  cacheHit?: boolean | undefined
  /**
   * Runs once, last in first out, when the outcome is known: success, failure and client disconnect alike. For answers
   * that are not streams this is before the first byte leaves; for streams, before the last.
   */
  onSettle(fn: (outcome: Outcome) => Awaitable<void>): void
}

export interface Attempt {
  readonly target: string
  readonly provider: string
  /** 0 when no answer came. */
  readonly status: number
  readonly ms: number
  readonly error?: string | undefined
}

export interface Outcome {
  readonly status: number
  readonly usage?: Usage | undefined
  readonly cost?: Cost | undefined
  readonly error?: ErrorShape | undefined
  /** The client left before the end. */
  readonly aborted: boolean
  readonly ms: number
  /** Milliseconds to the first byte of the answer's body. */
  readonly ttftMs?: number | undefined
  /** Milliseconds spent in the gateway itself (total less upstream). */
  readonly overheadMs?: number | undefined
  readonly target?: Target | undefined
  readonly attempts: readonly Attempt[]
}

/** What callbacks receive, one per call. Holds no prompt and no secret. */
export interface LogRecord {
  readonly id: string
  /** Milliseconds since the epoch. */
  readonly at: number
  readonly wire: string
  readonly path: string
  /** As the client named it. */
  readonly model: string
  readonly stream: boolean
  readonly status: number
  readonly aborted: boolean
  readonly cacheHit: boolean
  readonly principal?: Principal | undefined
  /** Whose credentials a refused call had, where nobody was admitted. */
  readonly identified?: Principal | undefined
  /** Id of the deployment that answered; of an answer from a cache, the one that did then. */
  readonly deployment?: string | undefined
  readonly group?: string | undefined
  readonly provider?: string | undefined
  /** The name the provider knows the model by. */
  readonly upstreamModel?: string | undefined
  readonly usage?: Usage | undefined
  readonly cost?: Cost | undefined
  readonly error?: ErrorShape | undefined
  readonly ms: number
  /** Milliseconds before the first attempt: reading, authentication, limits, routing. Absent: no attempt was made. */
  readonly queueMs?: number | undefined
  readonly ttftMs?: number | undefined
  readonly overheadMs?: number | undefined
  readonly attempts: readonly Attempt[]
  readonly ip?: string | undefined
  readonly endUser?: string | undefined
  readonly tags?: readonly string[] | undefined
}

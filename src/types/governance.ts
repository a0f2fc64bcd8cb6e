import type { Awaitable } from './call.ts'
import type { CounterOp, CounterResult } from './counters.ts'

/** What a call is counted under: everybody who pays for it or whose limits it must keep. */
export type ScopeKind = 'key' | 'team' | 'team_member' | 'user' | 'end_user' | 'organization' | 'global'

/** Limits of a scope. Requests and tokens are per minute, over any minute (sliding). */
export interface ScopeLimits {
  readonly rpm?: number | undefined
  readonly tpm?: number | undefined
  /** Calls at the same time. */
  readonly parallel?: number | undefined
  /** Limits that hold for calls of one model only, by the model's public name. */
  readonly models?: Readonly<Record<string, { readonly rpm?: number | undefined; readonly tpm?: number | undefined }>>
}

/** One budget of a scope. Money is integer nano-dollars. */
export interface ScopeBudget {
  /** Unique in its scope and the same over restarts: it is part of the name that its spend is counted under. */
  readonly id: string
  /** What may be spent at most; absent: nothing is refused. */
  readonly max?: number | undefined
  /** What may be spent before callbacks are told. */
  readonly soft?: number | undefined
  /** Length of a window (`30s`, `12h`, `1d`, `7d`, `1mo`); absent: for ever. See `budgetWindow`. */
  readonly window?: string | undefined
  /** Public names or patterns of models; absent: all. */
  readonly models?: readonly string[] | undefined
  /** Added to `max` until a moment, milliseconds since the epoch. */
  readonly increase?: { readonly by: number; readonly until: number } | undefined
}

/** One owner of a call, with its limits and budgets. The same object as long as nothing about it changed. */
export interface Scope {
  readonly kind: ScopeKind
  /** Unique for its kind; of a team member `team/user`. */
  readonly id: string
  /** What people call it: an alias. */
  readonly name?: string | undefined
  /** What its limits are counted under, where that is not `id`. */
  readonly countedAs?: string | undefined
  /** What it spends is counted under, where that is not `id`. */
  readonly spentAs?: string | undefined
  readonly limits?: ScopeLimits | undefined
  readonly budgets?: readonly ScopeBudget[] | undefined
}

/** The roles of LiteLLM: who sees and changes what. */
export type Role =
  | 'proxy_admin'
  | 'proxy_admin_viewer'
  | 'org_admin'
  | 'internal_user'
  | 'internal_user_viewer'
  | 'team'
  | 'customer'

/**
 * What a call takes before it may go on. All that the gates of `rateLimit` and `budget` reserve is taken in one atomic
 * step after them: either all of it or nothing, and one round trip where counters are in Redis.
 */
export interface Reservation {
  readonly ops: readonly CounterOp[]
  /** What counters that are away mean: `open` the call goes on uncounted, `closed` it is refused with 503. */
  readonly whenAway: 'open' | 'closed'
  /** All was taken. `values` and `resetMs` are those of `ops`; undefined where the store is away and the call goes on. */
  taken?(result: Pick<CounterResult, 'values' | 'resetMs' | 'at'> | undefined): void
  /** One of `ops` would cross its limit (its index is given) and nothing was taken: returns the error to answer with. */
  refused(failed: number, result: Pick<CounterResult, 'values' | 'resetMs' | 'at'>): Awaitable<Error>
}

declare module './lifecycle.ts' {
  interface Principal {
    /** Whose limits and budgets a call of this caller keeps, the key's own first. */
    readonly scopes?: readonly Scope[] | undefined
    readonly organization?: string | undefined
    /** What the caller may do besides calling models; absent: by `role`. */
    readonly proxyRole?: Role | undefined
    /** The caller's own names for models. Resolved before anything is checked. */
    readonly aliases?: Readonly<Record<string, string>> | undefined
    /** Lists of models (names, patterns, access groups), each of which must admit a model; absent: `models` alone. */
    readonly modelLists?: readonly (readonly string[])[] | undefined
    /** The end user that the caller's key stands for, or that was checked for this call. */
    readonly endUser?: string | undefined
    /** Tags that every call of this caller carries. */
    readonly tags?: readonly string[] | undefined
  }
  interface Context {
    /** Takes from counters before the call goes on; only in the gates of `rateLimit` and `budget`. */
    reserve(reservation: Reservation): void
  }
  interface Answer {
    /**
     * Of a stream that is still going: output tokens so far, estimated from its text. Undefined where it cannot be known.
     */
    progress?: (() => number) | undefined
    /** Ends a stream before its end, with an error event in the client's dialect; the upstream is closed. */
    stop?: ((error: { status: number; message: string; type?: string; code?: string }) => void) | undefined
  }
}

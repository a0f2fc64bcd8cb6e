import type { Awaitable } from './call.ts'

/** A running sum that starts anew after its life (a request count of a fixed minute, the spend of a month). */
export interface TotalOp {
  readonly kind?: 'total'
  readonly key: string
  /** Integer; may be negative (give back). Money is nano-dollars. */
  readonly by: number
  /** Highest value allowed; `Infinity` always adds. */
  readonly limit: number
  /** Life of the counter from its first add, milliseconds; `Infinity`: it never ends. */
  readonly ttlMs: number
}

/**
 * A sum over the last `windowMs`, wherever they lie: no burst of twice the limit around the edge of a minute. Never above
 * the limit in any span of that length; what was added leaves at most 1 % of the window late.
 */
export interface WindowOp {
  readonly kind: 'window'
  readonly key: string
  /** Integer; may be negative (give back). */
  readonly by: number
  readonly limit: number
  /** Length of the window, milliseconds. One key has one length: put it into the key where it may change. */
  readonly windowMs: number
  /**
   * The `at` of the step that is corrected: `by` then goes to that moment and leaves the window together with what it
   * corrects. Older than the window: nothing happens.
   */
  readonly at?: number | undefined
}

/**
 * A place or an amount that is held until it is settled, and that ends by itself when its holder dies: parallel calls,
 * money reserved. Counts together with the total of the same key. The same `leaseId` again renews and replaces it.
 */
export interface LeaseOp {
  readonly kind: 'lease'
  readonly key: string
  /** Integer, not negative: all that the lease holds, not what is added to it. */
  readonly by: number
  readonly limit: number
  /** Unique for the key. A call's id is not: callers may choose it. */
  readonly leaseId: string
  /** It ends by itself after this, milliseconds. */
  readonly ttlMs: number
}

/** One counter of a step: add `by` if the result stays within `limit`. A key has one kind: a window, or a total and leases. */
export type CounterOp = TotalOp | WindowOp | LeaseOp

export interface CounterResult {
  readonly ok: boolean
  /** Index of the first operation that would cross its limit; -1 when `ok`. */
  readonly failed: number
  /** Values after the step (before it where refused), in the order of the operations. Leases and totals count together. */
  readonly values: readonly number[]
  /**
   * Milliseconds until each counter starts anew; `Infinity` where it never does. Of a refused window: until the operation
   * would fit; of a refused lease: until some lease ends by itself.
   */
  readonly resetMs: readonly number[]
  /** The store's time of the step, milliseconds since the epoch. */
  readonly at: number
}

/** What a lease really came to. */
export interface Settlement {
  readonly key: string
  /** Ends this lease; without one `by` is just added. */
  readonly leaseId?: string | undefined
  /** Added to the key's total, whatever its limit; 0 only gives the lease back. */
  readonly by: number
  /** Life of a total that starts with this, milliseconds. Default: it never ends. */
  readonly ttlMs?: number | undefined
}

export interface SettleResult {
  /** Per settlement: false where its lease is not known (settled before, or never taken): nothing was added. */
  readonly applied: readonly boolean[]
  /** Values after the step; empty while `pending`. */
  readonly values: readonly number[]
  /** The store is away: the settlements are kept and applied when it is back. */
  readonly pending: boolean
}

/** Numbers that race. One call is one atomic step: either all operations are applied or none. */
export interface Counters {
  /** Throws (or rejects with) a `StoreAway` when the store does not answer in time: see `addWhenAway`. */
  add(ops: readonly CounterOp[]): Awaitable<CounterResult>
  /**
   * Replaces leases by their real amounts, in one step. A lease is settled once, however often this is called, also after
   * it ended by itself (within a day). Never fails for a store that is away: the result says `pending`.
   */
  settle(settlements: readonly Settlement[]): Awaitable<SettleResult>
  /**
   * Values as `add` would find them: totals with their leases, or windows. `settled`: totals without what is only reserved.
   * Throws like `add`.
   */
  get(keys: readonly string[], of?: 'settled'): Awaitable<readonly number[]>
  /** Ends what the counters hold open. */
  close?(): Awaitable<void>
}

import type { Awaitable } from './call.ts'

/** One counter of a step: add `by` if the result stays within `limit`. */
export interface CounterOp {
  readonly key: string
  /** Integer; may be negative (give back). Money is nano-dollars. */
  readonly by: number
  /** Highest value allowed; `Infinity` always adds. */
  readonly limit: number
  /** Life of the counter from its first add, milliseconds. */
  readonly ttlMs: number
}

export interface CounterResult {
  readonly ok: boolean
  /** Index of the first operation that would cross its limit; -1 when `ok`. */
  readonly failed: number
  /** Values after the step (before it where refused), in the order of the operations. */
  readonly values: readonly number[]
  /** Milliseconds until each counter starts anew. */
  readonly resetMs: readonly number[]
}

/** Numbers that race. One call is one atomic step: either all operations are applied or none. */
export interface Counters {
  add(ops: readonly CounterOp[]): Awaitable<CounterResult>
  get(keys: readonly string[]): Awaitable<readonly number[]>
}

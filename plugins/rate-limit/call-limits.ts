import { SLOT_MS } from '../../src/index.ts'
import type {
  Context,
  CounterOp,
  CounterResult,
  Counters,
  LeaseOp,
  Outcome,
  Reservation,
  Slots,
} from '../../src/index.ts'
import type { Limit } from './compile.ts'
import { WINDOW_MS } from './compile.ts'
import { reserveFor } from './estimate.ts'
import type { CountedTokens, Estimate } from './estimate.ts'
import { writeLimits } from './headers.ts'
import { refusal } from './refusal.ts'

/** What all calls share. */
export interface Books {
  readonly counters: Counters
  readonly slots: Slots
  readonly counted: CountedTokens
  readonly whenAway: 'open' | 'closed'
  /** Unique over all calls of all nodes. A call's own id is not: clients may choose it. */
  leaseId(): string
  onError(error: unknown): void
}

type Taken = Pick<CounterResult, 'values' | 'resetMs' | 'at'>

/** What one call takes of its limits, and gives back. A class for its shape: every limited call makes one. */
export class CallLimits implements Reservation {
  readonly ops: CounterOp[] = []
  readonly whenAway: 'open' | 'closed'
  readonly #ctx: Context
  readonly #limits: readonly Limit[]
  readonly #estimate: Estimate | undefined
  readonly #books: Books
  #leases: LeaseOp[] | undefined

  /** @param estimate absent where no limit counts tokens */
  constructor(ctx: Context, limits: readonly Limit[], estimate: Estimate | undefined, books: Books) {
    this.whenAway = books.whenAway
    this.#ctx = ctx
    this.#limits = limits
    this.#estimate = estimate
    this.#books = books
    for (const limit of limits) this.ops.push(limit.op ?? this.#operation(limit))
  }

  taken(result: Taken | undefined): void {
    if (!result) return
    const { call, headers } = this.#ctx
    const leases = this.#leases
    if (leases) this.#books.slots.hold(leases[0]!.leaseId, leases)
    // The head of any other answer waits for the settlement, which knows what is really left.
    const now = call.stream || call.wire === 'openai.*'
    if (now) writeLimits(headers, this.#limits, result)
    if (!now || leases || this.#estimate) this.#ctx.onSettle((outcome) => this.#settle(outcome, result, now))
  }

  refused(failed: number, result: Taken): Error {
    writeLimits(this.#ctx.headers, this.#limits, result)
    return refusal({
      limit: this.#limits[failed]!,
      wanted: this.ops[failed]!.by,
      value: result.values[failed]!,
      resetMs: result.resetMs[failed]!,
      at: result.at,
    })
  }

  #operation({ type, key, limit }: Limit): CounterOp {
    if (type === 'tokens') {
      const by = reserveFor(this.#estimate!, limit, this.#books.counted)
      return { kind: 'window', key, by, limit, windowMs: WINDOW_MS }
    }
    const leaseId = this.#leases?.[0]?.leaseId ?? this.#books.leaseId()
    const lease: LeaseOp = { kind: 'lease', key, by: 1, limit, leaseId, ttlMs: SLOT_MS }
    if (this.#leases) this.#leases.push(lease)
    else this.#leases = [lease]
    return lease
  }

  #settle(outcome: Outcome, taken: Taken, told: boolean): void {
    const { slots } = this.#books
    if (this.#leases) slots.release(this.#leases[0]!.leaseId, this.#leases)
    const values = this.#estimate ? this.#correctTokens(outcome, taken) : taken.values
    if (!told) writeLimits(this.#ctx.headers, this.#limits, { values, resetMs: taken.resetMs })
  }

  /** Replaces the estimates by what was really used; gives the counters' values as they are then. */
  #correctTokens(outcome: Outcome, taken: Taken): readonly number[] {
    const { counters, counted, onError } = this.#books
    const used = tokensUsed(outcome, this.#ctx, this.#estimate!, counted)
    if (used === undefined) return taken.values
    const values = [...taken.values]
    const corrections: CounterOp[] = []
    for (let i = 0; i < this.ops.length; i++) {
      const { type, key } = this.#limits[i]!
      const by = type === 'tokens' ? used - this.ops[i]!.by : 0
      if (by === 0) continue
      values[i]! += by
      // What was reserved too much leaves with its reservation; what came on top was spent now.
      const at = by < 0 ? taken.at : undefined
      corrections.push({ kind: 'window', key, by, limit: Infinity, windowMs: WINDOW_MS, at })
    }
    if (corrections.length === 0) return values
    try {
      const added = counters.add(corrections)
      if ('then' in added) added.then(undefined, onError)
    } catch (error) {
      onError(error)
    }
    return values
  }
}

/** The tokens that count for a call that is over; undefined: nobody knows, and the estimate stands. */
function tokensUsed(
  { usage, status, aborted, ttftMs }: Outcome,
  ctx: Context,
  estimate: Estimate,
  counted: CountedTokens,
): number | undefined {
  // The answer came from the cache: nobody has used anything.
  if (ctx.cacheHit) return 0
  if (usage) {
    const { input, output } = usage
    return Math.ceil(counted === 'input' ? input : counted === 'output' ? output : input + output)
  }
  if (ttftMs !== undefined) return undefined
  // The provider has read what was sent, and what it answered reached nobody.
  if (aborted) return ctx.attempts.length > 0 && counted !== 'output' ? estimate.input : 0
  return status >= 400 ? 0 : undefined
}

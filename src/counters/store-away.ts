import type { Awaitable } from '../types/call.ts'
import type { CounterOp, CounterResult, Counters } from '../types/counters.ts'
import { GatewayError } from '../error.ts'

/** The store of counters or documents did not answer in time, or is known to be away. Never reaches a client as it is. */
export class StoreAway extends Error {
  override readonly name = 'StoreAway'
  /** `timeout`: no answer within the deadline; `failed`: refused or cut; `open`: not asked, because it failed before. */
  readonly reason: 'timeout' | 'failed' | 'open'

  constructor(reason: 'timeout' | 'failed' | 'open', message: string, options?: { cause?: unknown }) {
    super(message, options)
    this.reason = reason
  }
}

/**
 * Adds, with a stated answer for a store that is away: `open` goes on without counting (undefined), `closed` refuses the
 * call with 503 and `retry-after`. Stays synchronous where the counters are.
 */
export function addWhenAway(
  counters: Counters,
  ops: readonly CounterOp[],
  whenAway: 'open' | 'closed',
): Awaitable<CounterResult | undefined> {
  const decide = (error: unknown): undefined => {
    if (!(error instanceof StoreAway)) throw error
    if (whenAway === 'open') return undefined
    throw new GatewayError(503, 'The gateway cannot check limits at the moment. Try again shortly.', {
      code: 'store_away',
      retryAfter: 1,
      cause: error,
    })
  }
  try {
    const result = counters.add(ops)
    return 'then' in result ? result.then((value) => value, decide) : result
  } catch (error) {
    return decide(error)
  }
}

import type { Awaitable } from './types/call.ts'
import type { CounterOp, CounterResult, Counters } from './types/counters.ts'
import type { Reservation } from './types/governance.ts'
import { GatewayError } from './error.ts'
import { StoreAway } from './counters/store-away.ts'

/**
 * Takes what the gates of a call want to reserve: one atomic step over all of it, so that a call that one limit refuses
 * has taken nothing from the others. Stays synchronous where the counters are.
 */
export function takeReservations(counters: Counters, reservations: readonly Reservation[]): Awaitable<void> {
  const ops = reservations.length === 1 ? reservations[0]!.ops : reservations.flatMap((one) => [...one.ops])
  try {
    const result = counters.add(ops)
    if (!('then' in result)) return conclude(reservations, ops, result)
    return result.then(
      (value) => conclude(reservations, ops, value),
      (error: unknown) => away(reservations, error),
    )
  } catch (error) {
    return away(reservations, error)
  }
}

function conclude(
  reservations: readonly Reservation[],
  ops: readonly CounterOp[],
  result: CounterResult,
): Awaitable<void> {
  let start = 0
  for (const reservation of reservations) {
    const end = start + reservation.ops.length
    if (!result.ok && result.failed < end) {
      const error = reservation.refused(result.failed - start, part(result, start, end))
      if (!('then' in error)) throw error
      return error.then((refusal) => Promise.reject(refusal))
    }
    if (result.ok) reservation.taken?.(end - start === ops.length ? result : part(result, start, end))
    start = end
  }
}

function part({ values, resetMs, at }: CounterResult, start: number, end: number) {
  return { values: values.slice(start, end), resetMs: resetMs.slice(start, end), at }
}

function away(reservations: readonly Reservation[], error: unknown): void {
  if (!(error instanceof StoreAway)) throw error
  if (reservations.some(({ whenAway }) => whenAway === 'closed')) {
    throw new GatewayError(503, 'The gateway cannot check limits and budgets at the moment. Try again shortly.', {
      code: 'store_away',
      retryAfter: 1,
      cause: error,
    })
  }
  for (const reservation of reservations) reservation.taken?.(undefined)
}

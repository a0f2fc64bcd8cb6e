import type { CounterOp, Settlement } from '../types/counters.ts'

/** Sub-spans of a sliding window: what leaves, leaves with its sub-span, at most 1/128 of the window late. */
export const WINDOW_BUCKETS = 128

/** A lease that ended by itself can still be settled for this long: the call that held it may yet report its cost. */
export const LATE_SETTLE_MS = 24 * 60 * 60_000

/** Throws a TypeError where an amount is no integer: it would be rounded differently by each store. */
export function checkOps(ops: readonly CounterOp[]): void {
  for (const op of ops) {
    if (!Number.isSafeInteger(op.by)) throw new TypeError(`counter ${op.key}: ${op.by} is not an integer`)
    if (op.kind === 'lease' && op.by < 0) throw new TypeError(`counter ${op.key}: a lease cannot hold ${op.by}`)
    if (op.kind === 'lease' && op.leaseId === '') throw new TypeError(`counter ${op.key}: a lease without an id`)
    if (Number.isNaN(op.limit)) throw new TypeError(`counter ${op.key}: the limit is not a number`)
    const life = op.kind === 'window' ? op.windowMs : op.ttlMs
    const endless = life === Infinity && (op.kind === 'window' || op.kind === 'lease')
    if (!(life > 0) || endless) throw new TypeError(`counter ${op.key}: a life of ${life} ms`)
  }
}

/** As {@link checkOps}, for settlements. */
export function checkSettlements(settlements: readonly Settlement[]): void {
  for (const { key, by, leaseId } of settlements) {
    if (leaseId === '') throw new TypeError(`counter ${key}: a lease without an id`)
    if (!Number.isSafeInteger(by)) throw new TypeError(`counter ${key}: ${by} is not an integer`)
  }
}

import type { CounterOp } from '@ungate/gateway'

/** Milliseconds. */
export const MINUTE = 60_000

/** A plain sum that starts anew after `ttlMs`. */
export const total = (key: string, by: number, limit = Infinity, ttlMs = MINUTE): CounterOp => ({
  key,
  by,
  limit,
  ttlMs,
})

/** A sum over the last `windowMs`. */
export const window = (
  key: string,
  by: number,
  limit = Infinity,
  more: { windowMs?: number; at?: number } = {},
): CounterOp => ({
  kind: 'window',
  key,
  by,
  limit,
  windowMs: MINUTE,
  ...more,
})

/** An amount that is held until it is settled or ends. */
export const lease = (
  key: string,
  by: number,
  leaseId: string,
  more: { limit?: number; ttlMs?: number } = {},
): CounterOp => ({
  kind: 'lease',
  key,
  by,
  leaseId,
  limit: Infinity,
  ttlMs: MINUTE,
  ...more,
})

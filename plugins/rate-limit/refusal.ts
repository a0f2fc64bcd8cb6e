import { GatewayError } from '../../src/index.ts'
import type { CounterResult } from '../../src/index.ts'
import type { Limit } from './compile.ts'
import { WINDOW_MS } from './compile.ts'
import { remaining } from './headers.ts'

export interface Refused {
  readonly limit: Limit
  /** What the call wanted of it. */
  readonly wanted: number
  /** What was counted before. */
  readonly value: number
  readonly resetMs: number
  readonly at: CounterResult['at']
}

/** Nobody knows when a running call ends: worth another try after this, milliseconds. */
const SLOT_WAIT_MS = 1000

/** The 429 for a limit that a call would cross, in LiteLLM's words. */
export function refusal({ limit, wanted, value, resetMs, at }: Refused): GatewayError {
  const { type, owner, limit: most } = limit
  if (type === 'tokens' && wanted > most) return tooLarge(limit, wanted, at)
  const waitMs = Math.max(1000, type === 'max_parallel_requests' ? SLOT_WAIT_MS : resetMs)
  const resetAt = toClock(at + waitMs)
  return rateLimited(
    `Rate limit exceeded for ${owner}. Limit type: ${type}. Current limit: ${most}, ` +
      `Remaining: ${remaining(most, value)}. Limit resets at: ${resetAt}`,
    { type, waitMs, resetAt },
  )
}

/** Waiting does not help: clients of OpenAI's do not try again when they are told so. */
function tooLarge({ type, owner, limit }: Limit, wanted: number, at: number): GatewayError {
  return rateLimited(
    `Request too large for ${owner}. Limit type: ${type}. Current limit: ${limit}, Requested: ${wanted} (an estimate ` +
      'of the input and the longest answer that is allowed). Shorten the request or lower max_tokens.',
    { type, waitMs: WINDOW_MS, resetAt: toClock(at + WINDOW_MS), headers: { 'x-should-retry': 'false' } },
  )
}

interface Details {
  readonly type: string
  readonly waitMs: number
  readonly resetAt: string
  readonly headers?: Record<string, string>
}

function rateLimited(message: string, { type, waitMs, resetAt, headers }: Details): GatewayError {
  return new GatewayError(429, message, {
    type: 'rate_limit_error',
    code: 'rate_limit_exceeded',
    retryAfter: waitMs / 1000,
    headers: { rate_limit_type: type, reset_at: resetAt, ...headers },
  })
}

/** `2026-03-01 12:00:05 UTC`; parts of a second are rounded up, so that a call at that time passes. */
function toClock(ms: number): string {
  return `${new Date(Math.ceil(ms / 1000) * 1000).toISOString().slice(0, 19).replace('T', ' ')} UTC`
}

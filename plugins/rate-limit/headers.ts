import type { CounterResult } from '../../src/index.ts'
import type { Limit } from './compile.ts'
import { WINDOW_MS } from './compile.ts'

type State = Pick<CounterResult, 'values' | 'resetMs'>

const MINUTE = '1m0s'

/**
 * Says in an answer's headers what is left of each limit: LiteLLM's by scope, and OpenAI's of the limit of which the least
 * is left, since that one stops the caller first.
 */
export function writeLimits(out: Record<string, string>, limits: readonly Limit[], { values, resetMs }: State): void {
  let requests = -1
  let tokens = -1
  for (let i = 0; i < limits.length; i++) {
    const { headers, limit, type } = limits[i]!
    if (!headers) continue
    const left = remaining(limit, values[i]!)
    const text = String(left)
    out[headers.limit] = headers.text
    out[headers.remaining] = text
    if (headers.model !== undefined) out[headers.model] = text
    if (type === 'requests') {
      if (requests < 0 || left < remaining(limits[requests]!.limit, values[requests]!)) requests = i
    } else if (type === 'tokens') {
      if (tokens < 0 || left < remaining(limits[tokens]!.limit, values[tokens]!)) tokens = i
    }
  }
  if (requests >= 0) {
    out['x-ratelimit-limit-requests'] = limits[requests]!.headers!.text
    out['x-ratelimit-remaining-requests'] = out[limits[requests]!.headers!.remaining]!
    out['x-ratelimit-reset-requests'] = toDuration(resetMs[requests]!)
  }
  if (tokens >= 0) {
    out['x-ratelimit-limit-tokens'] = limits[tokens]!.headers!.text
    out['x-ratelimit-remaining-tokens'] = out[limits[tokens]!.headers!.remaining]!
    out['x-ratelimit-reset-tokens'] = toDuration(resetMs[tokens]!)
  }
}

/** What is left of a limit; corrections may have brought its counter above it, or below 0. */
export function remaining(limit: number, value: number): number {
  return Math.min(limit, Math.max(0, limit - value))
}

/** OpenAI's form of a time span: `1s`, `6m0s`; below a second `120ms`. */
export function toDuration(ms: number): string {
  if (ms === WINDOW_MS) return MINUTE
  if (ms < 1000) return `${Math.max(0, Math.ceil(ms))}ms`
  const seconds = Math.ceil(ms / 1000)
  return seconds < 60 ? `${seconds}s` : `${Math.floor(seconds / 60)}m${seconds % 60}s`
}

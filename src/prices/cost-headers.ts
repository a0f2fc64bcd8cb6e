import type { Cost } from '../types/call.ts'

const NANO = 1_000_000_000

/**
 * LiteLLM's cost headers of an answer that is not a stream, in USD: the total always, its parts where there are any. A
 * cost that nobody knows has no header: 0 would be taken for a price.
 */
export function costHeaders(cost: Cost): Record<string, string> {
  if (cost.source === 'unknown') return {}
  const headers: Record<string, string> = { 'x-litellm-response-cost': formatUSD(cost.total) }
  if (cost.total === 0) return headers
  const set = (part: string, nano: number) => {
    if (nano > 0) headers[`x-litellm-response-cost-${part}`] = formatUSD(nano)
  }
  set('input', cost.input)
  set('output', cost.output)
  set('cache-read', cost.cacheRead)
  set('cache-creation', cost.cacheWrite)
  set('reasoning', cost.reasoning)
  set('tool-usage', cost.other)
  return headers
}

/** Nano-dollars as USD in plain decimals, every digit exact: 15 → `0.000000015`. */
export function formatUSD(nano: number): string {
  const whole = Math.trunc(nano / NANO)
  const rest = Math.abs(nano % NANO)
  const sign = nano < 0 && whole === 0 ? '-' : ''
  return rest === 0 ? String(whole) : `${sign}${whole}.${withoutZeros(String(rest + NANO).slice(1))}`
}

function withoutZeros(digits: string): string {
  let end = digits.length
  while (digits.charCodeAt(end - 1) === 48) end--
  return digits.slice(0, end)
}

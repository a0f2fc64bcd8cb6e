import type { Cost } from '../types/call.ts'

const NANO = 1_000_000_000

/**
 * Adds LiteLLM's cost headers of an answer that is not a stream, in USD: the total always, its parts where there are any. A
 * cost that nobody knows has no header: 0 would be taken for a price.
 */
export function addCostHeaders(headers: Record<string, string>, cost: Cost): void {
  if (cost.source === 'unknown') return
  headers['x-litellm-response-cost'] = formatUSD(cost.total)
  if (cost.total === 0) return
  if (cost.input > 0) headers['x-litellm-response-cost-input'] = formatUSD(cost.input)
  if (cost.output > 0) headers['x-litellm-response-cost-output'] = formatUSD(cost.output)
  if (cost.cacheRead > 0) headers['x-litellm-response-cost-cache-read'] = formatUSD(cost.cacheRead)
  if (cost.cacheWrite > 0) headers['x-litellm-response-cost-cache-creation'] = formatUSD(cost.cacheWrite)
  if (cost.reasoning > 0) headers['x-litellm-response-cost-reasoning'] = formatUSD(cost.reasoning)
  if (cost.other > 0) headers['x-litellm-response-cost-tool-usage'] = formatUSD(cost.other)
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

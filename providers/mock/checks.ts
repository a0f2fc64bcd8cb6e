import { invalidRequest } from '../../src/index.ts'
import { isRecord } from './fields.ts'
import type { Fields } from './fields.ts'

/** An integer within bounds, or the default where the field is absent or null. Throws a 400 that names it. */
export function integerField(
  body: Fields,
  name: string,
  bounds: { min: number; max: number; default: number },
): number {
  const value = body[name] ?? bounds.default
  if (value === bounds.default) return bounds.default
  if (typeof value === 'number' && Number.isInteger(value) && value >= bounds.min && value <= bounds.max) return value
  throw invalidRequest(`\`${name}\` must be an integer from ${bounds.min} to ${bounds.max}.`, name)
}

/** The most tokens that an answer may have. */
export function maxTokens(body: Fields): number {
  const bounds = { min: 0, max: Number.MAX_SAFE_INTEGER, default: Infinity }
  const name = (body['max_completion_tokens'] ?? null) === null ? 'max_tokens' : 'max_completion_tokens'
  return integerField(body, name, bounds)
}

/** Whether the stream shall end with a usage chunk. */
export function wantsUsage(body: Fields): boolean {
  return isRecord(body['stream_options']) && body['stream_options']['include_usage'] === true
}

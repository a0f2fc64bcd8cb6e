import { GatewayError } from '../../src/index.ts'
import type { ChatUsage, FinishReason } from '../../src/index.ts'
import { isRecord } from './fields.ts'
import type { Fields } from './fields.ts'

/** A whole answer of Ollama, checked to be one. Throws a 502 otherwise. */
export function toAnswer(body: unknown): Fields {
  if (isRecord(body) && typeof body['error'] !== 'string') return body
  const message = isRecord(body) ? String(body['error']) : 'the answer is not a JSON object'
  throw new GatewayError(502, message, { code: 'bad_upstream_answer', origin: 'provider', provider: 'ollama' })
}

/**
 * Why Ollama stopped (`done_reason`: stop, length, load, unload) in OpenAI's words. Ollama has no word for tool calls.
 */
export function toFinishReason(doneReason: unknown, calledTools: boolean): FinishReason {
  if (calledTools) return 'tool_calls'
  return doneReason === 'length' ? 'length' : 'stop'
}

/**
 * Token counts. Ollama leaves a count out when it is 0 (a prompt that was cached whole); where both are missing nothing
 * was counted. `prompt_eval_cached_count` is part of `prompt_eval_count`.
 */
export function toChatUsage(answer: Fields): ChatUsage | undefined {
  const { prompt_eval_count: input, eval_count: output, prompt_eval_cached_count: cached } = answer
  if (typeof input !== 'number' && typeof output !== 'number') return undefined
  const prompt = toCount(input)
  const completion = toCount(output)
  return {
    prompt_tokens: prompt,
    completion_tokens: completion,
    total_tokens: prompt + completion,
    ...(typeof cached === 'number' ? { prompt_tokens_details: { cached_tokens: toCount(cached) } } : {}),
  }
}

/** Seconds since the epoch of `created_at`; now where it is missing. */
export function toCreated(answer: Fields): number {
  const at = typeof answer['created_at'] === 'string' ? Date.parse(answer['created_at']) : Number.NaN
  return Math.floor((Number.isNaN(at) ? Date.now() : at) / 1000)
}

/** A new id: `chatcmpl-…`, `call_…`. Ollama's answers have none. */
export function newId(prefix: string): string {
  return prefix + crypto.randomUUID().replaceAll('-', '').slice(0, 24)
}

function toCount(value: unknown): number {
  return typeof value === 'number' && value > 0 ? Math.floor(value) : 0
}

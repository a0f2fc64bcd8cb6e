import type { Usage } from './types/call.ts'
import type { ChatUsage } from './types/chat.ts'

const PARSE_WHOLE = 64 * 1024

/** OpenAI's usage object in the gateway's normal form; also reads the Responses spelling (`input_tokens`). */
export function toUsage(usage: ChatUsage | Record<string, unknown> | null | undefined): Usage | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined
  const u = usage as Record<string, unknown>
  const input = count(u['prompt_tokens'] ?? u['input_tokens'])
  const output = count(u['completion_tokens'] ?? u['output_tokens'])
  if (input === undefined && output === undefined) return undefined
  const inDetails = record(u['prompt_tokens_details'] ?? u['input_tokens_details'])
  const outDetails = record(u['completion_tokens_details'] ?? u['output_tokens_details'])
  const result: Usage = { input: input ?? 0, output: output ?? 0 }
  // `prompt_cache_hit_tokens` is DeepSeek's name for the cached part.
  set(
    result,
    'cacheRead',
    count(inDetails?.['cached_tokens'] ?? u['cache_read_input_tokens'] ?? u['prompt_cache_hit_tokens']),
  )
  set(result, 'cacheWrite', count(inDetails?.['cache_creation_tokens'] ?? u['cache_creation_input_tokens']))
  set(result, 'reasoning', count(outDetails?.['reasoning_tokens']))
  set(result, 'audioInput', count(inDetails?.['audio_tokens']))
  set(result, 'audioOutput', count(outDetails?.['audio_tokens']))
  return result
}

/** Finds usage in an OpenAI JSON answer. Long answers (embeddings) are not parsed whole: usage stands near their end. */
export function readJsonUsage(text: string): Usage | undefined {
  if (text.length <= PARSE_WHOLE) {
    const body: unknown = JSON.parse(text)
    return toUsage(record(body)?.['usage'] as ChatUsage | undefined)
  }
  for (let at = text.lastIndexOf('"usage"'); at > 0; at = text.lastIndexOf('"usage"', at - 1)) {
    if (text.charCodeAt(at - 1) === 92) continue
    const usage = parseObjectAt(text, text.indexOf('{', at))
    if (usage) return usage
  }
  return undefined
}

/** A rough count without a tokenizer: about four characters a token. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4)
}

function parseObjectAt(text: string, start: number): Usage | undefined {
  if (start < 0) return undefined
  for (let end = text.indexOf('}', start), tries = 0; end > 0 && tries < 8; end = text.indexOf('}', end + 1), tries++) {
    try {
      return toUsage(JSON.parse(text.slice(start, end + 1)) as ChatUsage)
    } catch {
      // A nested object ended here: the next brace may end the whole.
    }
  }
  return undefined
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) ? Math.max(0, Math.round(value)) : undefined
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

function set<K extends keyof Usage>(usage: Usage, key: K, value: Usage[K]): void {
  if (value !== undefined) usage[key] = value
}

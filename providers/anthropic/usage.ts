import type { ChatUsage } from '../../src/index.ts'
import { isObject, type Json } from './json.ts'

/**
 * Anthropic's usage in OpenAI's form. Anthropic counts `input_tokens` without what was read from or written to the
 * cache (Messages API, `usage`); OpenAI's `prompt_tokens` is the sum.
 */
export function toChatUsage(usage: unknown): ChatUsage {
  const raw: Json = isObject(usage) ? usage : {}
  const read = count(raw['cache_read_input_tokens'])
  const written = count(raw['cache_creation_input_tokens'])
  const input = (count(raw['input_tokens']) ?? 0) + (read ?? 0) + (written ?? 0)
  const output = count(raw['output_tokens']) ?? 0
  const out: ChatUsage = { prompt_tokens: input, completion_tokens: output, total_tokens: input + output }
  if (read !== undefined || written !== undefined) {
    out.prompt_tokens_details = { cached_tokens: read ?? 0, cache_creation_tokens: written ?? 0 }
    out.cache_creation_input_tokens = written ?? 0
    out.cache_read_input_tokens = read ?? 0
  }
  // Writing to the one-hour cache costs more than to the five-minute one ("Prompt caching", pricing).
  const kinds = raw['cache_creation']
  const hour = isObject(kinds) ? count(kinds['ephemeral_1h_input_tokens']) : undefined
  if (hour) out.cache_creation = { ephemeral_1h_input_tokens: hour, ephemeral_5m_input_tokens: (written ?? 0) - hour }
  const tools = raw['server_tool_use']
  const searches = isObject(tools) ? count(tools['web_search_requests']) : undefined
  if (searches) out.server_tool_use = { web_search_requests: searches }
  const details = raw['output_tokens_details']
  const reasoning = isObject(details) ? count(details['thinking_tokens']) : undefined
  if (reasoning !== undefined) out.completion_tokens_details = { reasoning_tokens: reasoning }
  return out
}

/** Lays the figures of a `message_delta` over those known so far: they are totals, and null says nothing. */
export function mergeUsage(known: Json, update: unknown): Json {
  if (!isObject(update)) return known
  const out = { ...known }
  for (const key of Object.keys(update)) if (update[key] !== null && key !== '__proto__') out[key] = update[key]
  return out
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && value >= 0 && Number.isFinite(value) ? Math.trunc(value) : undefined
}

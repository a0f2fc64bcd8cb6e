import type { Call, Usage } from './types/call.ts'
import type { ChatUsage } from './types/chat.ts'

/** More than any call has, and its cost still a whole number: nonsense from a provider would spoil sums and fail counters. */
const MOST_TOKENS = 1e9
const PARSE_WHOLE = 64 * 1024
/** Shorter bodies hold no pictures worth leaving out. */
const TEXT_ONLY = 4096
const BASE64 = /^(data:[^,]{0,100},)?[\w+/=-]*$/

/** OpenAI's usage object in the gateway's normal form; also reads the Responses spelling (`input_tokens`). */
export function toUsage(usage: ChatUsage | Record<string, unknown> | null | undefined): Usage | undefined {
  if (typeof usage !== 'object' || usage === null) return undefined
  const u = usage as Record<string, unknown>
  const input = count(u['prompt_tokens'] ?? u['input_tokens'])
  const output = count(u['completion_tokens'] ?? u['output_tokens'])
  if (input === undefined && output === undefined) return secondsOnly(u)
  // `input_token_details` is how transcriptions spell it.
  const inDetails = record(u['prompt_tokens_details'] ?? u['input_tokens_details'] ?? u['input_token_details'])
  const outDetails = record(u['completion_tokens_details'] ?? u['output_tokens_details'])
  const result: Usage = { input: input ?? 0, output: output ?? 0 }
  if (u['prompt_tokens'] === undefined && !inDetails) {
    // Anthropic's own form counts what was read from and written to the cache besides the input.
    result.input += (count(u['cache_read_input_tokens']) ?? 0) + (count(u['cache_creation_input_tokens']) ?? 0)
  }
  const reasoning = count(outDetails?.['reasoning_tokens'])
  // xAI counts reasoning besides the completion's tokens; the total tells.
  if (reasoning && count(u['total_tokens']) === result.input + result.output + reasoning) result.output += reasoning
  // `prompt_cache_hit_tokens` is DeepSeek's name for the cached part.
  set(
    result,
    'cacheRead',
    count(inDetails?.['cached_tokens'] ?? u['cache_read_input_tokens'] ?? u['prompt_cache_hit_tokens']),
  )
  // `cache_write_tokens` is OpenRouter's name.
  set(
    result,
    'cacheWrite',
    count(
      inDetails?.['cache_creation_tokens'] ?? inDetails?.['cache_write_tokens'] ?? u['cache_creation_input_tokens'],
    ),
  )
  set(result, 'cacheWrite1h', count(record(u['cache_creation'])?.['ephemeral_1h_input_tokens']))
  set(result, 'reasoning', reasoning)
  set(result, 'audioInput', count(inDetails?.['audio_tokens']))
  set(result, 'audioOutput', count(outDetails?.['audio_tokens']))
  set(result, 'imageInput', count(inDetails?.['image_tokens']))
  set(result, 'imageOutput', count(outDetails?.['image_tokens']))
  set(result, 'searches', count(record(u['server_tool_use'])?.['web_search_requests'] ?? u['num_search_queries']))
  return result
}

/** The usage of an OpenAI-shaped answer or chunk, with the service tier that stands beside it. */
export function usageIn(body: unknown): Usage | undefined {
  const whole = record(body)
  const usage = toUsage(whole?.['usage'] as ChatUsage | undefined)
  if (usage && typeof whole?.['service_tier'] === 'string') usage.serviceTier = whole['service_tier']
  return usage
}

/** Finds usage in an OpenAI JSON answer. Long answers (embeddings) are not parsed whole: usage stands near their end. */
export function readJsonUsage(text: string): Usage | undefined {
  if (text.length <= PARSE_WHOLE) return usageIn(JSON.parse(text))
  for (let at = text.lastIndexOf('"usage"'); at > 0; at = text.lastIndexOf('"usage"', at - 1)) {
    if (text.charCodeAt(at - 1) === 92) continue
    const usage = parseObjectAt(text, text.indexOf('{', at))
    const tier = usage && /"service_tier"\s*:\s*"(\w+)"/.exec(text.slice(at))?.[1]
    if (tier !== undefined) usage!.serviceTier = tier
    if (usage) return usage
  }
  return undefined
}

/** A rough count without a tokenizer: about four characters a token. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4)
}

/** Input tokens of a call, by its text: about four characters a token. Data inside of it (pictures, sound) is not text. */
export function estimateInputTokens({ body, raw }: Pick<Call, 'body' | 'raw'>): number {
  if (typeof raw === 'string' && raw.length < TEXT_ONLY) return Math.ceil(raw.length / 4)
  return Math.ceil(textIn(body) / 4)
}

function textIn(value: unknown): number {
  if (typeof value === 'string') return value.length > TEXT_ONLY && BASE64.test(value.slice(0, 200)) ? 0 : value.length
  if (typeof value !== 'object' || value === null) return 4
  let sum = 0
  for (const part of Array.isArray(value) ? (value as unknown[]) : Object.values(value)) sum += textIn(part)
  return sum
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

/** Transcriptions that are billed by the length of the audio (OpenAI API reference, "Create transcription"). */
function secondsOnly(usage: Record<string, unknown>): Usage | undefined {
  const { type, seconds } = usage
  if (type !== 'duration' || typeof seconds !== 'number' || !(seconds >= 0)) return undefined
  return { input: 0, output: 0, seconds }
}

function count(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value)
    ? Math.min(Math.max(0, Math.round(value)), MOST_TOKENS)
    : undefined
}

function record(value: unknown): Record<string, unknown> | undefined {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

function set<K extends keyof Usage>(usage: Usage, key: K, value: Usage[K]): void {
  if (value !== undefined) usage[key] = value
}

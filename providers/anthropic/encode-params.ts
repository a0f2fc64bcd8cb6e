import { hash } from 'node:crypto'
import { invalidRequest, type Translation } from '../../src/index.ts'
import type { Thinking } from './encode-thinking.ts'
import { isObject, textOf, type Json } from './json.ts'
import type { ModelFeatures } from './model-features.ts'

/** What decides about plain fields besides the request. */
export interface ParamContext {
  features: ModelFeatures
  mode: Thinking['mode']
  translation: Translation
}

/** Fields that Anthropic cannot carry, with the values that ask for nothing. */
const UNSUPPORTED: Readonly<Record<string, (value: unknown) => boolean>> = {
  n: (value) => value === 1,
  logit_bias: (value) => isObject(value) && Object.keys(value).length === 0,
  logprobs: (value) => value === false,
  top_logprobs: (value) => value === 0,
  presence_penalty: (value) => value === 0,
  frequency_penalty: (value) => value === 0,
  modalities: (value) => Array.isArray(value) && value.every((each) => each === 'text'),
  verbosity: (value) => value === 'medium',
  store: (value) => value === false,
  seed: () => false,
  audio: () => false,
  prediction: () => false,
  prompt_cache_key: () => false,
  prompt_cache_retention: (value) => value === 'in_memory',
}

/** OpenAI's fields with a place of their own in the translation. All others are Anthropic's and pass as they are. */
const TRANSLATED = new Set(
  (
    'model,messages,stream,stream_options,max_tokens,max_completion_tokens,reasoning_effort,thinking,tools,tool_choice,' +
    'parallel_tool_calls,functions,function_call,response_format,web_search_options,temperature,top_p,top_k,stop,user,' +
    'safety_identifier,metadata,service_tier,system,output_config,__proto__'
  ).split(','),
)

/** The fields that need no knowledge of the conversation, and those that pass unchanged. */
export function encodeParams(body: Readonly<Json>, context: ParamContext): Json {
  const out: Json = {}
  for (const key of Object.keys(body)) {
    const value = body[key]
    if (value === null || value === undefined || TRANSLATED.has(key)) continue
    const asksNothing = Object.hasOwn(UNSUPPORTED, key) ? UNSUPPORTED[key] : undefined
    if (!asksNothing) out[key] = value
    else if (!asksNothing(value)) context.translation.unsupported(key)
  }
  Object.assign(out, encodeSampling(body, context))
  const stop = encodeStop(body['stop'], context.translation)
  if (stop) out['stop_sequences'] = stop
  const user = encodeUser(body, context.translation)
  if (user) out['metadata'] = { user_id: user }
  const tier = encodeTier(body['service_tier'], context.translation)
  if (tier) out['service_tier'] = tier
  return out
}

/**
 * Temperatures are 0 to 1 here. Claude 4.7 and later take only the default; thinking takes no `temperature` and
 * `top_k`, and a `top_p` from 0.95 ("Thinking", feature compatibility).
 */
function encodeSampling(body: Readonly<Json>, { features, mode, translation }: ParamContext): Json {
  const out: Json = {}
  const fixed = features.fixedSampling ? 'this model takes only the default' : undefined
  const thinks = mode === 'off' ? undefined : 'thinking excludes it'
  const temperature = body['temperature'] ?? undefined
  if (temperature !== undefined) {
    if (fixed ?? thinks) {
      if (temperature !== 1) translation.unsupported('temperature', fixed ?? thinks)
    } else if (Number(temperature) > 1) translation.unsupported('temperature', 'Anthropic takes 0 to 1')
    else out['temperature'] = temperature
  }
  const topP = body['top_p'] ?? undefined
  if (topP !== undefined) {
    if (fixed) {
      if (topP !== 1) translation.unsupported('top_p', fixed)
    } else if (thinks && Number(topP) < 0.95) translation.unsupported('top_p', 'thinking takes 0.95 to 1')
    else out['top_p'] = topP
  }
  const topK = body['top_k'] ?? undefined
  if (topK !== undefined) {
    if (fixed ?? thinks) translation.unsupported('top_k', fixed ?? thinks)
    else out['top_k'] = topK
  }
  if (features.oneSampler && 'temperature' in out && 'top_p' in out) {
    if (out['top_p'] !== 1 && out['temperature'] !== 1) {
      translation.unsupported('top_p', 'this model takes temperature or top_p, not both')
    }
    delete out[out['temperature'] === 1 && out['top_p'] !== 1 ? 'temperature' : 'top_p']
  }
  return out
}

/** "each stop sequence must contain non-whitespace" */
function encodeStop(stop: unknown, translation: Translation): string[] | undefined {
  if (stop === null || stop === undefined) return undefined
  const list: unknown[] = Array.isArray(stop) ? stop : [stop]
  const strings = list.filter((each) => typeof each === 'string')
  if (strings.length < list.length) throw invalidRequest('stop must be a string or a list of strings', 'stop')
  const visible = strings.filter((each) => each.trim())
  if (visible.length < strings.length)
    translation.unsupported('stop', 'Anthropic takes no stop sequence of white space')
  return visible.length ? visible : undefined
}

/** Anthropic's metadata holds the user's id alone. */
function encodeUser(body: Readonly<Json>, translation: Translation): string | undefined {
  const metadata = body['metadata'] ?? {}
  if (!isObject(metadata)) throw invalidRequest('metadata must be an object', 'metadata')
  if (Object.keys(metadata).some((key) => key !== 'user_id')) {
    translation.unsupported('metadata', 'Anthropic takes only metadata.user_id')
  }
  const user = textOf(metadata['user_id']) || textOf(body['user']) || textOf(body['safety_identifier'])
  // Anthropic refuses e-mail addresses and phone numbers and asks for a hash instead (Messages API, `metadata`).
  return /@|^\+?[\d\s().-]{7,}$/.test(user) ? hash('sha256', user) : user || undefined
}

function encodeTier(tier: unknown, translation: Translation): string | undefined {
  if (tier === null || tier === undefined) return undefined
  if (tier === 'auto' || tier === 'standard_only') return tier
  if (tier === 'default') return 'standard_only'
  translation.unsupported('service_tier', 'Anthropic takes auto and standard_only')
  return undefined
}

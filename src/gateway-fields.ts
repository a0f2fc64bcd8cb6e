import { invalidRequest } from './error.ts'

/**
 * Body fields that speak to the gateway (LiteLLM's body extensions). They are read by plugins from `ctx.call.body` and
 * never sent to a provider.
 */
const GATEWAY_FIELDS = new Set([
  'fallbacks',
  'context_window_fallback_dict',
  'disable_fallbacks',
  'num_retries',
  'max_retries',
  'timeout',
  'stream_timeout',
  'keepalive_seconds',
  'cache',
  'caching',
  'guardrails',
  'guardrail_config',
  'tags',
  'litellm_metadata',
  'drop_params',
  'additional_drop_params',
  'allowed_openai_params',
  'mock_response',
  'mock_tool_calls',
  'mock_timeout',
  'mock_testing_fallbacks',
  'mock_testing_context_window_fallbacks',
  'mock_testing_content_policy_fallbacks',
  'mock_testing_rate_limit_error',
  'no-log',
  'litellm_request_debug',
  'input_cost_per_token',
  'output_cost_per_token',
])

/** Where a call goes and with whose key is the config's business: a caller may not say. */
const REFUSED_FIELDS = new Set(['api_key', 'api_base', 'base_url', 'api_version', 'custom_llm_provider'])

/** Parts of `metadata` that speak to the gateway; the rest is OpenAI's own `metadata`. */
const METADATA_FIELDS = new Set([
  'tags',
  'session_id',
  'spend_logs_metadata',
  'alerting_metadata',
  'generation_name',
  'generation_id',
  'trace_id',
  'trace_name',
  'trace_user_id',
  'trace_metadata',
  'mask_input',
  'mask_output',
  'no-log',
])

/** Known and without effect so far: an answer says that they were dropped. */
const NOT_BUILT = new Set([
  'guardrails',
  'guardrail_config',
  'keepalive_seconds',
  'allowed_openai_params',
  'no-log',
  'litellm_request_debug',
])

type Shape = readonly [expected: string, fits: (value: unknown) => boolean]

// A number may come as a text, as in the headers of the same meaning.
const seconds: Shape = ['a number of seconds, 0 or more', (value) => toNumber(value) >= 0]
const count: Shape = ['a whole number, 0 or more', (value) => toNumber(value) >= 0 && Number.isInteger(Number(value))]
const flag: Shape = ['true or false', (value) => typeof value === 'boolean']
const names: Shape = [
  'a list of texts',
  (value) => Array.isArray(value) && value.every((name) => typeof name === 'string'),
]
const map: Shape = ['a map', (value) => typeof value === 'object' && !Array.isArray(value)]

/** What the gateway's fields are. The others are checked by the plugin that reads them. */
const SHAPES: ReadonlyMap<string, Shape> = new Map([
  ['timeout', seconds],
  ['stream_timeout', seconds],
  ['num_retries', count],
  ['max_retries', count],
  ['disable_fallbacks', flag],
  ['context_window_fallback_dict', map],
  ['drop_params', flag],
  ['additional_drop_params', names],
  ['cache', map],
  ['caching', flag],
  ['tags', names],
  ['litellm_metadata', map],
  ['mock_timeout', flag],
  ['mock_testing_fallbacks', flag],
  ['mock_testing_context_window_fallbacks', flag],
  ['mock_testing_content_policy_fallbacks', flag],
  ['mock_testing_rate_limit_error', flag],
])

const NONE: readonly string[] = []

/**
 * The gateway's own fields among a body's members; throws a 400 on those that a caller may not set, and on `Model`: Go's
 * encoding/json, which Ollama reads requests with, takes it for `model`, and of two the last.
 */
export function gatewayFields(members: readonly { readonly key: string }[]): readonly string[] {
  let found: string[] | undefined
  for (const { key } of members) {
    if (GATEWAY_FIELDS.has(key)) (found ??= []).push(key)
    else if (REFUSED_FIELDS.has(key)) {
      throw invalidRequest(`\`${key}\` cannot be set by a request to this gateway.`, key, 'forbidden_parameter')
    } else if (key.length === 5 && key !== 'model' && key.toLowerCase() === 'model') {
      throw invalidRequest(`Write \`model\` in small letters: some providers would take \`${key}\` for it.`, key)
    }
  }
  return found ?? NONE
}

/** Throws a 400 on one of the gateway's own fields that is not what it must be; null is as good as absent. */
export function checkGatewayFields(fields: readonly string[], body: Readonly<Record<string, unknown>>): void {
  for (const key of fields) {
    const shape = SHAPES.get(key)
    const value = body[key]
    if (shape === undefined || value === undefined || value === null || shape[1](value)) continue
    throw invalidRequest(`Invalid value for '${key}': expected ${shape[0]}.`, key, 'invalid_value')
  }
}

/** Which of a call's fields have no effect. */
export function fieldsNotBuilt(fields: readonly string[]): string[] {
  return fields.length === 0 ? [] : fields.filter((key) => NOT_BUILT.has(key))
}

/** What LiteLLM writes of the caller into metadata: a caller who writes it claims to be somebody. */
const CLAIM = 'user_api_key'

/** `metadata` without the gateway's parts; undefined when nothing is left for the provider. */
export function providerMetadata(metadata: unknown): { changed: boolean; value: Record<string, unknown> | undefined } {
  if (typeof metadata !== 'object' || metadata === null) return { changed: false, value: undefined }
  const entries = Object.entries(metadata)
  const kept = entries.filter(([key]) => !METADATA_FIELDS.has(key) && !key.startsWith(CLAIM))
  if (kept.length === entries.length) return { changed: false, value: undefined }
  return { changed: true, value: kept.length > 0 ? Object.fromEntries(kept) : undefined }
}

function toNumber(value: unknown): number {
  const number = typeof value === 'string' && value.trim() !== '' ? Number(value) : value
  return typeof number === 'number' && Number.isFinite(number) ? number : NaN
}

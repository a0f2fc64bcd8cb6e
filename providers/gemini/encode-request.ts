import type { Call, Translation } from '../../src/index.ts'
import type { Dialect, EncodeContext } from './dialect.ts'
import { CONFIG_FIELDS, encodeConfig, toConfigKey } from './encode-config.ts'
import { encodeContents } from './encode-contents.ts'
import { encodeTools } from './encode-tools.ts'
import { isObject, listOf, textOf, type Json } from './json.ts'
import { modelFeatures } from './model-features.ts'

/**
 * What has a place in the translation, or belongs to the gateway (`model`, `stream`; `user` and `safety_identifier`
 * name the end user, whom the gateway itself accounts for).
 */
const KNOWN: ReadonlySet<string> = new Set([
  ...CONFIG_FIELDS,
  ...(
    'model,stream,stream_options,user,safety_identifier,messages,tools,tool_choice,parallel_tool_calls,functions,' +
    'function_call,web_search_options,service_tier,generationConfig,generation_config,toolConfig,tool_config,' +
    'safetySettings,safety_settings,cachedContent,cached_content,__proto__'
  ).split(','),
])

/** Values that ask for what happens anyway. */
const NEUTRAL: Readonly<Record<string, (value: unknown) => boolean>> = {
  logit_bias: (value) => isObject(value) && Object.keys(value).length === 0,
  metadata: (value) => isObject(value) && Object.keys(value).length === 0,
  store: (value) => value === false,
  verbosity: (value) => value === 'medium',
  prompt_cache_retention: (value) => value === 'in_memory',
}

/**
 * OpenAI's chat request as the body of generateContent and streamGenerateContent. Fields without a counterpart are
 * refused by name, Gemini's own pass.
 */
export function encodeRequest(call: Call, translation: Translation, dialect: Dialect): Json {
  const { body } = call
  const context: EncodeContext = { translation, dialect, features: modelFeatures(translation.target.model) }
  refuseOthers(body, translation)
  const { system, contents } = encodeContents(body['messages'], context)
  const config = encodeConfig(call, context)
  const out: Json = {}
  if (system.length) out['systemInstruction'] = { parts: system }
  out['contents'] = contents
  Object.assign(out, encodeTools(body, context))
  const safety = listOf(body['safetySettings'] ?? body['safety_settings'])
  if (safety.length) out['safetySettings'] = safety
  const cached = textOf(body['cachedContent'] ?? body['cached_content'])
  if (cached) out['cachedContent'] = cached
  if (Object.keys(config).length) out['generationConfig'] = config
  const tier = encodeTier(body['service_tier'], context)
  if (tier) out['serviceTier'] = tier
  return out
}

function refuseOthers(body: Readonly<Json>, translation: Translation): void {
  for (const [field, value] of Object.entries(body)) {
    if (value === null || value === undefined || KNOWN.has(field) || toConfigKey(field)) continue
    if (Object.hasOwn(NEUTRAL, field) && NEUTRAL[field]!(value)) continue
    translation.unsupported(field)
  }
}

/** "Flex inference" and "Priority inference": the tiers that OpenAI calls by the same names. */
function encodeTier(tier: unknown, { dialect, translation }: EncodeContext): string | undefined {
  if (tier === undefined || tier === null || tier === 'auto' || tier === 'default' || tier === 'standard')
    return undefined
  if (dialect.serviceTier && (tier === 'flex' || tier === 'priority')) return tier
  translation.unsupported('service_tier', 'Gemini can be told auto, default, flex or priority')
  return undefined
}

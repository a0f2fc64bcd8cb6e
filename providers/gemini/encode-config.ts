import { invalidRequest, type Call } from '../../src/index.ts'
import type { EncodeContext } from './dialect.ts'
import { encodeOpenAPISchema } from './encode-openapi-schema.ts'
import { encodeSchema } from './encode-schema.ts'
import { encodeThinking } from './encode-thinking.ts'
import { camelCase, isObject, listOf, textOf, type Json } from './json.ts'

/** OpenAI's fields that only change their names. */
const RENAMED: Readonly<Record<string, string>> = {
  temperature: 'temperature',
  top_p: 'topP',
  top_k: 'topK',
  seed: 'seed',
  presence_penalty: 'presencePenalty',
  frequency_penalty: 'frequencyPenalty',
}

/** OpenAI's fields that {@link encodeConfig} reads. */
export const CONFIG_FIELDS: readonly string[] = [
  ...Object.keys(RENAMED),
  ...(
    'max_tokens,max_completion_tokens,n,stop,logprobs,top_logprobs,modalities,audio,response_format,reasoning_effort,' +
    'thinking'
  ).split(','),
]

/** Fields of `GenerationConfig` that clients may give as they are, in either spelling. */
const OWN = new Set(
  (
    'topP,topK,candidateCount,maxOutputTokens,stopSequences,presencePenalty,frequencyPenalty,responseMimeType,' +
    'responseSchema,responseJsonSchema,responseModalities,responseLogprobs,thinkingConfig,speechConfig,imageConfig,' +
    'mediaResolution,enableEnhancedCivicAnswers,enableAffectiveDialog,audioTimestamp,routingConfig,modelSelectionConfig'
  ).split(','),
)

/** The name of a field of Gemini's own `generationConfig`; undefined for all others. */
export function toConfigKey(field: string): string | undefined {
  const key = camelCase(field)
  return OWN.has(key) && !CONFIG_FIELDS.includes(field) ? key : undefined
}

/** Everything about how to generate, as `generationConfig`. What the client says in Gemini's own words wins. */
export function encodeConfig(call: Call, context: EncodeContext): Json {
  const { body } = call
  const out: Json = {}
  for (const [field, key] of Object.entries(RENAMED)) {
    const value = body[field]
    // A penalty of 0 is none, and some models refuse even that.
    if (value === undefined || value === null || (key.endsWith('Penalty') && value === 0)) continue
    out[key] = value
  }
  const max = body['max_completion_tokens'] ?? body['max_tokens'] ?? undefined
  if (max !== undefined) out['maxOutputTokens'] = max
  if (typeof body['n'] === 'number' && body['n'] !== 1) out['candidateCount'] = body['n']
  const stop = encodeStop(body['stop'], context)
  if (stop) out['stopSequences'] = stop
  Object.assign(out, encodeLogprobs(call, context), encodeModalities(body, context), encodeFormat(body, context))
  const resolution = toResolution(body['messages'])
  if (resolution) out['mediaResolution'] = resolution
  const own = ownFields(body)
  const thinking = own['thinkingConfig'] === undefined ? encodeThinking(body, context) : undefined
  if (thinking) out['thinkingConfig'] = thinking
  return { ...out, ...own }
}

function ownFields(body: Readonly<Json>): Json {
  const out: Json = {}
  for (const field of Object.keys(body)) {
    const key = toConfigKey(field)
    if (key && body[field] !== null && body[field] !== undefined) out[key] = body[field]
  }
  const config = body['generationConfig'] ?? body['generation_config']
  if (!isObject(config)) return out
  return { ...out, ...Object.fromEntries(Object.entries(config).map(([key, value]) => [camelCase(key), value])) }
}

function encodeStop(stop: unknown, { translation }: EncodeContext): string[] | undefined {
  if (stop === undefined || stop === null) return undefined
  const list: unknown[] = Array.isArray(stop) ? stop : [stop]
  const texts = list.filter((each): each is string => typeof each === 'string')
  if (texts.length < list.length) throw invalidRequest('`stop` must be a string or a list of strings', 'stop')
  const said = texts.filter((each) => each !== '')
  if (said.length > 5) translation.unsupported('stop', 'Gemini takes at most 5 stop sequences')
  return said.length ? said.slice(0, 5) : undefined
}

function encodeLogprobs(call: Call, { translation }: EncodeContext): Json {
  const { logprobs, top_logprobs: top } = call.body
  const wanted = logprobs === true || typeof logprobs === 'number' || (typeof top === 'number' && top > 0)
  if (!wanted) return {}
  if (call.stream) {
    translation.unsupported('logprobs', 'a translated stream has no place for them')
    return {}
  }
  const count = typeof logprobs === 'number' ? logprobs : top
  return { responseLogprobs: true, ...(typeof count === 'number' && count > 0 ? { logprobs: count } : {}) }
}

function encodeModalities({ modalities, audio }: Readonly<Json>, { translation }: EncodeContext): Json {
  const wanted = listOf(modalities).map((each) => textOf(each).toUpperCase())
  if (!wanted.length || wanted.every((each) => each === 'TEXT')) {
    if (audio) translation.unsupported('audio', 'it needs the modality audio')
    return {}
  }
  // OpenAI's `text` beside `audio` is a transcript, which Gemini's speech models do not give.
  const responseModalities = wanted.includes('AUDIO') ? ['AUDIO'] : wanted
  if (!isObject(audio) || !wanted.includes('AUDIO')) return { responseModalities }
  if (audio['format'] != null && audio['format'] !== 'pcm16') {
    translation.unsupported('audio.format', 'Gemini makes pcm16')
  }
  const voiceName = textOf(audio['voice'])
  if (!voiceName) return { responseModalities }
  return { responseModalities, speechConfig: { voiceConfig: { prebuiltVoiceConfig: { voiceName } } } }
}

function encodeFormat(body: Readonly<Json>, { dialect, features, translation }: EncodeContext): Json {
  const format = body['response_format'] ?? undefined
  if (format === undefined) return {}
  const type = isObject(format) ? format['type'] : undefined
  if (type === 'text') return {}
  if (type === 'json_object') return { responseMimeType: 'application/json' }
  if (!isObject(format) || type !== 'json_schema') {
    translation.unsupported('response_format', 'Gemini can be told text, json_object or json_schema')
    return {}
  }
  const schema = isObject(format['json_schema']) ? format['json_schema']['schema'] : undefined
  if (!isObject(schema)) {
    const path = 'response_format.json_schema.schema'
    throw invalidRequest(`\`${path}\` must be an object`, path)
  }
  const answer =
    dialect.jsonSchema && features.jsonSchema
      ? { responseJsonSchema: encodeSchema(schema) }
      : { responseSchema: encodeOpenAPISchema(schema) }
  return { responseMimeType: 'application/json', ...answer }
}

/** OpenAI says per image how closely to look (`detail`), Gemini once for all media: the closest look wins. */
function toResolution(messages: unknown): string | undefined {
  const details = new Set<unknown>()
  for (const message of listOf(messages)) {
    for (const part of isObject(message) ? listOf(message['content']) : []) {
      if (isObject(part) && isObject(part['image_url'])) details.add(part['image_url']['detail'])
    }
  }
  if (details.has('high') || details.has('original')) return 'MEDIA_RESOLUTION_HIGH'
  if (details.has('medium')) return 'MEDIA_RESOLUTION_MEDIUM'
  return details.has('low') && !details.has('auto') && !details.has(undefined) ? 'MEDIA_RESOLUTION_LOW' : undefined
}

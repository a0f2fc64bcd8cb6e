import { invalidRequest } from '../../src/index.ts'
import type { Call, Translation } from '../../src/index.ts'
import { booleanField, given, isRecord, numberField, refuseOthers } from './fields.ts'
import type { Fields } from './fields.ts'
import { toOllamaMessages } from './messages.ts'
import { OPTION_FIELDS, toOllamaOptions } from './options.ts'
import { THINK_FIELDS, toThink } from './think.ts'
import { TOOL_FIELDS, toOllamaTools } from './tools.ts'

/** What a deployment adds to every request. */
export interface RequestDefaults {
  readonly keepAlive: string | number | undefined
  readonly options: Fields | undefined
}

const KNOWN: ReadonlySet<string> = new Set([
  ...OPTION_FIELDS,
  ...THINK_FIELDS,
  ...TOOL_FIELDS,
  'messages',
  'response_format',
  'format',
  'keep_alive',
  'logprobs',
  'top_logprobs',
  'truncate',
  'shift',
])

/** OpenAI's chat request as the body of Ollama's `POST /api/chat` (docs/api.md, "Generate a chat completion"). */
export function encodeChat(call: Call, translation: Translation, defaults: RequestDefaults): Record<string, unknown> {
  const { body } = call
  refuseOthers(body, KNOWN, translation)
  return {
    model: translation.target.model,
    messages: toOllamaMessages(given(body, 'messages'), translation),
    tools: toOllamaTools(body, translation),
    format: toFormat(body, translation),
    think: toThink(body, translation),
    ...toLogprobs(call, translation),
    truncate: booleanField(body, 'truncate'),
    shift: booleanField(body, 'shift'),
    keep_alive: given(body, 'keep_alive') ?? defaults.keepAlive,
    options: toOllamaOptions(body, defaults.options),
    stream: call.stream,
  }
}

/** `response_format` as Ollama's `format`: `json`, or the schema that the answer must follow. */
export function toFormat(fields: Fields, translation: Translation): unknown {
  const wanted = given(fields, 'response_format')
  if (wanted === undefined) return given(fields, 'format')
  const type = isRecord(wanted) ? wanted['type'] : undefined
  if (type === 'text') return undefined
  if (type === 'json_object') return 'json'
  if (!isRecord(wanted) || type !== 'json_schema') {
    translation.unsupported('response_format', 'Ollama knows text, json_object and json_schema')
    return undefined
  }
  const schema = isRecord(wanted['json_schema']) ? wanted['json_schema']['schema'] : undefined
  if (isRecord(schema)) return schema
  throw invalidRequest('`response_format.json_schema.schema` must be an object', 'response_format.json_schema.schema')
}

/** Ollama gives log probabilities in a stream too, but a translated stream has no place for them. */
function toLogprobs(call: Call, translation: Translation): Record<string, unknown> {
  const logprobs = booleanField(call.body, 'logprobs')
  const top = numberField(call.body, 'top_logprobs')
  if (logprobs !== true) return {}
  if (call.stream) {
    translation.unsupported('logprobs', 'log probabilities are not available in streams of this provider')
    return {}
  }
  return { logprobs, top_logprobs: top }
}

import { invalidRequest } from '../../src/index.ts'
import type { Call, Translation } from '../../src/index.ts'
import { toFormat } from './encode-chat.ts'
import type { RequestDefaults } from './encode-chat.ts'
import { booleanField, given, numberField, refuseOthers, stringField } from './fields.ts'
import { OPTION_FIELDS, toOllamaOptions } from './options.ts'
import { THINK_FIELDS, toThink } from './think.ts'

const KNOWN: ReadonlySet<string> = new Set([
  ...OPTION_FIELDS,
  ...THINK_FIELDS,
  'prompt',
  'suffix',
  'response_format',
  'format',
  'keep_alive',
  'logprobs',
  'raw',
  'system',
  'template',
  'truncate',
  'shift',
])

/**
 * OpenAI's text completion as the body of Ollama's `POST /api/generate` (docs/api.md, "Generate a completion"). The
 * model's template is applied, as Ollama's own `/v1/completions` does; `raw: true` in the request turns that off.
 */
export function encodeCompletion(
  call: Call,
  translation: Translation,
  defaults: RequestDefaults,
): Record<string, unknown> {
  const { body } = call
  refuseOthers(body, KNOWN, translation)
  return {
    model: translation.target.model,
    prompt: toPrompt(given(body, 'prompt'), translation),
    suffix: stringField(body, 'suffix'),
    system: stringField(body, 'system'),
    template: stringField(body, 'template'),
    raw: booleanField(body, 'raw'),
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

function toPrompt(prompt: unknown, translation: Translation): string {
  if (typeof prompt === 'string') return prompt
  if (!Array.isArray(prompt) || prompt.length === 0) {
    throw invalidRequest('`prompt` must be a string or a list with one string', 'prompt')
  }
  const first: unknown = prompt[0]
  if (typeof first !== 'string') {
    throw invalidRequest('Ollama takes prompts as text, not as tokens', 'prompt', 'unsupported_parameter')
  }
  if (prompt.length > 1) translation.unsupported('prompt', 'Ollama takes one prompt per request')
  return first
}

/** In this API `logprobs` is the number of alternatives per token; 0 asks for the chosen token's alone. */
function toLogprobs(call: Call, translation: Translation): Record<string, unknown> {
  const top = numberField(call.body, 'logprobs')
  if (top === undefined) return {}
  if (call.stream) {
    translation.unsupported('logprobs', 'log probabilities are not available in streams of this provider')
    return {}
  }
  return { logprobs: true, top_logprobs: top }
}

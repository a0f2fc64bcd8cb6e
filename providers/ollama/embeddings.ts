import { GatewayError, invalidRequest } from '../../src/index.ts'
import type { Call, EmbeddingList, Target, Translation } from '../../src/index.ts'
import { toAnswer } from './answer.ts'
import type { RequestDefaults } from './encode-chat.ts'
import { booleanField, given, numberField, refuseOthers } from './fields.ts'
import { OPTION_FIELDS, toOllamaOptions } from './options.ts'
import { toBase64Floats } from './base64-floats.ts'

const KNOWN: ReadonlySet<string> = new Set([
  ...OPTION_FIELDS,
  'input',
  'encoding_format',
  'dimensions',
  'truncate',
  'keep_alive',
])

/** OpenAI's embeddings request as the body of `POST /api/embed` (docs/api.md, "Generate Embeddings"). */
export function encodeEmbeddings(
  call: Call,
  translation: Translation,
  defaults: RequestDefaults,
): Record<string, unknown> {
  const { body } = call
  refuseOthers(body, KNOWN, translation)
  const format = given(body, 'encoding_format') ?? 'float'
  if (format !== 'float' && format !== 'base64') {
    throw invalidRequest('`encoding_format` must be float or base64', 'encoding_format')
  }
  return {
    model: translation.target.model,
    input: toInput(given(body, 'input')),
    dimensions: numberField(body, 'dimensions'),
    truncate: booleanField(body, 'truncate'),
    keep_alive: given(body, 'keep_alive') ?? defaults.keepAlive,
    options: toOllamaOptions(body, defaults.options),
  }
}

/** An answer of `/api/embed` as OpenAI's list, in the encoding that the client asked for. */
export function decodeEmbeddings(body: unknown, call: Call, target: Target): EmbeddingList {
  const answer = toAnswer(body)
  const vectors = answer['embeddings']
  if (!Array.isArray(vectors)) {
    throw new GatewayError(502, 'the answer holds no embeddings', {
      code: 'bad_upstream_answer',
      origin: 'provider',
      provider: 'ollama',
    })
  }
  const base64 = call.body['encoding_format'] === 'base64'
  const tokens = typeof answer['prompt_eval_count'] === 'number' ? answer['prompt_eval_count'] : 0
  return {
    object: 'list',
    data: vectors.map((vector: number[], index) => ({
      object: 'embedding',
      index,
      embedding: base64 ? toBase64Floats(vector) : vector,
    })),
    model: target.model,
    usage: { prompt_tokens: tokens, total_tokens: tokens },
  }
}

function toInput(input: unknown): string | string[] {
  if (typeof input === 'string') return input
  if (!Array.isArray(input) || input.length === 0) {
    throw invalidRequest('`input` must be a string or a list of strings', 'input')
  }
  if (input.every((entry) => typeof entry === 'string')) return input
  throw invalidRequest('Ollama takes input as text, not as tokens', 'input', 'unsupported_parameter')
}

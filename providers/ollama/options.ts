import { invalidRequest } from '../../src/index.ts'
import { booleanField, given, isRecord, numberField, stopField } from './fields.ts'
import type { Fields } from './fields.ts'

// Ollama's `options` (docs/modelfile.md "Valid parameters and values", docs/api.md "Generate request (With options)").
// Several carry OpenAI's own names.
const NUMBERS = [
  'temperature',
  'top_p',
  'top_k',
  'min_p',
  'typical_p',
  'tfs_z',
  'seed',
  'frequency_penalty',
  'presence_penalty',
  'repeat_penalty',
  'repeat_last_n',
  'mirostat',
  'mirostat_eta',
  'mirostat_tau',
  'num_keep',
  'num_predict',
  'num_ctx',
  'num_batch',
  'num_gpu',
  'main_gpu',
  'num_thread',
] as const
const BOOLEANS = ['penalize_newline', 'numa', 'low_vram', 'vocab_only', 'use_mmap', 'use_mlock'] as const

/** The request fields that {@link toOllamaOptions} reads. */
export const OPTION_FIELDS: readonly string[] = [
  ...NUMBERS,
  ...BOOLEANS,
  'stop',
  'max_tokens',
  'max_completion_tokens',
  'options',
]

/**
 * Sampling and runtime fields as Ollama's `options`; undefined where there are none. What the request names wins over
 * its `options` object, which wins over the configured defaults.
 */
export function toOllamaOptions(fields: Fields, defaults: Fields | undefined): Record<string, unknown> | undefined {
  const own = given(fields, 'options')
  if (own !== undefined && !isRecord(own)) throw invalidRequest('`options` must be an object', 'options')
  const options: Record<string, unknown> = { ...defaults, ...own }
  const set = (name: string, value: unknown) => {
    if (value !== undefined) options[name] = value
  }
  for (const name of NUMBERS) set(name, numberField(fields, name))
  for (const name of BOOLEANS) set(name, booleanField(fields, name))
  set('stop', stopField(fields))
  set('num_predict', numberField(fields, 'max_tokens'))
  set('num_predict', numberField(fields, 'max_completion_tokens'))
  return Object.keys(options).length > 0 ? options : undefined
}

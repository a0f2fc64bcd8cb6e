import { makeOpenAILike } from '../src/index.ts'

/** The others think where `reasoning_effort` says so (docs.mistral.ai, "Reasoning"). */
const ALWAYS_THINKS = /magistral/i

/** Mistral's API rejects fields it does not know (422): its own names and gaps, from its API reference. */
export default makeOpenAILike({
  name: 'mistral',
  baseURL: 'https://api.mistral.ai/v1',
  env: { apiKey: 'MISTRAL_API_KEY', baseURL: 'MISTRAL_API_BASE' },
  claims: [
    'mistral-*',
    'ministral-*',
    'magistral-*',
    'codestral-*',
    'devstral-*',
    'pixtral-*',
    'open-mistral-*',
    'open-mixtral-*',
  ],
  streamUsage: false,
  rename: { seed: 'random_seed', max_completion_tokens: 'max_tokens', dimensions: 'output_dimension' },
  unsupported: ['logit_bias', 'logprobs', 'top_logprobs', 'functions', 'function_call', 'modalities', 'audio'],
  consume: ['user', 'store'],
  completions: () => false,
  developerRole: false,
  foreignFields: ['reasoning_content', 'thinking_blocks', 'provider_specific_fields', 'extra_content', 'annotations'],
  thinkingParts: (model, { reasoning_effort: effort }) =>
    ALWAYS_THINKS.test(model) || (typeof effort === 'string' && effort !== 'none'),
})

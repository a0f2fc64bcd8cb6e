import { makeOpenAILike } from '../src/index.ts'

/** What Groq's API lacks ("OpenAI compatibility", unsupported features): text completions and these fields, and any `n` but 1. */
export default makeOpenAILike({
  name: 'groq',
  baseURL: 'https://api.groq.com/openai/v1',
  unsupported: ['logit_bias', 'logprobs', 'top_logprobs', 'n'],
  completions: () => false,
  foreignFields: ['reasoning_content', 'thinking_blocks', 'provider_specific_fields', 'extra_content', 'annotations'],
  env: { apiKey: 'GROQ_API_KEY', baseURL: 'GROQ_API_BASE' },
})

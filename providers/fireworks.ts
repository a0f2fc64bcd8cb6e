import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'fireworks',
  baseURL: 'https://api.fireworks.ai/inference/v1',
  env: { apiKey: ['FIREWORKS_AI_API_KEY', 'FIREWORKS_API_KEY'], baseURL: 'FIREWORKS_API_BASE' },
  // "Extra inputs are not permitted"; its own models' `reasoning_content` it takes back.
  foreignFields: ['thinking_blocks', 'provider_specific_fields', 'extra_content'],
  aliases: ['fireworks_ai'],
})

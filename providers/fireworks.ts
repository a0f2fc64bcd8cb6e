import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'fireworks',
  baseURL: 'https://api.fireworks.ai/inference/v1',
  env: { apiKey: ['FIREWORKS_AI_API_KEY', 'FIREWORKS_API_KEY'], baseURL: 'FIREWORKS_API_BASE' },
  aliases: ['fireworks_ai'],
})

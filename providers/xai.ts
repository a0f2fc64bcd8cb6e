import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'xai',
  baseURL: 'https://api.x.ai/v1',
  env: { apiKey: 'XAI_API_KEY', baseURL: 'XAI_API_BASE' },
  claims: ['grok-*'],
  priceProvider: 'x-ai',
})

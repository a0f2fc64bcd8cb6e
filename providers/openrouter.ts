import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'openrouter',
  baseURL: 'https://openrouter.ai/api/v1',
  env: { apiKey: 'OPENROUTER_API_KEY', baseURL: 'OPENROUTER_API_BASE' },
})

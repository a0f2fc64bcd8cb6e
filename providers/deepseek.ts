import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'deepseek',
  baseURL: 'https://api.deepseek.com/v1',
  env: { apiKey: 'DEEPSEEK_API_KEY', baseURL: 'DEEPSEEK_API_BASE' },
  claims: ['deepseek-*'],
})

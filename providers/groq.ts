import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'groq',
  baseURL: 'https://api.groq.com/openai/v1',
  env: { apiKey: 'GROQ_API_KEY', baseURL: 'GROQ_API_BASE' },
})

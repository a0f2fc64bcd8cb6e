import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'together',
  baseURL: 'https://api.together.xyz/v1',
  env: { apiKey: ['TOGETHERAI_API_KEY', 'TOGETHER_API_KEY'], baseURL: 'TOGETHERAI_API_BASE' },
  aliases: ['together_ai'],
})

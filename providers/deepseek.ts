import { makeOpenAILike } from '../src/index.ts'

/**
 * DeepSeek's API takes `max_completion_tokens` and ignores it, refuses the role `developer`, and has text completions at its
 * beta address alone (API reference, "Create chat completion" and "Create FIM completion").
 */
export default makeOpenAILike({
  name: 'deepseek',
  baseURL: 'https://api.deepseek.com/v1',
  env: { apiKey: 'DEEPSEEK_API_KEY', baseURL: 'DEEPSEEK_API_BASE' },
  claims: ['deepseek-*'],
  rename: { max_completion_tokens: 'max_tokens' },
  completions: (_model, base) => base.endsWith('/beta'),
  developerRole: false,
})

import { makeOpenAILike } from '../src/index.ts'

export default makeOpenAILike({
  name: 'perplexity',
  baseURL: 'https://api.perplexity.ai',
  env: { apiKey: ['PERPLEXITYAI_API_KEY', 'PERPLEXITY_API_KEY'], baseURL: 'PERPLEXITY_API_BASE' },
  claims: ['sonar*'],
  streamUsage: false,
  rename: { max_completion_tokens: 'max_tokens' },
  completions: () => false,
  developerRole: false,
})

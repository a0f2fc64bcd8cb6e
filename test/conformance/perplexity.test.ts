import perplexity from '../../providers/perplexity.ts'
import { testProvider } from '../suites/provider.ts'
import { openAIFixtures, withUsageOnFinish } from './openai-fixtures.ts'

const apiKey = 'sk-suite-0123456789abcdef'

testProvider({
  definition: perplexity,
  options: (url) => ({ apiKey, baseURL: url }),
  apiKey,
  model: 'upstream-model',
  ...withUsageOnFinish(openAIFixtures),
})

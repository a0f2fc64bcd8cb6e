import perplexity from '../../providers/perplexity.ts'
import { testProvider } from '../suites/provider.ts'
import { openAIFixtures, withUsageOnFinish } from './openai-fixtures.ts'

const apiKey = 'sk-suite-0123456789abcdef'
const fixtures = withUsageOnFinish(openAIFixtures)

testProvider({
  definition: perplexity,
  options: (url) => ({ apiKey, baseURL: url }),
  apiKey,
  model: 'upstream-model',
  ...fixtures,
  features: [
    ...fixtures.features.filter(({ name }) => name !== 'several choices'),
    { name: 'its own name of the limit', ask: { max_completion_tokens: 5 }, sent: { max_tokens: 5 } },
  ],
})

import perplexity from '../../providers/perplexity.ts'
import { openAIFixtures, withUsageOnFinish } from '../suites/openai-fixtures.ts'
import { testProvider } from '../suites/provider.ts'

const fixtures = withUsageOnFinish(openAIFixtures)

testProvider({
  ...fixtures,
  definition: perplexity,
  features: [
    ...fixtures.features.filter(({ name }) => name !== 'several choices'),
    { name: 'its own name of the limit', ask: { max_completion_tokens: 5 }, sent: { max_tokens: 5 } },
  ],
})

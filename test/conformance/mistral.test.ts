import mistral from '../../providers/mistral.ts'
import { testProvider } from '../suites/provider.ts'
import { openAIFixtures, withUsageOnFinish } from '../suites/openai-fixtures.ts'

const fixtures = withUsageOnFinish(openAIFixtures)

testProvider({
  ...fixtures,
  definition: mistral,
  features: [
    ...fixtures.features.filter(({ name }) => name !== 'several choices'),
    { name: 'its own names', ask: { seed: 7, max_completion_tokens: 5 }, sent: { random_seed: 7, max_tokens: 5 } },
  ],
  unsupported: [
    { ask: { logprobs: true }, param: 'logprobs' },
    { ask: { logit_bias: { '1': 2 } }, param: 'logit_bias' },
    { ask: { functions: [{ name: 'f' }] }, param: 'functions' },
  ],
})

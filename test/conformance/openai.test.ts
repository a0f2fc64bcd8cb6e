import openai from '../../providers/openai.ts'
import { testProvider } from '../suites/provider.ts'
import { openAIFixtures } from './openai-fixtures.ts'

const apiKey = 'sk-suite-0123456789abcdef'

testProvider({
  definition: openai,
  options: (url) => ({ apiKey, baseURL: url }),
  apiKey,
  model: 'upstream-model',
  ...openAIFixtures,
})

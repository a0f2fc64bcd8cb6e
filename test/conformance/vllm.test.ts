import vllm from '../../providers/vllm.ts'
import { testProvider } from '../suites/provider.ts'
import { openAIFixtures } from './openai-fixtures.ts'

const apiKey = 'sk-suite-0123456789abcdef'

testProvider({
  definition: vllm,
  options: (url) => ({ apiKey, baseURL: `${url}/v1/` }),
  apiKey,
  model: 'upstream-model',
  ...openAIFixtures,
  main: { ...openAIFixtures.main, sent: { ...openAIFixtures.main.sent, path: '/v1/chat/completions' } },
})

import vllm from '../../providers/vllm.ts'
import { testProvider } from '../suites/provider.ts'
import { openAIFixtures } from '../suites/openai-fixtures.ts'

const { main, apiKey } = openAIFixtures

testProvider({
  ...openAIFixtures,
  definition: vllm,
  options: (url) => ({ apiKey, baseURL: `${url}/v1/` }),
  main: { ...main, sent: { ...main.sent, path: '/v1/chat/completions' } },
})

import { makeOpenAILike } from '@ungate/gateway'
import { openAIFixtures, testProvider } from '../suites/index.ts'

// The provider of the README, and its test of docs/plugins.md.
const acme = makeOpenAILike({
  name: 'acme',
  baseURL: 'https://api.acme.example/v1',
  env: { apiKey: 'ACME_API_KEY' },
})

testProvider({ ...openAIFixtures, definition: acme })

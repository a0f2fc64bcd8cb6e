import azure from '../../providers/azure.ts'
import { testProvider } from '../suites/provider.ts'
import { openAIFixtures } from '../suites/openai-fixtures.ts'

const apiKey = '0123456789abcdef0123456789abcdef'
const { main, errors } = openAIFixtures

testProvider({
  ...openAIFixtures,
  definition: azure,
  options: (url) => ({ apiKey, baseURL: url, apiVersion: '2024-10-21' }),
  apiKey,
  main: {
    ...main,
    sent: {
      path: '/openai/deployments/upstream-model/chat/completions?api-version=2024-10-21',
      headers: { 'content-type': 'application/json', 'api-key': apiKey },
      body: main.sent.body,
    },
  },
  errors: {
    ...errors,
    // Azure numbers its own refusals (Azure OpenAI, "Error codes") and filters by a code of its own.
    400: {
      body: JSON.stringify({
        error: {
          message: 'The response was filtered.',
          type: null,
          param: 'prompt',
          code: 'content_filter',
          status: 400,
        },
      }),
      type: 'invalid_request_error',
      code: 'content_policy_violation',
    },
    401: {
      body: JSON.stringify({ error: { code: '401', message: 'Access denied due to invalid subscription key {key}.' } }),
      type: 'authentication_error',
      code: '401',
    },
  },
})

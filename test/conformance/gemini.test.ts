import gemini from '../../providers/gemini/index.ts'
import { testProvider } from '../suites/provider.ts'
import { image, toolConversation, weather } from '../suites/openai-fixtures.ts'

const apiKey = 'AIzaSuite-0123456789abcdef'
const model = 'gemini-2.5-flash'
const usage = { prompt_tokens: 11, completion_tokens: 7 }

const body = {
  systemInstruction: { parts: [{ text: 'Be short.' }] },
  contents: [{ role: 'user', parts: [{ text: 'Which bird?' }] }],
  generationConfig: { temperature: 0.5 },
}

testProvider({
  definition: gemini,
  options: (url) => ({ apiKey, baseURL: url }),
  apiKey,
  model,
  sameWire: false,
  marker: 'pelican',
  main: {
    request: {
      messages: [
        { role: 'system', content: 'Be short.' },
        { role: 'user', content: 'Which bird?' },
      ],
      temperature: 0.5,
    },
    sent: {
      path: `/v1beta/models/${model}:generateContent`,
      headers: { 'content-type': 'application/json', 'x-goog-api-key': apiKey },
      body,
    },
    sentStream: { path: `/v1beta/models/${model}:streamGenerateContent?alt=sse` },
    answer: answer([{ text: 'Ein pelican – schön! 🐦' }]),
    stream: stream([[{ text: 'Ein ' }], [{ text: 'pelican' }], [{ text: ' – schön! 🐦' }]]),
    expect: { text: 'Ein pelican – schön! 🐦', finish: 'stop', usage },
  },
  finishes: [
    { name: 'MAX_TOKENS', answer: answer([{ text: 'Ein' }], 'MAX_TOKENS'), finish: 'length' },
    { name: 'SAFETY', answer: answer([], 'SAFETY'), finish: 'content_filter' },
    {
      name: 'a blocked prompt',
      answer: {
        promptFeedback: { blockReason: 'SAFETY' },
        usageMetadata: { promptTokenCount: 11, totalTokenCount: 11 },
      },
      finish: 'content_filter',
    },
  ],
  answers: [
    {
      name: 'thoughts',
      ask: { reasoning_effort: 'low' },
      answer: answer([{ text: '2 + 2 = 4 ✓', thought: true }, { text: '4' }]),
      stream: stream([[{ text: '2 + 2', thought: true }], [{ text: ' = 4 ✓', thought: true }], [{ text: '4' }]]),
      expect: { text: '4', reasoning: '2 + 2 = 4 ✓', finish: 'stop', usage },
    },
    {
      name: 'code that the provider runs is no call of the client',
      answer: answer([
        { executableCode: { language: 'PYTHON', code: 'print(1)' } },
        { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } },
        { text: 'Ein pelican.' },
      ]),
      stream: stream([
        [{ executableCode: { language: 'PYTHON', code: 'print(1)' } }],
        [{ codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1' } }],
        [{ text: 'Ein pelican.' }],
      ]),
      expect: { text: 'Ein pelican.', finish: 'stop', usage },
    },
  ],
  tools: {
    ask: { tools: [weather()], tool_choice: 'auto' },
    sent: {
      tools: [
        {
          functionDeclarations: [
            { name: 'weather', description: 'Weather of a city', parametersJsonSchema: weather().function.parameters },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
    },
    one: {
      answer: answer([call('Köln')]),
      stream: stream([[call('Köln')]]),
      expect: { calls: [{ name: 'weather', arguments: { city: 'Köln' } }], finish: 'tool_calls', usage },
    },
    parallel: {
      answer: answer([{ text: 'Ich sehe nach.' }, call('Köln'), call('Oslo')]),
      stream: stream([[{ text: 'Ich sehe' }], [{ text: ' nach.' }, call('Köln')], [call('Oslo')]]),
      expect: {
        text: 'Ich sehe nach.',
        calls: [
          { name: 'weather', arguments: { city: 'Köln' } },
          { name: 'weather', arguments: { city: 'Oslo' } },
        ],
        finish: 'tool_calls',
        usage,
      },
    },
    result: {
      messages: toolConversation(),
      // Ids are sent to models that gave them; results are matched by name and order.
      sent: {
        contents: [
          { role: 'user', parts: [{ text: 'Weather?' }] },
          { role: 'model', parts: [call('Köln'), call('Oslo')] },
          {
            role: 'user',
            parts: [
              { functionResponse: { name: 'weather', response: { result: 'rain' } } },
              { functionResponse: { name: 'weather', response: { result: 'snow' } } },
            ],
          },
        ],
      },
    },
  },
  features: [
    {
      name: 'images',
      ask: { messages: [{ role: 'user', content: [image()] }] },
      sent: { contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }] }] },
    },
    {
      name: 'JSON schema',
      ask: {
        response_format: {
          type: 'json_schema',
          json_schema: { name: 'bird', schema: { type: 'object', properties: { a: { type: 'string' } } } },
        },
      },
      sent: {
        generationConfig: {
          temperature: 0.5,
          responseMimeType: 'application/json',
          responseJsonSchema: { type: 'object', properties: { a: { type: 'string' } } },
        },
      },
    },
    {
      name: 'stop, seed and limits',
      ask: { stop: 'a', seed: 7, max_tokens: 5, n: 2 },
      sent: {
        generationConfig: { temperature: 0.5, stopSequences: ['a'], seed: 7, maxOutputTokens: 5, candidateCount: 2 },
      },
    },
    {
      name: 'reasoning effort',
      ask: { reasoning_effort: 'medium' },
      sent: { generationConfig: { temperature: 0.5, thinkingConfig: { thinkingBudget: 2048, includeThoughts: true } } },
    },
  ],
  unsupported: [
    { ask: { logit_bias: { '1': 2 } }, param: 'logit_bias' },
    { ask: { x_next_month: 1 }, param: 'x_next_month' },
    { ask: { tools: [weather()], parallel_tool_calls: false }, param: 'parallel_tool_calls' },
  ],
  errors: {
    400: {
      body: error(400, 'INVALID_ARGUMENT', 'Invalid value at contents.'),
      type: 'invalid_request_error',
      code: null,
    },
    401: {
      body: error(401, 'UNAUTHENTICATED', 'Not valid: {key}.'),
      type: 'authentication_error',
      code: 'invalid_api_key',
    },
    403: {
      body: error(403, 'PERMISSION_DENIED', 'Consumer api_key:{key} has been suspended.'),
      type: 'permission_error',
      code: 'permission_denied',
    },
    404: {
      body: error(404, 'NOT_FOUND', 'models/gemini-9 is not found.'),
      type: 'invalid_request_error',
      code: 'model_not_found',
    },
    429: {
      body: error(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.'),
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
    },
    500: { body: error(500, 'INTERNAL', 'An internal error has occurred.'), type: 'api_error', code: null },
    529: { body: error(529, 'UNAVAILABLE', 'Overloaded.'), type: 'overloaded_error', code: 'overloaded' },
  },
  streamError: {
    event: `data: ${error(503, 'UNAVAILABLE', 'The model is overloaded.')}\n\n`,
    status: 503,
    code: 'overloaded',
  },
})

function answer(parts: readonly unknown[], finishReason?: string) {
  return {
    candidates: [{ content: { role: 'model', parts }, finishReason: finishReason ?? 'STOP', index: 0 }],
    usageMetadata: { promptTokenCount: 11, candidatesTokenCount: 7, totalTokenCount: 18 },
    modelVersion: model,
    responseId: 'resp-1',
  }
}

function stream(pieces: readonly (readonly unknown[])[]): string {
  const events = pieces.map((parts, i) => ({
    candidates: [
      { content: { role: 'model', parts }, index: 0, ...(i === pieces.length - 1 ? { finishReason: 'STOP' } : {}) },
    ],
    usageMetadata: { promptTokenCount: 11, candidatesTokenCount: i === pieces.length - 1 ? 7 : 1, totalTokenCount: 18 },
    modelVersion: model,
    responseId: 'resp-1',
  }))
  return events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('')
}

function call(city: string) {
  return { functionCall: { name: 'weather', args: { city } } }
}

function error(code: number, status: string, message: string): string {
  return JSON.stringify({ error: { code, message, status } })
}

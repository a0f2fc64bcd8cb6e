import gemini from '../../../providers/gemini/index.ts'
import { testProvider } from '../../suites/provider.ts'

const apiKey = 'AIza-suite-0123456789abcdef'
const model = 'gemini-2.5-flash'
const usage = { prompt_tokens: 11, completion_tokens: 7 }
const usageMetadata = { promptTokenCount: 11, candidatesTokenCount: 4, thoughtsTokenCount: 3, totalTokenCount: 18 }

const answer = (parts: unknown[], finishReason = 'STOP') => ({
  candidates: [{ content: { parts, role: 'model' }, finishReason, index: 0 }],
  usageMetadata,
  modelVersion: model,
  responseId: 'r-9f2c',
})

const stream = (...events: unknown[][]) =>
  events
    .map((parts, i) => {
      const last = i === events.length - 1
      const candidate = { content: { parts, role: 'model' }, index: 0, ...(last ? { finishReason: 'STOP' } : {}) }
      const event = { candidates: [candidate], usageMetadata, modelVersion: model, responseId: 'r-9f2c' }
      return `data: ${JSON.stringify(event)}\n\n`
    })
    .join('')

const error = (code: number, status: string, message: string, details?: unknown[]) =>
  JSON.stringify({ error: { code, message, status, ...(details ? { details } : {}) } })

const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
const weather = { type: 'function', function: { name: 'weather', description: 'Weather of a city', parameters } }
const call = (city: string) => ({ functionCall: { name: 'weather', args: { city } } })
const answered = (id: string, city: string) => ({ functionCall: { id, name: 'weather', args: { city } } })
const asked = (id: string, city: string) => ({
  id,
  type: 'function',
  function: { name: 'weather', arguments: JSON.stringify({ city }) },
})
const result = (text: string) => ({ functionResponse: { name: 'weather', response: { result: text } } })
const called = (...cities: string[]) => ({
  calls: cities.map((city) => ({ name: 'weather', arguments: { city } })),
  finish: 'tool_calls' as const,
  usage,
})
const path = `/v1beta/models/${model}`

testProvider({
  definition: gemini,
  options: (baseURL) => ({ apiKey, baseURL }),
  apiKey,
  model,
  sameWire: false,
  marker: 'pelican',
  main: {
    request: { messages: [{ role: 'user', content: 'Which bird?' }], temperature: 0.5 },
    sent: {
      path: `${path}:generateContent`,
      headers: { 'content-type': 'application/json', 'x-goog-api-key': apiKey },
      body: {
        contents: [{ role: 'user', parts: [{ text: 'Which bird?' }] }],
        generationConfig: { temperature: 0.5 },
      },
    },
    sentStream: { path: `${path}:streamGenerateContent?alt=sse` },
    answer: answer([{ text: 'Ein pelican – schön! 🐦' }]),
    stream: stream([{ text: 'Ein ' }], [{ text: 'pelican' }], [{ text: ' – schön' }], [{ text: '! 🐦' }]),
    expect: { text: 'Ein pelican – schön! 🐦', finish: 'stop', usage },
  },
  finishes: [
    { name: 'length', answer: answer([{ text: 'Ein' }], 'MAX_TOKENS'), finish: 'length' },
    { name: 'content_filter', answer: answer([], 'SAFETY'), finish: 'content_filter' },
    { name: 'a blocked prompt', answer: { promptFeedback: { blockReason: 'SAFETY' } }, finish: 'content_filter' },
  ],
  answers: [
    {
      name: 'reasoning',
      ask: { reasoning_effort: 'low' },
      answer: answer([{ text: '2 + 2 = 4 ✓', thought: true }, { text: '4' }]),
      stream: stream([{ text: '2 + 2', thought: true }], [{ text: ' = 4 ✓', thought: true }], [{ text: '4' }]),
      expect: { text: '4', reasoning: '2 + 2 = 4 ✓', finish: 'stop', usage },
    },
    {
      name: 'code that ran at Google',
      ask: { tools: [{ type: 'code_execution' }] },
      answer: answer([{ executableCode: { language: 'PYTHON', code: 'print(4)' } }, { text: 'Vier 🐍' }]),
      stream: stream([{ executableCode: { language: 'PYTHON', code: 'print(4)' } }], [{ text: 'Vier 🐍' }]),
      expect: { text: 'Vier 🐍', calls: [], finish: 'stop', usage },
    },
  ],
  tools: {
    ask: { tools: [weather], tool_choice: 'auto' },
    sent: {
      tools: [
        {
          functionDeclarations: [
            { name: 'weather', description: 'Weather of a city', parametersJsonSchema: parameters },
          ],
        },
      ],
      toolConfig: { functionCallingConfig: { mode: 'AUTO' } },
    },
    one: {
      answer: answer([answered('fc-1', 'Köln')]),
      stream: stream([answered('fc-1', 'Köln')], [{ text: '' }]),
      expect: called('Köln'),
    },
    parallel: {
      answer: answer([answered('fc-1', 'Köln'), answered('fc-2', 'Oslo')]),
      stream: stream([answered('fc-1', 'Köln')], [answered('fc-2', 'Oslo')]),
      expect: called('Köln', 'Oslo'),
    },
    result: {
      messages: [
        { role: 'user', content: 'Weather?' },
        { role: 'assistant', content: null, tool_calls: [asked('call_1', 'Köln'), asked('call_2', 'Oslo')] },
        { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
        { role: 'tool', tool_call_id: 'call_2', content: 'snow' },
      ],
      sent: {
        contents: [
          { role: 'user', parts: [{ text: 'Weather?' }] },
          { role: 'model', parts: [call('Köln'), call('Oslo')] },
          { role: 'user', parts: [result('rain'), result('snow')] },
        ],
      },
    },
  },
  features: [
    {
      name: 'images',
      ask: {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }],
          },
        ],
      },
      sent: {
        contents: [{ role: 'user', parts: [{ inlineData: { mimeType: 'image/png', data: 'iVBORw0KGgo=' } }] }],
      },
    },
    {
      name: 'JSON schema',
      ask: {
        temperature: undefined,
        response_format: { type: 'json_schema', json_schema: { name: 'bird', schema: parameters } },
      },
      sent: { generationConfig: { responseMimeType: 'application/json', responseJsonSchema: parameters } },
    },
    {
      name: 'reasoning effort',
      ask: { temperature: undefined, reasoning_effort: 'low' },
      sent: { generationConfig: { thinkingConfig: { thinkingBudget: 1024, includeThoughts: true } } },
    },
    {
      name: 'several choices',
      ask: { temperature: undefined, n: 2, stop: ['a', 'b'], max_completion_tokens: 5 },
      sent: { generationConfig: { candidateCount: 2, stopSequences: ['a', 'b'], maxOutputTokens: 5 } },
    },
  ],
  unsupported: [
    { ask: { logit_bias: { 5: 1 } }, param: 'logit_bias' },
    { ask: { prediction: { type: 'content', content: 'x' } }, param: 'prediction' },
    { ask: { tools: [weather], parallel_tool_calls: false }, param: 'parallel_tool_calls' },
    { ask: { store: true }, param: 'store' },
  ],
  errors: {
    400: { body: error(400, 'INVALID_ARGUMENT', 'Unknown field.'), type: 'invalid_request_error', code: null },
    401: {
      body: error(401, 'UNAUTHENTICATED', 'Bad key {key}.'),
      type: 'authentication_error',
      code: 'invalid_api_key',
    },
    403: {
      body: error(403, 'PERMISSION_DENIED', "Consumer 'api_key:{key}' has been suspended."),
      type: 'permission_error',
      code: 'permission_denied',
    },
    404: {
      body: error(404, 'NOT_FOUND', 'models/x is not found.'),
      type: 'invalid_request_error',
      code: 'model_not_found',
    },
    429: {
      body: error(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.'),
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
    },
    500: { body: error(500, 'INTERNAL', 'An internal error has occurred.'), type: 'api_error', code: null },
    529: {
      body: error(503, 'UNAVAILABLE', 'The model is overloaded.'),
      type: 'overloaded_error',
      code: 'overloaded',
    },
  },
  streamError: {
    event: `data: ${error(503, 'UNAVAILABLE', 'The model is overloaded.')}\n\n`,
    status: 503,
    code: 'overloaded',
  },
})

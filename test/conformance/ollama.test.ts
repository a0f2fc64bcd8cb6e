import ollama from '../../providers/ollama/index.ts'
import { testProvider } from '../suites/provider.ts'
import { image, toolConversation, weather } from '../suites/openai-fixtures.ts'

const apiKey = 'ollama-suite-0123456789abcdef'
const model = 'llama3.2'
const at = '2025-10-09T08:53:20.5Z'
const usage = { prompt_tokens: 11, completion_tokens: 7 }
const counts = {
  total_duration: 5,
  load_duration: 1,
  prompt_eval_count: 11,
  prompt_eval_duration: 1,
  eval_count: 7,
  eval_duration: 2,
}

const sent = (stream: boolean) => ({
  model,
  messages: [{ role: 'user', content: 'Which bird?' }],
  options: { temperature: 0.5 },
  stream,
})

testProvider({
  definition: ollama,
  options: (url) => ({ apiKey, baseURL: url }),
  apiKey,
  model,
  sameWire: false,
  framing: 'ndjson',
  usageEvent: true,
  marker: 'pelican',
  main: {
    request: { messages: [{ role: 'user', content: 'Which bird?' }], temperature: 0.5 },
    sent: {
      path: '/api/chat',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: sent(false),
    },
    sentStream: { body: sent(true) },
    answer: answer({ content: 'Ein pelican – schön! 🐦' }),
    stream: stream([{ content: 'Ein ' }, { content: 'pelican' }, { content: ' – schön! 🐦' }]),
    expect: { text: 'Ein pelican – schön! 🐦', finish: 'stop', usage },
  },
  finishes: [{ name: 'length', answer: answer({ content: 'Ein' }, 'length'), finish: 'length' }],
  answers: [
    {
      name: 'thinking',
      ask: { reasoning_effort: 'low' },
      answer: answer({ content: '4', thinking: '2 + 2 = 4 ✓' }),
      stream: stream([{ content: '', thinking: '2 + 2' }, { content: '', thinking: ' = 4 ✓' }, { content: '4' }]),
      expect: { text: '4', reasoning: '2 + 2 = 4 ✓', finish: 'stop', usage },
    },
  ],
  tools: {
    ask: { tools: [weather()] },
    sent: { tools: [weather()] },
    one: {
      answer: answer({ content: '', tool_calls: [call('Köln')] }),
      stream: stream([{ content: '', tool_calls: [call('Köln')] }]),
      expect: { calls: [{ name: 'weather', arguments: { city: 'Köln' } }], finish: 'tool_calls', usage },
    },
    parallel: {
      answer: answer({ content: '', tool_calls: [call('Köln'), call('Oslo')] }),
      stream: stream([
        { content: '', tool_calls: [call('Köln')] },
        { content: '', tool_calls: [call('Oslo')] },
      ]),
      expect: {
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
      sent: {
        messages: [
          { role: 'user', content: 'Weather?' },
          {
            role: 'assistant',
            content: '',
            tool_calls: [
              { id: 'call_1', ...call('Köln') },
              { id: 'call_2', ...call('Oslo') },
            ],
          },
          { role: 'tool', content: 'rain', tool_name: 'weather', tool_call_id: 'call_1' },
          { role: 'tool', content: 'snow', tool_name: 'weather', tool_call_id: 'call_2' },
        ],
      },
    },
  },
  features: [
    {
      name: 'images',
      ask: { messages: [{ role: 'user', content: [{ type: 'text', text: 'What?' }, image()] }] },
      sent: { messages: [{ role: 'user', content: 'What?', images: ['iVBORw0KGgo='] }] },
    },
    {
      name: 'JSON schema',
      ask: { response_format: { type: 'json_schema', json_schema: { name: 'bird', schema: { type: 'object' } } } },
      sent: { format: { type: 'object' } },
    },
    { name: 'reasoning effort', ask: { reasoning_effort: 'high' }, sent: { think: 'high' } },
    {
      name: 'stop, seed and limits',
      ask: { stop: 'a', seed: 7, max_tokens: 5 },
      sent: { options: { temperature: 0.5, stop: ['a'], seed: 7, num_predict: 5 } },
    },
  ],
  unsupported: [
    { ask: { n: 2 }, param: 'n' },
    { ask: { logit_bias: { '1': 2 } }, param: 'logit_bias' },
    { ask: { x_next_month: 1 }, param: 'x_next_month' },
  ],
  errors: {
    400: { body: error('invalid options'), type: 'invalid_request_error', code: null },
    401: { body: error('unauthorized {key}'), type: 'authentication_error', code: 'invalid_api_key' },
    403: { body: error('forbidden'), type: 'permission_error', code: null },
    404: { body: error("model 'llama9' not found"), type: 'invalid_request_error', code: 'model_not_found' },
    429: { body: error('too many requests'), type: 'rate_limit_error', code: 'rate_limit_exceeded' },
    500: { body: error('llama runner process has terminated'), type: 'api_error', code: null },
    529: { body: error('overloaded'), type: 'overloaded_error', code: null },
  },
  streamError: { event: `${error('an error was encountered while running the model')}\n`, status: 500, code: null },
})

function answer(message: Record<string, unknown>, done_reason = 'stop') {
  return { model, created_at: at, message: { role: 'assistant', ...message }, done: true, done_reason, ...counts }
}

function stream(messages: readonly Record<string, unknown>[]): string {
  const lines = [
    ...messages.map((message) => ({ model, created_at: at, message: { role: 'assistant', ...message }, done: false })),
    answer({ content: '' }),
  ]
  return lines.map((line) => `${JSON.stringify(line)}\n`).join('')
}

function call(city: string) {
  return { function: { name: 'weather', arguments: { city } } }
}

function error(message: string): string {
  return JSON.stringify({ error: message })
}

import type { ProviderSuite } from './provider-fixtures.ts'

const id = 'chatcmpl-9f2c'
const created = 1_760_000_000
const model = 'gpt-4o-mini-2024-07-18'

const apiKey = 'sk-suite-0123456789abcdef'

/**
 * Answers and errors of OpenAI's API (API reference, "Chat completions"), for every provider whose wire it is.
 *
 * @example
 * testProvider({ ...openAIFixtures, definition: acme })
 */
export const openAIFixtures: Omit<ProviderSuite, 'definition'> = {
  options: (url) => ({ apiKey, baseURL: url }),
  apiKey,
  model: 'upstream-model',
  sameWire: true,
  marker: 'pelican',
  main: {
    request: { messages: [{ role: 'user', content: 'Which bird?' }], temperature: 0.5 },
    sent: {
      path: '/chat/completions',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${apiKey}` },
      body: { model: 'upstream-model', messages: [{ role: 'user', content: 'Which bird?' }], temperature: 0.5 },
    },
    sentStream: {
      body: {
        model: 'upstream-model',
        messages: [{ role: 'user', content: 'Which bird?' }],
        temperature: 0.5,
        stream: true,
        stream_options: { include_usage: true },
      },
    },
    answer: completion({ role: 'assistant', content: 'Ein pelican – schön! 🐦', refusal: null }, 'stop'),
    stream: stream([
      { role: 'assistant', content: '', refusal: null },
      { content: 'Ein ' },
      { content: 'pelican' },
      { content: ' – schön' },
      { content: '! 🐦' },
    ]),
    expect: { text: 'Ein pelican – schön! 🐦', finish: 'stop', usage: { prompt_tokens: 11, completion_tokens: 7 } },
  },
  finishes: [
    { name: 'length', answer: completion({ role: 'assistant', content: 'Ein' }, 'length'), finish: 'length' },
    {
      name: 'content_filter',
      answer: completion({ role: 'assistant', content: '' }, 'content_filter'),
      finish: 'content_filter',
    },
  ],
  answers: [
    {
      name: 'reasoning',
      answer: completion({ role: 'assistant', content: '4', reasoning_content: '2 + 2 = 4 ✓' }, 'stop'),
      stream: stream([
        { role: 'assistant', content: null },
        { reasoning_content: '2 + 2' },
        { reasoning_content: ' = 4 ✓' },
        { content: '4' },
      ]),
      expect: {
        text: '4',
        reasoning: '2 + 2 = 4 ✓',
        finish: 'stop',
        usage: { prompt_tokens: 11, completion_tokens: 7 },
      },
    },
  ],
  tools: {
    ask: { tools: [weather()], tool_choice: 'auto' },
    sent: { tools: [weather()], tool_choice: 'auto' },
    one: {
      answer: completion(
        { role: 'assistant', content: null, tool_calls: [call('call_1', '{"city":"Köln"}')] },
        'tool_calls',
      ),
      stream: stream(
        [
          { role: 'assistant', content: null, tool_calls: [{ index: 0, ...call('call_1', '') }] },
          { tool_calls: [{ index: 0, function: { arguments: '{"city"' } }] },
          { tool_calls: [{ index: 0, function: { arguments: ':"Köln"}' } }] },
        ],
        'tool_calls',
      ),
      expect: {
        calls: [{ name: 'weather', arguments: { city: 'Köln' } }],
        finish: 'tool_calls',
        usage: { prompt_tokens: 11, completion_tokens: 7 },
      },
    },
    parallel: {
      answer: completion(
        {
          role: 'assistant',
          content: null,
          tool_calls: [call('call_1', '{"city":"Köln"}'), call('call_2', '{"city":"Oslo"}')],
        },
        'tool_calls',
      ),
      stream: stream(
        [
          { role: 'assistant', content: null },
          { tool_calls: [{ index: 0, ...call('call_1', '') }] },
          { tool_calls: [{ index: 0, function: { arguments: '{"city":"Kö' } }] },
          { tool_calls: [{ index: 0, function: { arguments: 'ln"}' } }] },
          { tool_calls: [{ index: 1, ...call('call_2', '') }] },
          { tool_calls: [{ index: 1, function: { arguments: '{"city":"Oslo"}' } }] },
        ],
        'tool_calls',
      ),
      expect: {
        calls: [
          { name: 'weather', arguments: { city: 'Köln' } },
          { name: 'weather', arguments: { city: 'Oslo' } },
        ],
        finish: 'tool_calls',
        usage: { prompt_tokens: 11, completion_tokens: 7 },
      },
    },
    result: { messages: toolConversation(), sent: { messages: toolConversation() } },
  },
  features: [
    { name: 'images', ...same({ messages: [{ role: 'user', content: [image()] }] }) },
    {
      name: 'JSON schema',
      ...same({ response_format: { type: 'json_schema', json_schema: { name: 'bird', schema: { type: 'object' } } } }),
    },
    { name: 'reasoning effort', ...same({ reasoning_effort: 'low' }) },
    { name: 'several choices', ...same({ n: 2, stop: ['a', 'b'], max_completion_tokens: 5 }) },
  ],
  unsupported: [],
  errors: {
    400: { body: error('Unknown field.', 'invalid_request_error', null), type: 'invalid_request_error', code: null },
    401: {
      body: error('Incorrect API key provided: {key}.', 'invalid_request_error', 'invalid_api_key'),
      type: 'invalid_request_error',
      code: 'invalid_api_key',
    },
    403: {
      body: error('Country not supported.', 'permission_error', 'unsupported_country'),
      type: 'permission_error',
      code: 'unsupported_country',
    },
    404: {
      body: error('No such model.', 'invalid_request_error', 'model_not_found'),
      type: 'invalid_request_error',
      code: 'model_not_found',
    },
    429: {
      body: error('Slow down.', 'rate_limit_error', 'rate_limit_exceeded'),
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
    },
    500: { body: error('The server had an error.', 'server_error', null), type: 'server_error', code: null },
    529: { body: error('Overloaded.', 'overloaded_error', null), type: 'overloaded_error', code: null },
  },
}

/** The same fixtures where the API sends usage by itself, with the finish, and knows no `stream_options`. */
export function withUsageOnFinish(fixtures: typeof openAIFixtures): typeof openAIFixtures {
  const { main, tools, answers } = fixtures
  const change = <T extends { stream: string }>(fixture: T): T => ({ ...fixture, stream: moveUsage(fixture.stream) })
  const { stream_options: _none, ...streamed } = main.sentStream!.body as Record<string, unknown>
  return {
    ...fixtures,
    usageEvent: false,
    main: { ...change(main), sentStream: { body: streamed } },
    tools: { ...tools, one: change(tools.one), parallel: change(tools.parallel) },
    answers: (answers ?? []).map(change),
  }
}

function moveUsage(text: string): string {
  const usage = /,"usage":\{[^}]*\}/.exec(text)![0]
  const kept = text.split('\n\n').filter((event) => !event.includes('"choices":[]'))
  return kept.join('\n\n').replace(/("finish_reason":"[a-z_]+"\}\])/, `$1${usage}`)
}

function completion(message: Record<string, unknown>, finish_reason: string) {
  const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 }
  return {
    id,
    object: 'chat.completion',
    created,
    model,
    choices: [{ index: 0, message, logprobs: null, finish_reason }],
    usage,
  }
}

function stream(deltas: readonly Record<string, unknown>[], finish_reason = 'stop'): string {
  const head = { id, object: 'chat.completion.chunk', created, model }
  const chunks = [
    ...deltas.map((delta) => ({ ...head, choices: [{ index: 0, delta, finish_reason: null }] })),
    { ...head, choices: [{ index: 0, delta: {}, finish_reason }] },
    { ...head, choices: [], usage: { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18 } },
  ]
  return `${chunks.map((chunk) => `data: ${JSON.stringify(chunk)}\n\n`).join('')}data: [DONE]\n\n`
}

function error(message: string, type: string, code: string | null): string {
  return JSON.stringify({ error: { message, type, param: null, code } })
}

export function weather() {
  const parameters = { type: 'object', properties: { city: { type: 'string' } }, required: ['city'] }
  return { type: 'function', function: { name: 'weather', description: 'Weather of a city', parameters } }
}

export function toolConversation(): Record<string, unknown>[] {
  return [
    { role: 'user', content: 'Weather?' },
    {
      role: 'assistant',
      content: null,
      tool_calls: [call('call_1', '{"city":"Köln"}'), call('call_2', '{"city":"Oslo"}')],
    },
    { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
    { role: 'tool', tool_call_id: 'call_2', content: 'snow' },
  ]
}

export function image() {
  return { type: 'image_url', image_url: { url: 'data:image/png;base64,iVBORw0KGgo=' } }
}

function call(callId: string, text: string) {
  return { id: callId, type: 'function', function: { name: 'weather', arguments: text } }
}

function same(members: Record<string, unknown>) {
  return { ask: members, sent: members }
}

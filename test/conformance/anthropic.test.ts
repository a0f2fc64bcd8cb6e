import anthropic from '../../providers/anthropic/index.ts'
import { testProvider } from '../suites/provider.ts'
import { answer, both, close, error, event, model, open, piece, stream, toolBlock } from './anthropic-fixtures.ts'
import { image, toolConversation, weather } from '../suites/openai-fixtures.ts'

const apiKey = 'sk-ant-suite-0123456789abcdef'
const usage = { prompt_tokens: 14, completion_tokens: 7 }

testProvider({
  definition: anthropic,
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
      path: '/v1/messages',
      headers: { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': apiKey },
      body: {
        model,
        max_tokens: 4096,
        system: 'Be short.',
        messages: [{ role: 'user', content: 'Which bird?' }],
        temperature: 0.5,
      },
    },
    sentStream: {
      body: {
        model,
        max_tokens: 4096,
        system: 'Be short.',
        messages: [{ role: 'user', content: 'Which bird?' }],
        temperature: 0.5,
        stream: true,
      },
    },
    ...both([{ type: 'text', text: 'Ein pelican – schön! 🐦' }], 'end_turn'),
    stream: stream(
      [
        open(0, { type: 'text', text: '' }),
        piece(0, { type: 'text_delta', text: 'Ein ' }),
        { type: 'ping' },
        piece(0, { type: 'text_delta', text: 'pelican' }),
        piece(0, { type: 'text_delta', text: ' – schön! 🐦' }),
        close(0),
      ],
      'end_turn',
    ),
    expect: { text: 'Ein pelican – schön! 🐦', finish: 'stop', usage },
  },
  finishes: [
    { name: 'max_tokens', answer: answer([{ type: 'text', text: 'Ein' }], 'max_tokens'), finish: 'length' },
    { name: 'stop_sequence', answer: answer([{ type: 'text', text: 'Ein' }], 'stop_sequence'), finish: 'stop' },
    { name: 'refusal', answer: answer([], 'refusal'), finish: 'content_filter' },
  ],
  answers: [
    {
      name: 'thinking',
      ask: { reasoning_effort: 'low', temperature: 1 },
      ...both(
        [
          { type: 'thinking', thinking: '2 + 2 = 4 ✓', signature: 'sig' },
          { type: 'text', text: '4' },
        ],
        'end_turn',
      ),
      stream: stream(
        [
          open(0, { type: 'thinking', thinking: '', signature: '' }),
          piece(0, { type: 'thinking_delta', thinking: '2 + 2' }),
          piece(0, { type: 'thinking_delta', thinking: ' = 4 ✓' }),
          piece(0, { type: 'signature_delta', signature: 'sig' }),
          close(0),
          open(1, { type: 'text', text: '' }),
          piece(1, { type: 'text_delta', text: '4' }),
          close(1),
        ],
        'end_turn',
      ),
      expect: { text: '4', reasoning: '2 + 2 = 4 ✓', finish: 'stop', usage },
    },
    {
      name: 'a search that the provider runs is no call of the client',
      ...both(
        [
          { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'birds' } },
          { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] },
          { type: 'text', text: 'Ein pelican.' },
        ],
        'end_turn',
      ),
      stream: stream(
        [
          open(0, { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: {} }),
          piece(0, { type: 'input_json_delta', partial_json: '{"query":"birds"}' }),
          close(0),
          open(1, { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }),
          close(1),
          open(2, { type: 'text', text: '' }),
          piece(2, { type: 'text_delta', text: 'Ein pelican.' }),
          close(2),
        ],
        'end_turn',
      ),
      expect: { text: 'Ein pelican.', finish: 'stop', usage },
    },
  ],
  tools: {
    ask: { tools: [weather()], tool_choice: 'auto' },
    sent: {
      tools: [{ name: 'weather', description: 'Weather of a city', input_schema: weather().function.parameters }],
      tool_choice: { type: 'auto' },
    },
    one: {
      ...both([{ type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Köln' } }], 'tool_use'),
      stream: stream([...toolBlock(0, 'toolu_1', ['', '{"city"', ':"Köln"}'])], 'tool_use'),
      expect: { calls: [{ name: 'weather', arguments: { city: 'Köln' } }], finish: 'tool_calls', usage },
    },
    parallel: {
      ...both(
        [
          { type: 'text', text: 'Ich sehe nach.' },
          { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Köln' } },
          { type: 'tool_use', id: 'toolu_2', name: 'weather', input: { city: 'Oslo' } },
        ],
        'tool_use',
      ),
      stream: stream(
        [
          open(0, { type: 'text', text: '' }),
          piece(0, { type: 'text_delta', text: 'Ich sehe nach.' }),
          close(0),
          ...toolBlock(1, 'toolu_1', ['', '{"city":"K', 'öln"}']),
          ...toolBlock(2, 'toolu_2', ['{"city":"Oslo"}']),
        ],
        'tool_use',
      ),
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
      sent: {
        messages: [
          { role: 'user', content: 'Weather?' },
          {
            role: 'assistant',
            content: [
              { type: 'tool_use', id: 'call_1', name: 'weather', input: { city: 'Köln' } },
              { type: 'tool_use', id: 'call_2', name: 'weather', input: { city: 'Oslo' } },
            ],
          },
          {
            role: 'user',
            content: [
              { type: 'tool_result', tool_use_id: 'call_1', content: 'rain' },
              { type: 'tool_result', tool_use_id: 'call_2', content: 'snow' },
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
      sent: {
        messages: [
          {
            role: 'user',
            content: [{ type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'iVBORw0KGgo=' } }],
          },
        ],
      },
    },
    {
      name: 'stop and limits',
      ask: { stop: ['a', 'b'], max_tokens: 5 },
      sent: { stop_sequences: ['a', 'b'], max_tokens: 5 },
    },
    {
      name: 'reasoning effort',
      ask: { reasoning_effort: 'medium', temperature: 1 },
      sent: { thinking: { type: 'enabled', budget_tokens: 2048 }, max_tokens: 6144 },
    },
    {
      name: 'JSON schema',
      ask: {
        response_format: {
          type: 'json_schema',
          json_schema: {
            name: 'bird',
            schema: {
              type: 'object',
              properties: { a: { type: 'string' } },
              required: ['a'],
              additionalProperties: false,
            },
          },
        },
      },
      sent: {
        output_config: {
          format: {
            type: 'json_schema',
            schema: {
              type: 'object',
              properties: { a: { type: 'string' } },
              required: ['a'],
              additionalProperties: false,
            },
          },
        },
      },
    },
  ],
  unsupported: [
    { ask: { n: 2 }, param: 'n' },
    { ask: { logit_bias: { '1': 2 } }, param: 'logit_bias' },
    { ask: { logprobs: true }, param: 'logprobs' },
    { ask: { seed: 7 }, param: 'seed' },
    { ask: { presence_penalty: 1 }, param: 'presence_penalty' },
  ],
  errors: {
    400: { body: error('invalid_request_error', 'messages: at least one'), type: 'invalid_request_error', code: null },
    401: {
      body: error('authentication_error', 'invalid x-api-key {key}'),
      type: 'authentication_error',
      code: 'invalid_api_key',
    },
    403: { body: error('permission_error', 'Not allowed.'), type: 'permission_error', code: 'permission_denied' },
    404: { body: error('not_found_error', 'model: claude-9'), type: 'invalid_request_error', code: 'model_not_found' },
    429: {
      body: error('rate_limit_error', 'Too many tokens per minute.'),
      type: 'rate_limit_error',
      code: 'rate_limit_exceeded',
    },
    500: { body: error('api_error', 'Internal server error'), type: 'api_error', code: null },
    529: { body: error('overloaded_error', 'Overloaded'), type: 'overloaded_error', code: 'overloaded', status: 503 },
  },
  streamError: {
    event: event({ type: 'error', error: { type: 'overloaded_error', message: 'Overloaded' } }),
    status: 503,
    code: 'overloaded',
  },
})

import { describe, expect, test } from 'vitest'
import {
  chatRequestSchema,
  completionRequestSchema,
  embeddingRequestSchema,
  imageRequestSchema,
} from '../../src/schemas.ts'
import { chatBody, countedGateway } from '../support/counted-gateway.ts'
import { postRaw } from '../support/raw.ts'

const counted = countedGateway()

/** Values that are wrong, and the field that is named where it is not the one with the value. */
type Row = [field: string, ...wrong: (unknown | [value: unknown, param: string])[]]

const at = (value: unknown, param: string) => ({ value, param })
const notText = [1, true, {}, ['a']]
const notBoolean = [1, 'true', {}, []]
const notNumber = ['1', true, {}, []]
const notObject = [1, 'text', true, []]
const notList = [1, 'text', true, {}]

const sampling: Row[] = [
  ['stream', ...notBoolean],
  ['stream_options', ...notObject, at({ include_usage: 'yes' }, 'stream_options.include_usage')],
  ['temperature', ...notNumber, -0.1, 2.1],
  ['top_p', ...notNumber, -0.1, 1.1],
  ['n', ...notNumber, 0, -1, 1.5, 129],
  ['stop', 1, true, {}, at([1], 'stop[0]'), at(['a', null], 'stop[1]')],
  ['presence_penalty', ...notNumber, -2.1, 2.1],
  ['frequency_penalty', ...notNumber, -2.1, 2.1],
  ['logit_bias', ...notObject, at({ '50256': 'x' }, 'logit_bias.50256')],
  ['seed', ...notNumber, 1.5],
  ['user', ...notText],
]

const message = (more: Record<string, unknown>) => [{ role: 'user', content: 'Hi', ...more }]

const chat: Row[] = [
  ['model', null, '', ...notText],
  [
    'messages',
    null,
    [],
    ...notList,
    at([1], 'messages[0]'),
    at([null], 'messages[0]'),
    at(['text'], 'messages[0]'),
    at([[]], 'messages[0]'),
    at([{}], 'messages[0].role'),
    at([{ role: 'nobody', content: 'Hi' }], 'messages[0].role'),
    at([{ role: null, content: 'Hi' }], 'messages[0].role'),
    at([{ role: ['user'], content: 'Hi' }], 'messages[0].role'),
    at([...message({}), { role: 'User', content: 'Hi' }], 'messages[1].role'),
    at(message({ content: 1 }), 'messages[0].content'),
    at(message({ content: true }), 'messages[0].content'),
    at(message({ content: {} }), 'messages[0].content'),
    at(message({ content: [1] }), 'messages[0].content[0]'),
    at(message({ content: ['Hi'] }), 'messages[0].content[0]'),
    at(message({ content: [{ type: 'text', text: 'Hi' }, { text: 'no type' }] }), 'messages[0].content[1].type'),
    at(message({ content: [{ type: 1 }] }), 'messages[0].content[0].type'),
    at(message({ name: 1 }), 'messages[0].name'),
    at(message({ tool_call_id: 1 }), 'messages[0].tool_call_id'),
    at(message({ tool_calls: {} }), 'messages[0].tool_calls'),
    at(message({ tool_calls: [1] }), 'messages[0].tool_calls[0]'),
    at(message({ tool_calls: [{ id: 1 }] }), 'messages[0].tool_calls[0].id'),
    at(message({ tool_calls: [{ type: 1 }] }), 'messages[0].tool_calls[0].type'),
    at(message({ tool_calls: [{ function: 1 }] }), 'messages[0].tool_calls[0].function'),
    at(message({ tool_calls: [{ function: {} }] }), 'messages[0].tool_calls[0].function.name'),
    at(
      message({ tool_calls: [{ function: { name: 'f', arguments: {} } }] }),
      'messages[0].tool_calls[0].function.arguments',
    ),
  ],
  ['max_tokens', ...notNumber, 0, -1, 1.5, Infinity],
  ['max_completion_tokens', ...notNumber, 0, -1, 1.5],
  ['logprobs', ...notBoolean],
  ['top_logprobs', ...notNumber, -1, 21, 1.5],
  [
    'tools',
    ...notList,
    at([1], 'tools[0]'),
    at([{ type: 1 }], 'tools[0].type'),
    at([{ type: 'function', function: {} }], 'tools[0].function.name'),
    at([{ type: 'function', function: 'f' }], 'tools[0].function'),
  ],
  ['tool_choice', 1, true, []],
  ['parallel_tool_calls', ...notBoolean],
  ['functions', ...notList, at([1], 'functions[0]'), at([{}], 'functions[0].name')],
  ['response_format', ...notObject, at({}, 'response_format.type'), at({ type: 1 }, 'response_format.type')],
  ['reasoning_effort', ...notText],
  ['modalities', ...notList, at([1], 'modalities[0]')],
  ['metadata', ...notObject],
  ...sampling,
]

const completion: Row[] = [
  ['model', null, '', ...notText],
  ['prompt', null, 1, true, {}, at(['a', 1], 'prompt[1]'), at([{}], 'prompt[0]')],
  ['max_tokens', ...notNumber, -1, 1.5],
  ['best_of', ...notNumber, 0, 21],
  ['echo', ...notBoolean],
  ['suffix', ...notText],
  ['logprobs', ...notNumber, -1, 6],
  ...sampling,
]

const embedding: Row[] = [
  ['model', null, '', ...notText],
  ['input', null, '', 1, true, {}, [], at(['a', 1], 'input[1]'), at([1, 'a'], 'input[1]'), at([[1.5]], 'input[0][0]')],
  ['dimensions', ...notNumber, 0, -1, 1.5],
  ['encoding_format', ...notText, 'hex'],
  ['user', ...notText],
]

const image: Row[] = [
  ['model', null, '', ...notText],
  ['prompt', null, '', ...notText],
  ['n', ...notNumber, 0, 11, 1.5],
  ...(['size', 'quality', 'style', 'user'] as const).map((field): Row => [field, ...notText]),
  ['response_format', ...notText, 'hex'],
]

const endpoints = [
  {
    path: '/v1/chat/completions',
    right: { model: 'm', messages: message({}) },
    rows: chat,
    schema: chatRequestSchema,
    required: ['model', 'messages'],
  },
  {
    path: '/v1/completions',
    right: { model: 'm', prompt: 'Hi' },
    rows: completion,
    schema: completionRequestSchema,
    required: ['model', 'prompt'],
  },
  {
    path: '/v1/embeddings',
    right: { model: 'm', input: 'Hi' },
    rows: embedding,
    schema: embeddingRequestSchema,
    required: ['model', 'input'],
  },
  {
    path: '/v1/images/generations',
    right: { model: 'm', prompt: 'Hi' },
    rows: image,
    schema: imageRequestSchema,
    required: ['prompt'],
  },
]

describe.each(endpoints)('$path', ({ path, right, rows, schema, required }) => {
  const post = (body: unknown) => postRaw(counted.port, JSON.stringify(body), { path })

  test('the table covers every field of the schema', () => {
    expect(rows.map(([field]) => field).sort()).toEqual(Object.keys(schema.shape).sort())
  })

  test('a right body passes', async () => counted.accepted(await post(right)))

  test.each(required)('%s is missing', async (field) => {
    const { [field]: _left, ...rest } = right as Record<string, unknown>
    counted.refused(await post(rest), { code: 'missing_required_parameter', param: field })
  })

  test.each(rows)('%s', async (field, ...wrong) => {
    for (const each of wrong) {
      const { value, param } = isPlaced(each) ? each : { value: each, param: field }
      const body = { ...right, [field]: value }
      // 1e400 is no number of JSON's after parsing, though its text is one.
      const text = JSON.stringify(body).replace(`"${field}":null`, value === Infinity ? `"${field}":1e400` : '$&')
      const answer = await postRaw(counted.port, text, { path })
      counted.refused(answer, { param })
      expect(answer.body, `${field}: ${JSON.stringify(value)}`).toMatch(
        /"code":"(invalid_value|missing_required_parameter)"/,
      )
    }
  })

  test('null stands for a field that is left out', async () => {
    for (const [field] of rows) {
      if (field in right || (path.includes('images') && field === 'model')) continue
      counted.accepted(await post({ ...right, [field]: null }))
    }
  })

  test('fields that nobody knows pass', async () => {
    counted.accepted(await post({ ...right, next_month: { a: [1, null] } }))
  })
})

describe('fields that belong to the gateway', () => {
  test.each(['api_key', 'api_base', 'base_url', 'api_version', 'custom_llm_provider'])(
    '%s may not be set by a caller',
    async (field) => {
      counted.refused(await postRaw(counted.port, chatBody({ [field]: 'https://elsewhere.example' })), {
        code: 'forbidden_parameter',
        param: field,
      })
      const escaped = chatBody({ x: 1 }).replace('"x"', `"\\u00${field.charCodeAt(0).toString(16)}${field.slice(1)}"`)
      counted.refused(await postRaw(counted.port, escaped), { code: 'forbidden_parameter', param: field })
    },
  )

  test('nonsense in them is refused or ignored, never a fault', async () => {
    const fields = [
      'fallbacks',
      'context_window_fallback_dict',
      'num_retries',
      'max_retries',
      'timeout',
      'stream_timeout',
      'tags',
      'cache',
      'caching',
    ]
    const more = [
      'litellm_metadata',
      'drop_params',
      'additional_drop_params',
      'mock_response',
      'mock_tool_calls',
      'guardrails',
    ]
    for (const field of [...fields, ...more]) {
      for (const value of [-1, 1e308, 'nonsense', [1, null, {}], { nonsense: [] }, true]) {
        const { status, body } = await postRaw(counted.port, chatBody({ [field]: value }))
        if (status !== 200)
          expect({ field, value, status, body }).toMatchObject({
            status: 400,
            body: expect.stringContaining('"param":"'),
          })
      }
    }
  })

  const nonsense = ['nonsense', '-1', 'NaN', '"', '\xe9\xff', 'a'.repeat(5000)]

  test.each(['x-litellm-tags', 'x-litellm-call-id'])('nonsense in %s is ignored', async (name) => {
    for (const value of [...nonsense, '']) {
      const answer = await postRaw(counted.port, chatBody(), { headers: { [name]: value } })
      expect({ value, status: answer.status }).toEqual({ value, status: 200 })
    }
  })

  test.each(['x-litellm-timeout', 'x-litellm-stream-timeout', 'x-litellm-num-retries'])(
    'nonsense in %s is refused',
    async (name) => {
      for (const value of nonsense) {
        const answer = await postRaw(counted.port, chatBody(), { headers: { [name]: value } })
        expect({ value, status: answer.status }).toEqual({ value, status: 400 })
        expect(JSON.parse(answer.body)).toMatchObject({ error: { param: name, code: 'invalid_header' } })
      }
    },
  )
})

function isPlaced(value: unknown): value is { value: unknown; param: string } {
  return typeof value === 'object' && value !== null && 'value' in value && 'param' in value
}

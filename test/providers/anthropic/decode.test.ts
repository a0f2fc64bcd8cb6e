import { describe, expect, test } from 'vitest'
import { decodeMessage } from '../../../providers/anthropic/decode.ts'
import { CLASSIC, fakeCall, fakeTarget } from './fakes.ts'

const usage = { input_tokens: 10, output_tokens: 5 }
const answer = (content: unknown[], more: Record<string, unknown> = {}) => ({
  id: 'msg_01',
  type: 'message',
  role: 'assistant',
  model: 'claude-sonnet-4-20250514',
  content,
  stop_reason: 'end_turn',
  stop_sequence: null,
  usage,
  ...more,
})
const decode = (value: unknown, body: Record<string, unknown> = {}) =>
  decodeMessage(value, fakeCall(body), fakeTarget(CLASSIC))
const message = (content: unknown[], body?: Record<string, unknown>) =>
  decode(answer(content), body).choices[0]!.message

test('a plain answer', () => {
  const before = Math.floor(Date.now() / 1000)
  const { created, ...rest } = decode(answer([{ type: 'text', text: 'Hello' }]))
  expect(created).toBeGreaterThanOrEqual(before)
  expect(rest).toEqual({
    id: 'msg_01',
    object: 'chat.completion',
    model: 'claude-sonnet-4-20250514',
    choices: [{ index: 0, message: { role: 'assistant', content: 'Hello' }, finish_reason: 'stop', logprobs: null }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  })
})

test('without a model of its own the answer bears the one that was asked', () => {
  expect(decode(answer([], { model: undefined })).model).toBe(CLASSIC)
})

describe('content', () => {
  test('several texts are one', () => {
    expect(
      message([
        { type: 'text', text: 'a' },
        { type: 'text', text: 'b' },
      ]),
    ).toEqual({ role: 'assistant', content: 'ab' })
  })

  test('nothing at all', () => {
    expect(message([])).toEqual({ role: 'assistant', content: '' })
  })

  test('calls, with and without text', () => {
    const one = { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Köln' } }
    const two = { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} }
    const calls = [
      { id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '{"city":"Köln"}' } },
      { id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '{}' } },
    ]
    expect(message([one, two])).toEqual({ role: 'assistant', content: null, tool_calls: calls })
    expect(message([{ type: 'text', text: 'I look.' }, one, two])).toEqual({
      role: 'assistant',
      content: 'I look.',
      tool_calls: calls,
    })
  })

  test('the deprecated function_call, for who sends functions', () => {
    const value = answer([{ type: 'tool_use', id: 'toolu_1', name: 'now', input: {} }], { stop_reason: 'tool_use' })
    const [choice] = decode(value, { functions: [{ name: 'now' }] }).choices
    expect(choice).toEqual({
      index: 0,
      message: { role: 'assistant', content: null, function_call: { name: 'now', arguments: '{}' } },
      finish_reason: 'function_call',
      logprobs: null,
    })
  })

  test('thinking, signed and redacted', () => {
    expect(
      message([
        { type: 'thinking', thinking: 'Hm. ', signature: 'c2ln' },
        { type: 'redacted_thinking', data: 'b3BhcXVl' },
        { type: 'thinking', thinking: '', signature: 'b21pdHRlZA==' },
        { type: 'text', text: 'a' },
      ]),
    ).toEqual({
      role: 'assistant',
      content: 'a',
      reasoning_content: 'Hm. ',
      thinking_blocks: [
        { type: 'thinking', thinking: 'Hm. ', signature: 'c2ln' },
        { type: 'redacted_thinking', data: 'b3BhcXVl' },
        { type: 'thinking', thinking: '', signature: 'b21pdHRlZA==' },
      ],
    })
  })

  test('tools of the server are no calls of the client', () => {
    const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } }
    const result = {
      type: 'web_search_tool_result',
      tool_use_id: 'srvtoolu_1',
      content: [{ type: 'web_search_result', url: 'https://example.com', title: 'T', encrypted_content: 'e' }],
    }
    const web = { type: 'web_search_result_location', url: 'https://example.com', title: 'T', cited_text: 'c' }
    const page = { type: 'page_location', cited_text: 'p', document_index: 0, start_page_number: 1, end_page_number: 2 }
    expect(
      message([
        { type: 'text', text: 'I search. ' },
        search,
        result,
        { type: 'text', text: 'Found it.', citations: [web, page] },
        { type: 'text', text: ' Done.', citations: null },
      ]),
    ).toEqual({
      role: 'assistant',
      content: 'I search. Found it. Done.',
      annotations: [
        {
          type: 'url_citation',
          url_citation: { start_index: 10, end_index: 19, url: 'https://example.com', title: 'T' },
        },
      ],
      provider_specific_fields: { content_blocks: [search, result], citations: [page] },
    })
  })

  test('the JSON tool is text, unless the client has one of its name', () => {
    const value = answer([{ type: 'tool_use', id: 't', name: 'json_tool_call', input: { a: [1] } }], {
      stop_reason: 'tool_use',
    })
    const [text] = decode(value, { response_format: { type: 'json_object' } }).choices
    expect([text!.message, text!.finish_reason]).toEqual([{ role: 'assistant', content: '{"a":[1]}' }, 'stop'])
    const tools = [{ type: 'function', function: { name: 'json_tool_call' } }]
    const [call] = decode(value, { tools }).choices
    expect([call!.message.tool_calls?.length, call!.finish_reason]).toEqual([1, 'tool_calls'])
  })
})

test.each([
  ['end_turn', 'stop'],
  ['stop_sequence', 'stop'],
  ['max_tokens', 'length'],
  ['model_context_window_exceeded', 'length'],
  ['refusal', 'content_filter'],
  ['pause_turn', 'stop'],
  ['something_new', 'stop'],
  [null, 'stop'],
])('stop reason %s is %s', (stop_reason, expected) => {
  expect(decode(answer([], { stop_reason })).choices[0]!.finish_reason).toBe(expected)
})

test('stop reason tool_use is tool_calls', () => {
  const value = answer([{ type: 'tool_use', id: 't', name: 'f', input: {} }], { stop_reason: 'tool_use' })
  expect(decode(value).choices[0]!.finish_reason).toBe('tool_calls')
})

test('how it ended', () => {
  const stop_details = { type: 'refusal', category: 'bio', explanation: null }
  const container = { id: 'container_1', expires_at: '2026-01-01T00:00:00Z' }
  const value = answer([], { stop_reason: 'refusal', stop_sequence: 'END', stop_details, container })
  expect(decode(value).choices[0]!.message.provider_specific_fields).toEqual({
    stop_sequence: 'END',
    stop_details,
    container,
  })
})

test.each([
  [
    { input_tokens: 10, output_tokens: 5, cache_read_input_tokens: 100, cache_creation_input_tokens: 20 },
    {
      prompt_tokens: 130,
      completion_tokens: 5,
      total_tokens: 135,
      prompt_tokens_details: { cached_tokens: 100, cache_creation_tokens: 20 },
      cache_creation_input_tokens: 20,
      cache_read_input_tokens: 100,
    },
  ],
  [
    { input_tokens: 1, output_tokens: 9, cache_read_input_tokens: null, output_tokens_details: { thinking_tokens: 7 } },
    {
      prompt_tokens: 1,
      completion_tokens: 9,
      total_tokens: 10,
      completion_tokens_details: { reasoning_tokens: 7 },
    },
  ],
  [
    { input_tokens: 'x', output_tokens: -1 },
    { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
  ],
  [undefined, { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
])('usage %j', (given, expected) => {
  expect(decode(answer([], { usage: given })).usage).toEqual(expected)
})

test.each([null, 'text', [], {}, { content: 'text' }])('%j is no message: 502', (value) => {
  expect(() => decode(value)).toThrow(expect.objectContaining({ status: 502, origin: 'provider' }))
})

test('odd blocks do no harm', () => {
  expect(message([null, 'x', { type: 'text' }, { type: 'tool_use' }, { type: 'thinking' }])).toEqual({
    role: 'assistant',
    content: null,
    tool_calls: [{ id: '', type: 'function', function: { name: '', arguments: '{}' } }],
    thinking_blocks: [{ type: 'thinking', thinking: '' }],
  })
})

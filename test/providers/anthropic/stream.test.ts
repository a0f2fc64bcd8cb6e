import { describe, expect, test } from 'vitest'
import { createMessageDecoder } from '../../../providers/anthropic/stream.ts'
import { end, start, open, delta, text, json, close, tool, run } from './events.ts'
import { fakeCall, recordingSink } from './fakes.ts'

test('text, piece by piece', () => {
  const sink = run([
    start(),
    { type: 'ping' },
    open(0, { type: 'text', text: '' }),
    text(0, 'Hel'),
    text(0, ''),
    text(0, 'lo'),
    close(0),
    ...end('end_turn'),
  ])
  expect(sink.log).toEqual([
    ['usage', { prompt_tokens: 10, completion_tokens: 1, total_tokens: 11 }],
    ['text', 'Hel'],
    ['text', 'lo'],
    ['usage', { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 }],
    ['finish', 'stop'],
  ])
})

test('events need no name and a block may begin with text', () => {
  const sink = recordingSink()
  const decoder = createMessageDecoder(sink, fakeCall({}))
  for (const event of [open(0, { type: 'text', text: 'a' }), text(0, 'b'), { type: 'message_stop' }]) {
    decoder.event({ data: JSON.stringify(event) })
  }
  expect(sink.log).toEqual([
    ['text', 'a'],
    ['text', 'b'],
    ['finish', 'stop'],
  ])
})

describe('calls', () => {
  test('two calls, arguments cut anywhere, numbered without the text before', () => {
    const sink = run([
      start(),
      open(0, { type: 'text', text: '' }),
      text(0, 'I look.'),
      close(0),
      open(1, tool('toolu_1', 'weather')),
      json(1, ''),
      json(1, '{"ci'),
      json(1, 'ty":"K\\u00'),
      json(1, 'f6ln"}'),
      close(1),
      open(2, tool('toolu_2', 'now')),
      json(2, '{"z":1}'),
      close(2),
      ...end('tool_use'),
    ])
    expect(sink.sum.deltas).toEqual([
      { tool_calls: [{ index: 0, id: 'toolu_1', type: 'function', function: { name: 'weather', arguments: '' } }] },
      { tool_calls: [{ index: 0, function: { arguments: '{"ci' } }] },
      { tool_calls: [{ index: 0, function: { arguments: 'ty":"K\\u00' } }] },
      { tool_calls: [{ index: 0, function: { arguments: 'f6ln"}' } }] },
      { tool_calls: [{ index: 1, id: 'toolu_2', type: 'function', function: { name: 'now', arguments: '' } }] },
      { tool_calls: [{ index: 1, function: { arguments: '{"z":1}' } }] },
    ])
    expect(JSON.parse(sink.calls[0]!.arguments)).toEqual({ city: 'Köln' })
    expect(sink.finishReason).toBe('tool_calls')
  })

  test.each([
    ['without input', {}, '{}'],
    ['with its input at the start', { input: { a: 1 } }, '{"a":1}'],
  ])('%s', (_, more, expected) => {
    const sink = run([start(), open(0, { ...tool('t', 'f'), ...more }), json(0, ''), close(0), ...end('tool_use')])
    expect(sink.calls).toEqual([{ id: 't', name: 'f', arguments: expected }])
  })

  test('blocks whose deltas alternate', () => {
    const sink = run([
      start(),
      open(0, tool('t1', 'f')),
      open(1, tool('t2', 'g')),
      json(1, '{"b"'),
      json(0, '{"a"'),
      json(1, ':2}'),
      json(0, ':1}'),
      close(0),
      close(1),
      ...end('tool_use'),
    ])
    expect(sink.calls.map((call) => call.arguments)).toEqual(['{"a":1}', '{"b":2}'])
  })

  test('the deprecated function_call', () => {
    const events = [start(), open(0, tool('t', 'f')), json(0, '{}'), close(0), ...end('tool_use')]
    const sink = run(events, { functions: [{ name: 'f' }] })
    expect(sink.sum.deltas).toEqual([
      { function_call: { name: 'f', arguments: '' } },
      { function_call: { arguments: '{}' } },
    ])
    expect(sink.finishReason).toBe('function_call')
  })

  test('the JSON tool is text, unless the client has one of its name', () => {
    const events = [
      start(),
      open(0, tool('t', 'json_tool_call')),
      json(0, '{"a"'),
      json(0, ':1}'),
      close(0),
      open(1, tool('u', 'json_tool_call')),
      close(1),
      ...end('tool_use'),
    ]
    const sink = run(events)
    expect([sink.sum.content, sink.sum.deltas, sink.finishReason]).toEqual(['{"a":1}{}', [], 'stop'])
    const own = run(events, { tools: [{ type: 'function', function: { name: 'json_tool_call' } }] })
    expect([own.sum.content, own.calls.length, own.finishReason]).toEqual(['', 2, 'tool_calls'])
  })
})

test('thinking as it comes, its blocks once at the end: helpers of SDKs join no lists', () => {
  const sink = run([
    start(),
    open(0, { type: 'thinking', thinking: '', signature: '' }),
    delta(0, { type: 'thinking_delta', thinking: 'Hm' }),
    delta(0, { type: 'thinking_delta', thinking: '.' }),
    delta(0, { type: 'signature_delta', signature: 'c2ln' }),
    close(0),
    open(1, { type: 'redacted_thinking', data: 'b3BhcXVl' }),
    close(1),
    open(2, { type: 'thinking', thinking: '', signature: '' }),
    delta(2, { type: 'signature_delta', signature: 'aGlkZGVu' }),
    close(2),
    open(3, { type: 'text', text: '' }),
    text(3, 'a'),
    close(3),
    ...end('end_turn'),
  ])
  expect(sink.log.filter(([kind]) => kind !== 'usage').slice(0, -1)).toEqual([
    ['reasoning', 'Hm'],
    ['reasoning', '.'],
    ['text', 'a'],
    [
      'delta',
      {
        thinking_blocks: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'b3BhcXVl' },
          { type: 'thinking', thinking: '', signature: 'aGlkZGVu' },
        ],
      },
    ],
  ])
})

test('tools of the server, citations', () => {
  const result = {
    type: 'web_search_tool_result',
    tool_use_id: 's',
    content: [{ type: 'web_search_result', url: 'u' }],
  }
  const web = { type: 'web_search_result_location', url: 'https://example.com', title: null, cited_text: 'c' }
  const place = { type: 'char_location', cited_text: 'p', document_index: 0 }
  const sink = run([
    start(),
    open(0, { type: 'text', text: '' }),
    text(0, 'I search. '),
    close(0),
    open(1, { type: 'server_tool_use', id: 's', name: 'web_search', input: {} }),
    json(1, '{"query":'),
    json(1, '"x"}'),
    close(1),
    open(2, result),
    close(2),
    open(3, { type: 'text', text: '', citations: [] }),
    delta(3, { type: 'citations_delta', citation: web }),
    text(3, 'Found'),
    text(3, ' it.'),
    delta(3, { type: 'citations_delta', citation: place }),
    close(3),
    open(4, { type: 'text', text: '' }),
    text(4, ' Yes.'),
    delta(4, { type: 'citations_delta', citation: web }),
    close(4),
    ...end('end_turn', undefined, { container: { id: 'container_1' } }),
  ])
  const cited = (start_index: number, end_index: number) => ({
    type: 'url_citation',
    url_citation: { start_index, end_index, url: 'https://example.com', title: '' },
  })
  expect(sink.sum.content).toBe('I search. Found it. Yes.')
  expect(sink.sum.deltas).toEqual([
    {
      annotations: [cited(10, 19), cited(19, 24)],
    },
    {
      provider_specific_fields: {
        content_blocks: [{ type: 'server_tool_use', id: 's', name: 'web_search', input: { query: 'x' } }, result],
        citations: [place],
        container: { id: 'container_1' },
      },
    },
  ])
  expect(sink.calls).toEqual([])
  expect(sink.finishReason).toBe('stop')
})

test('a compaction is kept whole', () => {
  const sink = run([
    start(),
    open(0, { type: 'compaction', content: null }),
    delta(0, { type: 'compaction_delta', content: 'Summary' }),
    close(0),
    ...end('end_turn'),
  ])
  expect(sink.sum.deltas).toEqual([
    { provider_specific_fields: { content_blocks: [{ type: 'compaction', content: 'Summary' }] } },
  ])
})

test('usage: the totals of the end replace those of the start', () => {
  const first = { input_tokens: 10, output_tokens: 1, cache_read_input_tokens: 100, cache_creation_input_tokens: 0 }
  const last = {
    input_tokens: 30,
    output_tokens: 5,
    cache_read_input_tokens: null,
    output_tokens_details: { thinking_tokens: 3 },
  }
  expect(run([start(first), ...end('end_turn', last)]).totals).toEqual({
    prompt_tokens: 130,
    completion_tokens: 5,
    total_tokens: 135,
    prompt_tokens_details: { cached_tokens: 100, cache_creation_tokens: 0 },
    completion_tokens_details: { reasoning_tokens: 3 },
    cache_creation_input_tokens: 0,
    cache_read_input_tokens: 100,
  })
})

test('several message_delta events end the message once', () => {
  const sink = run([
    start(),
    { type: 'message_delta', delta: { stop_reason: 'max_tokens' }, usage: { output_tokens: 3 } },
    { type: 'message_delta', delta: { stop_reason: null }, usage: { output_tokens: 4 } },
    { type: 'message_stop' },
  ])
  expect(sink.log.slice(1)).toEqual([
    ['usage', { prompt_tokens: 10, completion_tokens: 3, total_tokens: 13 }],
    ['usage', { prompt_tokens: 10, completion_tokens: 4, total_tokens: 14 }],
    ['finish', 'length'],
  ])
})

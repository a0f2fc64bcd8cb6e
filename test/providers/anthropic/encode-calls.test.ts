import { describe, expect, test } from 'vitest'
import { encodeMessages } from '../../../providers/anthropic/encode-messages.ts'
import { fakeTranslation } from './fakes.ts'

const encode = (messages: unknown) => encodeMessages(messages, fakeTranslation())
const refusal = (messages: unknown) => {
  try {
    encodeMessages(messages, fakeTranslation(undefined, false))
  } catch (error) {
    const { status, param, message, code } = error as Record<string, unknown>
    return { status, param, message, code }
  }
  return undefined
}
const call = (id: string, name: string, args: string) => ({ id, type: 'function', function: { name, arguments: args } })

describe('tools', () => {
  test('calls and results, several in one turn, results before text', () => {
    expect(
      encode([
        { role: 'user', content: 'Weather?' },
        {
          role: 'assistant',
          content: 'I look.',
          tool_calls: [call('toolu_1', 'weather', '{"city":"Paris"}'), call('toolu_2', 'now', '')],
        },
        { role: 'tool', tool_call_id: 'toolu_1', content: 'rain' },
        { role: 'user', content: 'And?' },
        { role: 'tool', tool_call_id: 'toolu_2', content: [{ type: 'text', text: 'noon' }], is_error: true },
        { role: 'user', content: 'Go on' },
      ]).messages,
    ).toEqual([
      { role: 'user', content: 'Weather?' },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'I look.' },
          { type: 'tool_use', id: 'toolu_1', name: 'weather', input: { city: 'Paris' } },
          { type: 'tool_use', id: 'toolu_2', name: 'now', input: {} },
        ],
      },
      {
        role: 'user',
        content: [
          { type: 'tool_result', tool_use_id: 'toolu_1', content: 'rain' },
          { type: 'tool_result', tool_use_id: 'toolu_2', content: 'noon', is_error: true },
          { type: 'text', text: 'And?' },
          { type: 'text', text: 'Go on' },
        ],
      },
    ])
  })

  test('pictures in results, empty results, cache marks', () => {
    const { messages } = encode([
      { role: 'assistant', tool_calls: [{ ...call('a', 'shot', '{}'), cache_control: { type: 'ephemeral' } }] },
      {
        role: 'tool',
        tool_call_id: 'a',
        content: [
          { type: 'text', text: 'here' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } },
        ],
        cache_control: { type: 'ephemeral' },
      },
      { role: 'tool', tool_call_id: 'b', content: '' },
    ])
    expect(messages).toEqual([
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'a', name: 'shot', input: {}, cache_control: { type: 'ephemeral' } }],
      },
      {
        role: 'user',
        content: [
          {
            type: 'tool_result',
            tool_use_id: 'a',
            content: [
              { type: 'text', text: 'here' },
              { type: 'image', source: { type: 'base64', media_type: 'image/png', data: 'AA==' } },
            ],
            cache_control: { type: 'ephemeral' },
          },
          { type: 'tool_result', tool_use_id: 'b' },
        ],
      },
    ])
  })

  test("ids of other providers are made Anthropic's, call and result alike", () => {
    const { messages } = encode([
      { role: 'assistant', tool_calls: [call('functions.now:0', 'now', '{}')] },
      { role: 'tool', tool_call_id: 'functions.now:0', content: 'noon' },
    ])
    expect(messages).toEqual([
      { role: 'assistant', content: [{ type: 'tool_use', id: 'functions_now_0', name: 'now', input: {} }] },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'functions_now_0', content: 'noon' }] },
    ])
  })

  test('the deprecated function_call and function messages', () => {
    const { messages } = encode([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, function_call: { name: 'now', arguments: '{"zone":"CET"}' } },
      { role: 'function', name: 'now', content: 'noon' },
    ])
    expect(messages.slice(1)).toEqual([
      {
        role: 'assistant',
        content: [{ type: 'tool_use', id: 'function_call_1', name: 'now', input: { zone: 'CET' } }],
      },
      { role: 'user', content: [{ type: 'tool_result', tool_use_id: 'function_call_1', content: 'noon' }] },
    ])
  })

  test.each([
    [[{ role: 'assistant', tool_calls: [call('a', 'f', '{"x":')] }], 'messages[0].tool_calls[0].function.arguments'],
    [[{ role: 'assistant', tool_calls: [call('a', 'f', '[1]')] }], 'messages[0].tool_calls[0].function.arguments'],
    [[{ role: 'assistant', tool_calls: [call('a', '', '{}')] }], 'messages[0].tool_calls[0].function.name'],
    [[{ role: 'assistant', tool_calls: [call('', 'f', '{}')] }], 'messages[0].tool_calls[0].id'],
    [[{ role: 'assistant', tool_calls: ['f'] }], 'messages[0].tool_calls[0]'],
    [[{ role: 'assistant', tool_calls: 'f' }], 'messages[0].tool_calls'],
    [[{ role: 'assistant', function_call: { name: 'f', arguments: 'x' } }], 'messages[0].function_call.arguments'],
    [[{ role: 'tool', content: 'a' }], 'messages[0].tool_call_id'],
    [[{ role: 'function', name: 'f', content: 'a' }], 'messages[0].tool_call_id'],
  ])('%j: 400 with the place', (messages, param) => {
    expect(refusal(messages)).toMatchObject({ status: 400, param })
  })
})

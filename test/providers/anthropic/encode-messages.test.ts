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

describe('system', () => {
  test('system and developer messages of any place become the system text', () => {
    expect(
      encode([
        { role: 'system', content: 'Be kind.' },
        { role: 'user', content: 'Hi' },
        { role: 'developer', content: [{ type: 'text', text: 'Be short.', cache_control: { type: 'ephemeral' } }] },
        { role: 'system', content: '' },
      ]),
    ).toEqual({
      system: [
        { type: 'text', text: 'Be kind.' },
        { type: 'text', text: 'Be short.', cache_control: { type: 'ephemeral' } },
      ],
      messages: [{ role: 'user', content: 'Hi' }],
    })
  })

  test('cache_control of a message marks its last block', () => {
    const cache = { type: 'ephemeral', ttl: '1h' }
    const { system, messages } = encode([
      { role: 'system', content: 'Rules', cache_control: cache },
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
        cache_control: cache,
      },
    ])
    expect(system).toEqual([{ type: 'text', text: 'Rules', cache_control: cache }])
    expect(messages).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b', cache_control: cache },
        ],
      },
    ])
  })

  test('an image in a system message is refused', () => {
    const image = { type: 'image_url', image_url: { url: 'https://example.com/a.png' } }
    expect(refusal([{ role: 'system', content: [image] }])).toMatchObject({
      status: 400,
      param: 'messages[0].content[0]',
    })
  })
})

describe('turns', () => {
  test('messages of one side become one turn', () => {
    expect(
      encode([
        { role: 'user', content: 'a' },
        { role: 'user', content: 'b' },
        { role: 'assistant', content: 'c' },
        { role: 'assistant', content: 'd' },
        { role: 'user', content: 'e' },
      ]).messages,
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'text', text: 'b' },
        ],
      },
      {
        role: 'assistant',
        content: [
          { type: 'text', text: 'c' },
          { type: 'text', text: 'd' },
        ],
      },
      { role: 'user', content: 'e' },
    ])
  })

  test('an empty answer in the history is left out, blank text beside a picture too', () => {
    const url = 'https://example.com/a.png'
    expect(
      encode([
        { role: 'user', content: 'a' },
        { role: 'assistant', content: '' },
        {
          role: 'user',
          content: [
            { type: 'text', text: ' \n' },
            { type: 'image_url', image_url: { url } },
          ],
        },
      ]).messages,
    ).toEqual([
      {
        role: 'user',
        content: [
          { type: 'text', text: 'a' },
          { type: 'image', source: { type: 'url', url } },
        ],
      },
    ])
  })

  test('a prefill loses the white space that Anthropic refuses, answers before it do not', () => {
    expect(
      encode([
        { role: 'user', content: 'a' },
        { role: 'assistant', content: 'b \n' },
        { role: 'user', content: 'c' },
        { role: 'assistant', content: 'The answer is: \n' },
      ]).messages,
    ).toEqual([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b \n' },
      { role: 'user', content: 'c' },
      { role: 'assistant', content: 'The answer is:' },
    ])
  })

  test('a refusal of the past is text', () => {
    const { messages } = encode([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: null, refusal: 'No.' },
      { role: 'user', content: 'b' },
    ])
    expect(messages[1]).toEqual({ role: 'assistant', content: 'No.' })
  })

  test.each([
    ['no list', 'hello', 'messages'],
    ['no object', ['hello'], 'messages[0]'],
    ['unknown role', [{ role: 'robot', content: 'a' }], 'messages[0].role'],
    ['nothing but system', [{ role: 'system', content: 'a' }], 'messages'],
    ['empty user text', [{ role: 'user', content: ' ' }], 'messages[0].content'],
    ['no parts', [{ role: 'user', content: [] }], 'messages[0].content'],
    ['content of another type', [{ role: 'user', content: 7 }], 'messages[0].content'],
    ['part without type', [{ role: 'user', content: [{ text: 'a' }] }], 'messages[0].content[0]'],
    ['text that is none', [{ role: 'user', content: [{ type: 'text', text: 1 }] }], 'messages[0].content[0].text'],
  ])('%s: 400 with the place', (_, messages, param) => {
    expect(refusal(messages)).toMatchObject({ status: 400, param })
  })

  test('names of participants are not carried', () => {
    const translation = fakeTranslation()
    const { messages } = encodeMessages([{ role: 'user', name: 'first', content: 'a' }], translation)
    expect(messages).toEqual([{ role: 'user', content: 'a' }])
    expect(translation.dropped).toEqual(['messages[0].name'])
  })
})

describe('thinking', () => {
  test('signed blocks come first, unsigned ones are not sent', () => {
    const { messages } = encode([
      { role: 'user', content: 'a' },
      {
        role: 'assistant',
        content: 'I look.',
        reasoning_content: 'Hm.',
        thinking_blocks: [
          { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
          { type: 'redacted_thinking', data: 'b3BhcXVl' },
          { type: 'thinking', thinking: 'from elsewhere' },
        ],
        tool_calls: [call('a', 'f', '{}')],
      },
      { role: 'tool', tool_call_id: 'a', content: 'b' },
    ])
    expect(messages[1]!.content).toEqual([
      { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
      { type: 'redacted_thinking', data: 'b3BhcXVl' },
      { type: 'text', text: 'I look.' },
      { type: 'tool_use', id: 'a', name: 'f', input: {} },
    ])
  })

  test('what Gemini signed is not sent: its signatures are refused', () => {
    const { messages } = encode([
      { role: 'user', content: 'a' },
      {
        role: 'assistant',
        content: 'b',
        thinking_blocks: [{ type: 'thinking', thinking: 'Hm.', signature: 'Z2Vt' }],
        provider_specific_fields: { thought_signatures: ['Z2Vt'] },
      },
    ])
    expect(messages[1]!.content).toBe('b')
  })

  test('images that a model made cannot go back', () => {
    const images = [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }]
    const given = [
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'b', images },
    ]
    expect(refusal(given)).toMatchObject({ status: 400, param: 'messages[1].images' })
    expect(refusal([given[0], { ...given[1], images: [] }])).toBeUndefined()
  })

  test('blocks of server tools go back where the client kept them', () => {
    const search = { type: 'server_tool_use', id: 'srvtoolu_1', name: 'web_search', input: { query: 'x' } }
    const result = { type: 'web_search_tool_result', tool_use_id: 'srvtoolu_1', content: [] }
    const { messages } = encode([
      { role: 'user', content: 'a' },
      { role: 'assistant', content: 'Found.', provider_specific_fields: { content_blocks: [search, result] } },
      { role: 'user', content: 'b' },
    ])
    expect(messages[1]!.content).toEqual([search, result, { type: 'text', text: 'Found.' }])
  })
})

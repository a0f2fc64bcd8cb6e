import { describe, expect, it } from 'vitest'
import { encodeMessages, FLASH_25, FLASH_3 } from './fakes.ts'

const user = (content: unknown) => ({ role: 'user', content })
const call = (id: string, name: string, args = '{}', more: Record<string, unknown> = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
  ...more,
})

describe('tools in a conversation', () => {
  const messages = [
    user('Weather?'),
    {
      role: 'assistant',
      content: 'Looking.',
      tool_calls: [
        call('call_1', 'weather', '{"city":"Köln"}', { provider_specific_fields: { thought_signature: 'c2ln' } }),
        call('call_2', 'clock', ''),
      ],
    },
    { role: 'tool', tool_call_id: 'call_2', content: 'noon' },
    {
      role: 'tool',
      tool_call_id: 'call_1',
      content: [
        { type: 'text', text: '{"celsius":' },
        { type: 'text', text: '21}' },
      ],
    },
    user('And?'),
  ]

  it('are matched by name and order up to Gemini 2.5', async () => {
    expect(await encodeMessages(messages)).toEqual([
      { role: 'user', parts: [{ text: 'Weather?' }] },
      {
        role: 'model',
        parts: [
          { text: 'Looking.' },
          { functionCall: { name: 'weather', args: { city: 'Köln' } }, thoughtSignature: 'c2ln' },
          { functionCall: { name: 'clock', args: {} } },
        ],
      },
      {
        role: 'user',
        parts: [
          { functionResponse: { name: 'weather', response: { celsius: 21 } } },
          { functionResponse: { name: 'clock', response: { result: 'noon' } } },
          { text: 'And?' },
        ],
      },
    ])
  })

  it('carry ids since Gemini 3', async () => {
    const contents = (await encodeMessages(messages, { model: FLASH_3 })) as { parts: unknown[] }[]
    expect(contents[1]!.parts.slice(1)).toEqual([
      { functionCall: { id: 'call_1', name: 'weather', args: { city: 'Köln' } }, thoughtSignature: 'c2ln' },
      { functionCall: { id: 'call_2', name: 'clock', args: {} } },
    ])
    expect(contents[2]!.parts.slice(0, 2)).toEqual([
      { functionResponse: { id: 'call_1', name: 'weather', response: { celsius: 21 } } },
      { functionResponse: { id: 'call_2', name: 'clock', response: { result: 'noon' } } },
    ])
  })

  it('of one function stand in the order of their calls, whoever came back first', async () => {
    const asked = [
      user('Paris and Rome?'),
      {
        role: 'assistant',
        tool_calls: [call('a', 'weather', '{"city":"Paris"}'), call('b', 'weather', '{"city":"Rome"}')],
      },
      { role: 'tool', tool_call_id: 'b', content: '30' },
      { role: 'tool', tool_call_id: 'a', content: '10' },
    ]
    const contents = (await encodeMessages(asked)) as { parts: unknown[] }[]
    expect(contents[2]!.parts).toEqual([
      { functionResponse: { name: 'weather', response: { result: '10' } } },
      { functionResponse: { name: 'weather', response: { result: '30' } } },
    ])
  })

  it('that failed say so', async () => {
    const asked = [
      user('Weather?'),
      { role: 'assistant', tool_calls: [call('a', 'weather')] },
      { role: 'tool', tool_call_id: 'a', content: '{"code":1}', is_error: true },
    ]
    const contents = (await encodeMessages(asked)) as { parts: unknown[] }[]
    expect(contents[2]!.parts).toEqual([{ functionResponse: { name: 'weather', response: { error: '{"code":1}' } } }])
  })

  it('carry no ids over API v1', async () => {
    const sent = await encodeMessages(messages, { model: FLASH_3, options: { apiVersion: 'v1' } })
    expect(JSON.stringify(sent)).not.toContain('"id"')
  })

  it('are marked where a call of the current turn is not signed', async () => {
    const step = (id: string) => [
      { role: 'assistant', tool_calls: [call(id, 'f'), call(`${id}b`, 'g')] },
      { role: 'tool', tool_call_id: id, content: '1' },
      { role: 'tool', tool_call_id: `${id}b`, content: '2' },
    ]
    const history = [
      user('a'),
      ...step('x'),
      { role: 'assistant', content: 'b' },
      user('c'),
      ...step('y'),
      ...step('z'),
    ]
    const signatures = async (model: string) => {
      const contents = (await encodeMessages(history, { model })) as {
        role: string
        parts: Record<string, unknown>[]
      }[]
      return contents
        .filter(({ role }) => role === 'model')
        .map(({ parts }) => parts.map((each) => each['thoughtSignature']))
    }
    const none = 'skip_thought_signature_validator'
    expect(await signatures(FLASH_3)).toEqual([
      [undefined, undefined],
      [undefined],
      [none, undefined],
      [none, undefined],
    ])
    expect(await signatures('gemini-flash-latest')).toEqual(await signatures(FLASH_3))
    expect(await signatures(FLASH_25)).toEqual([
      [undefined, undefined],
      [undefined],
      [undefined, undefined],
      [undefined, undefined],
    ])
  })

  it.each([
    ['text', 'sunny', { result: 'sunny' }],
    ['nothing', null, { result: '' }],
    ['a list', '[1,2]', { result: '[1,2]' }],
    ['an object', ' {"a":{"b":null}}', { a: { b: null } }],
    ['an object cut short', '{"a":', { result: '{"a":' }],
    ['a number that a double cannot hold', '{"id":12345678901234567890}', { result: '{"id":12345678901234567890}' }],
    ['a reference, which Gemini takes for media', '{"a":[{"$ref":"#/x"}]}', { result: '{"a":[{"$ref":"#/x"}]}' }],
  ])('have results of any form: %s', async (_what, content, response) => {
    const contents = await encodeMessages([
      user('x'),
      { role: 'assistant', tool_calls: [call('1', 'f')] },
      { role: 'tool', tool_call_id: '1', content },
    ])
    expect((contents as { parts: unknown[] }[])[2]!.parts).toEqual([{ functionResponse: { name: 'f', response } }])
  })

  it('have results with media, inside the response since Gemini 3', async () => {
    const history = [
      user('x'),
      { role: 'assistant', tool_calls: [call('1', 'shot')] },
      {
        role: 'tool',
        tool_call_id: '1',
        content: [
          { type: 'text', text: 'here' },
          { type: 'image_url', image_url: { url: 'data:image/png;base64,AAAA' } },
        ],
      },
    ]
    const media = { inlineData: { mimeType: 'image/png', data: 'AAAA' } }
    const results = async (model: string) =>
      ((await encodeMessages(history, { model })) as { parts: unknown[] }[])[2]!.parts
    expect(await results(FLASH_25)).toEqual([
      { functionResponse: { name: 'shot', response: { result: 'here' } } },
      media,
    ])
    expect(await results(FLASH_3)).toEqual([
      { functionResponse: { id: '1', name: 'shot', response: { result: 'here' }, parts: [media] } },
    ])
  })

  it('may be of the deprecated kind', async () => {
    const contents = await encodeMessages([
      user('x'),
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
      { role: 'function', name: 'f', content: '2' },
    ])
    expect((contents as unknown[]).slice(1)).toEqual([
      { role: 'model', parts: [{ functionCall: { name: 'f', args: { a: 1 } } }] },
      { role: 'user', parts: [{ functionResponse: { name: 'f', response: { result: '2' } } }] },
    ])
  })

  it('take signatures where Google keeps them in its OpenAI endpoint', async () => {
    const extra = { extra_content: { google: { thought_signature: 'Z29vZw==' } } }
    const contents = await encodeMessages([user('x'), { role: 'assistant', tool_calls: [call('1', 'f', '{}', extra)] }])
    expect((contents as { parts: unknown[] }[])[1]!.parts).toEqual([
      { functionCall: { name: 'f', args: {} }, thoughtSignature: 'Z29vZw==' },
    ])
  })
})

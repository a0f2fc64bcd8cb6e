import { describe, expect, it } from 'vitest'
import { encode, encodeMessages, refusal } from './fakes.ts'

const user = (content: unknown) => ({ role: 'user', content })
const call = (id: string, name: string, args = '{}', more: Record<string, unknown> = {}) => ({
  id,
  type: 'function',
  function: { name, arguments: args },
  ...more,
})

describe('messages', () => {
  it('become one system instruction and alternating turns', async () => {
    const { body } = await encode({
      messages: [
        { role: 'system', content: 'Be brief.' },
        user('One'),
        user([{ type: 'text', text: 'Two' }]),
        { role: 'assistant', content: 'Three' },
        {
          role: 'assistant',
          content: [
            { type: 'text', text: 'Four' },
            { type: 'refusal', refusal: 'Five' },
          ],
        },
        { role: 'developer', content: [{ type: 'text', text: 'Be kind.' }] },
        user('Six'),
      ],
    })
    expect(body).toEqual({
      systemInstruction: { parts: [{ text: 'Be brief.' }, { text: 'Be kind.' }] },
      contents: [
        { role: 'user', parts: [{ text: 'One' }, { text: 'Two' }] },
        { role: 'model', parts: [{ text: 'Three' }, { text: 'Four' }, { text: 'Five' }] },
        { role: 'user', parts: [{ text: 'Six' }] },
      ],
    })
  })

  it('that are only a system message become the prompt', async () => {
    const { body } = await encode({ messages: [{ role: 'system', content: 'Say hi.' }] })
    expect(body).toEqual({ contents: [{ role: 'user', parts: [{ text: 'Say hi.' }] }] })
  })

  it('leave out what is empty', async () => {
    const messages = [user('A'), { role: 'assistant', content: '' }, { role: 'assistant', content: null }, user('B')]
    expect(await encodeMessages(messages)).toEqual([{ role: 'user', parts: [{ text: 'A' }, { text: 'B' }] }])
    expect(await refusal({ messages: [user('')] })).toBe('400 null messages')
  })

  it.each([
    ['no list', { messages: 'Hi' }, '400 null messages'],
    ['no object', { messages: [1] }, '400 null messages[0]'],
    ['an unknown role', { messages: [{ role: 'narrator', content: 'x' }] }, '400 null messages[0].role'],
    ['content of another kind', { messages: [user(5)] }, '400 null messages[0].content'],
    ['a part without a type', { messages: [user([{ text: 'x' }])] }, '400 null messages[0].content[0]'],
    ['a text that is none', { messages: [user([{ type: 'text', text: 1 }])] }, '400 null messages[0].content[0].text'],
    ['an unknown part', { messages: [user([{ type: 'smell' }])] }, '400 unsupported_parameter messages[0].content[0]'],
    ['a name', { messages: [{ ...user('x'), name: 'Ada' }] }, '400 unsupported_parameter messages[0].name'],
    [
      'an image as system message',
      {
        messages: [
          { role: 'system', content: [{ type: 'image_url', image_url: { url: 'data:image/png;base64,AA==' } }] },
        ],
      },
      '400 null messages[0].content',
    ],
    [
      'a result without a call',
      { messages: [user('x'), { role: 'tool', tool_call_id: 'call_9', content: 'y' }] },
      '400 null messages[1].tool_call_id',
    ],
    [
      'arguments that are no JSON',
      { messages: [user('x'), { role: 'assistant', tool_calls: [call('1', 'f', '{"a":')] }] },
      '400 null messages[1].tool_calls[0].function.arguments',
    ],
    [
      'arguments that are no object',
      { messages: [user('x'), { role: 'assistant', tool_calls: [call('1', 'f', '[1]')] }] },
      '400 null messages[1].tool_calls[0].function.arguments',
    ],
    [
      'a custom call',
      { messages: [user('x'), { role: 'assistant', tool_calls: [{ id: '1', type: 'custom', custom: {} }] }] },
      '400 unsupported_parameter messages[1].tool_calls[0]',
    ],
  ])('with %s are refused by name', async (_what, fields, expected) => {
    expect(await refusal(fields)).toBe(expected)
  })
})

describe('an answer that is sent back', () => {
  const parts = async (message: Record<string, unknown>) =>
    ((await encodeMessages([user('x'), { role: 'assistant', ...message }])) as { parts: unknown[] }[])[1]?.parts

  it('keeps its signatures, what Google ran and the images', async () => {
    expect(
      await parts({
        content: 'Done',
        reasoning_content: 'Hm. Right.',
        thinking_blocks: [
          { type: 'thinking', thinking: 'Hm.', signature: 'czE=' },
          { type: 'thinking', thinking: ' Right.' },
        ],
        images: [
          {
            type: 'image_url',
            image_url: { url: 'data:image/png;base64,AAAA' },
            provider_specific_fields: { thought_signature: 'czM=' },
          },
        ],
        provider_specific_fields: {
          thought_signatures: ['czE=', 'czI='],
          gemini_parts: [{ executableCode: { language: 'PYTHON', code: 'print(1)' } }],
        },
      }),
    ).toEqual([
      { text: 'Hm.', thought: true, thoughtSignature: 'czE=' },
      { executableCode: { language: 'PYTHON', code: 'print(1)' } },
      { text: 'Done', thoughtSignature: 'czI=' },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature: 'czM=' },
    ])
  })

  it('keeps a signature without text', async () => {
    expect(await parts({ content: null, provider_specific_fields: { thought_signatures: ['czE='] } })).toEqual([
      { text: '', thoughtSignature: 'czE=' },
    ])
  })

  it('of another provider loses its signatures', async () => {
    const thinking_blocks = [
      { type: 'thinking', thinking: 'Hm.', signature: 'ZXhhbXBsZQ==' },
      { type: 'redacted_thinking', data: 'ZXhhbXBsZQ==' },
    ]
    expect(
      await parts({
        content: [
          { type: 'thinking', thinking: 'Hm.' },
          { type: 'text', text: 'Done' },
        ],
        thinking_blocks,
      }),
    ).toEqual([{ text: 'Done' }])
  })

  it('that was refused is told as text', async () => {
    expect(await parts({ content: null, refusal: 'No.' })).toEqual([{ text: 'No.' }])
  })

  it('cannot hold audio', async () => {
    const messages = [user('x'), { role: 'assistant', audio: { id: 'audio_1' } }, user('y')]
    expect(await refusal({ messages })).toBe('400 unsupported_parameter messages[1].audio')
  })
})

import { describe, expect, it } from 'vitest'
import type { ChatCompletion } from '../../../src/index.ts'
import { encodeMessages, FLASH_3, makeCall, makeProvider, makeTarget } from './fakes.ts'

const chat = makeProvider().endpoints['openai.chat']!

function decode(answer: unknown, body: Record<string, unknown> = {}): ChatCompletion {
  return chat.decode!(answer, makeCall(body), makeTarget()) as ChatCompletion
}

const candidate = (parts: unknown[], more: Record<string, unknown> = {}) => ({
  content: { role: 'model', parts },
  finishReason: 'STOP',
  index: 0,
  ...more,
})

/** The only choice of an answer with these parts. */
const choice = (parts: unknown[], more: Record<string, unknown> = {}, body: Record<string, unknown> = {}) =>
  decode({ candidates: [candidate(parts, more)] }, body).choices[0]!

describe('an answer', () => {
  it('is a chat completion', () => {
    const before = Math.floor(Date.now() / 1000)
    const { created, ...rest } = decode({
      candidates: [candidate([{ text: 'Hal' }, { text: 'lo' }])],
      usageMetadata: { promptTokenCount: 4, candidatesTokenCount: 2, totalTokenCount: 6 },
      modelVersion: 'gemini-2.5-flash-001',
      responseId: 'abc',
    })
    expect(created).toBeGreaterThanOrEqual(before)
    expect(rest).toEqual({
      id: 'abc',
      object: 'chat.completion',
      model: 'gemini-2.5-flash-001',
      choices: [{ index: 0, message: { role: 'assistant', content: 'Hallo' }, logprobs: null, finish_reason: 'stop' }],
      usage: { prompt_tokens: 4, completion_tokens: 2, total_tokens: 6 },
    })
  })

  it('has an id and a model where Gemini names none', () => {
    const { id, model, usage } = decode({ candidates: [candidate([{ text: 'x' }])] })
    expect(id).toMatch(/^chatcmpl-[0-9a-f]{24}$/)
    expect([model, usage]).toEqual(['gemini-2.5-flash', undefined])
  })

  it('may hold several choices', () => {
    const { choices } = decode({
      candidates: [candidate([{ text: 'b' }], { index: 1 }), candidate([{ text: 'a' }], { index: 0 })],
    })
    expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
      [1, 'b'],
      [0, 'a'],
    ])
    const unnumbered = [candidate([], { index: undefined }), candidate([], { index: undefined })]
    expect(decode({ candidates: unnumbered }).choices.map(({ index }) => index)).toEqual([0, 1])
  })

  it('calls tools, with ids of Gemini or new ones, and signatures', () => {
    const { message, finish_reason } = choice([
      { functionCall: { id: 'fc-1', name: 'weather', args: { city: 'Köln' } }, thoughtSignature: 'c2ln' },
      { functionCall: { name: 'clock' } },
    ])
    expect(finish_reason).toBe('tool_calls')
    expect(message).toEqual({
      role: 'assistant',
      content: null,
      tool_calls: [
        {
          id: 'fc-1',
          type: 'function',
          function: { name: 'weather', arguments: '{"city":"Köln"}' },
          provider_specific_fields: { thought_signature: 'c2ln' },
          extra_content: { google: { thought_signature: 'c2ln' } },
        },
        {
          id: expect.stringMatching(/^call_[0-9a-f]{24}$/),
          type: 'function',
          function: { name: 'clock', arguments: '{}' },
        },
      ],
    })
  })

  it('calls a function where the client sent the deprecated functions', () => {
    const { message, finish_reason } = choice(
      [{ functionCall: { name: 'f', args: { a: 1 } } }],
      {},
      { functions: [{ name: 'f' }] },
    )
    expect([finish_reason, message]).toEqual([
      'function_call',
      { role: 'assistant', content: null, function_call: { name: 'f', arguments: '{"a":1}' } },
    ])
  })

  it('thinks aloud; signed thoughts are kept whole', () => {
    const { message } = choice([
      { text: 'Hm.', thought: true },
      { text: ' Right.', thought: true, thoughtSignature: 'czE=' },
      { text: 'Well.', thought: true, thoughtSignature: 'czM=' },
      { text: 'Yes.', thought: true },
      { text: 'Done', thoughtSignature: 'czI=' },
    ])
    expect(message).toEqual({
      role: 'assistant',
      content: 'Done',
      reasoning_content: 'Hm. Right.Well.Yes.',
      thinking_blocks: [
        { type: 'thinking', thinking: 'Hm. Right.', signature: 'czE=' },
        { type: 'thinking', thinking: 'Well.', signature: 'czM=' },
      ],
      provider_specific_fields: { thought_signatures: ['czE=', 'czM=', 'czI='] },
    })
  })

  it('shows images, but no drafts of them', () => {
    const { message } = choice([
      { inlineData: { mimeType: 'image/png', data: 'ZHJhZnQ=' }, thought: true },
      { text: 'Here:' },
      { inlineData: { mimeType: 'image/png', data: 'AAAA' }, thoughtSignature: 'c2ln' },
      { inlineData: { mimeType: 'image/jpeg', data: 'BBBB' } },
    ])
    expect(message).toEqual({
      role: 'assistant',
      content: 'Here:',
      images: [
        {
          type: 'image_url',
          image_url: { url: 'data:image/png;base64,AAAA' },
          provider_specific_fields: { thought_signature: 'c2ln' },
        },
        { type: 'image_url', image_url: { url: 'data:image/jpeg;base64,BBBB' } },
      ],
    })
  })

  it('speaks', () => {
    const audio = (data: string) => ({ inlineData: { mimeType: 'audio/L16;codec=pcm;rate=24000', data } })
    const { message } = choice([audio('AQ=='), audio('AgM=')])
    expect(message).toEqual({
      role: 'assistant',
      content: null,
      audio: { id: expect.stringMatching(/^audio_/), data: 'AQID', expires_at: expect.any(Number), transcript: '' },
    })
  })

  it('never shows what Google ran as calls of the client', () => {
    const parts = [
      { executableCode: { language: 'PYTHON', code: 'print(1)' } },
      { codeExecutionResult: { outcome: 'OUTCOME_OK', output: '1\n' } },
      { toolCall: { id: '1', toolType: 'GOOGLE_SEARCH_WEB' }, thoughtSignature: 'c2ln' },
    ]
    const { message, finish_reason } = choice([...parts, { text: 'One' }])
    expect([finish_reason, message]).toEqual([
      'stop',
      { role: 'assistant', content: 'One', provider_specific_fields: { gemini_parts: parts } },
    ])
  })

  it('survives being sent back', async () => {
    const parts = [
      { executableCode: { language: 'PYTHON', code: 'print(1)' } },
      { text: 'Thinking', thought: true, thoughtSignature: 'czE=' },
      { text: 'Calling', thoughtSignature: 'czI=' },
      { functionCall: { id: 'fc-1', name: 'f', args: { a: 1 } }, thoughtSignature: 'czM=' },
    ]
    const messages = [{ role: 'user', content: 'x' }, choice(parts).message]
    const contents = (await encodeMessages(messages, { model: FLASH_3 })) as { parts: unknown[] }[]
    expect(contents[1]!.parts).toEqual([parts[1], parts[0], parts[2], parts[3]])
  })

  it('tells log probabilities', () => {
    const token = (text: string, logProbability: number) => ({ token: text, tokenId: 1, logProbability })
    const logprobsResult = {
      topCandidates: [{ candidates: [token('Hi', -0.1), token('Ho', -2)] }],
      chosenCandidates: [token('Hi', -0.1), token('!', -0.5)],
    }
    const shown = (text: string, logprob: number) => ({ token: text, logprob, bytes: null })
    expect(choice([{ text: 'Hi!' }], { logprobsResult }).logprobs).toEqual({
      content: [
        { ...shown('Hi', -0.1), top_logprobs: [shown('Hi', -0.1), shown('Ho', -2)] },
        { ...shown('!', -0.5), top_logprobs: [] },
      ],
      refusal: null,
    })
  })
})

import { describe, expect, it } from 'vitest'
import type { ChatCompletion } from '../../../src/index.ts'
import { toChatUsage } from '../../../providers/gemini/usage.ts'
import { makeCall, makeProvider, makeTarget } from './fakes.ts'

const chat = makeProvider().endpoints['openai.chat']!

function decode(answer: unknown): ChatCompletion {
  return chat.decode!(answer, makeCall(), makeTarget()) as ChatCompletion
}

const candidate = (parts: unknown[], more: Record<string, unknown> = {}) => ({
  content: { role: 'model', parts },
  finishReason: 'STOP',
  index: 0,
  ...more,
})

/** The only choice of an answer with these parts. */
const choice = (parts: unknown[], more: Record<string, unknown> = {}) =>
  decode({ candidates: [candidate(parts, more)] }).choices[0]!

describe('the finish reason', () => {
  const call = { functionCall: { name: 'f' } }
  it.each([
    ['STOP', [], 'stop'],
    ['STOP', [call], 'tool_calls'],
    ['MAX_TOKENS', [], 'length'],
    ['MAX_TOKENS', [call], 'length'],
    ['SAFETY', [], 'content_filter'],
    ['SAFETY', [call], 'content_filter'],
    ['RECITATION', [], 'content_filter'],
    ['LANGUAGE', [], 'content_filter'],
    ['BLOCKLIST', [], 'content_filter'],
    ['PROHIBITED_CONTENT', [], 'content_filter'],
    ['SPII', [], 'content_filter'],
    ['IMAGE_SAFETY', [], 'content_filter'],
    ['IMAGE_PROHIBITED_CONTENT', [], 'content_filter'],
    ['MALFORMED_FUNCTION_CALL', [], 'stop'],
    ['UNEXPECTED_TOOL_CALL', [], 'stop'],
    [{ toString: [] }, [], 'stop'],
    ['OTHER', [], 'stop'],
    ['SOMETHING_NEW', [call], 'tool_calls'],
    [undefined, [], 'stop'],
  ])('%s with %j is %s', (finishReason, parts, expected) => {
    expect(choice(parts, { finishReason }).finish_reason).toBe(expected)
  })

  it('is kept where it says more than its translation', () => {
    const safetyRatings = [{ category: 'HARM_CATEGORY_HARASSMENT', probability: 'HIGH', blocked: true }]
    expect(
      decode({ candidates: [{ finishReason: 'SAFETY', finishMessage: 'Unsafe.', safetyRatings }] }).choices,
    ).toEqual([
      {
        index: 0,
        message: {
          role: 'assistant',
          content: '',
          provider_specific_fields: {
            finish_reason: 'SAFETY',
            finish_message: 'Unsafe.',
            safety_ratings: safetyRatings,
          },
        },
        logprobs: null,
        finish_reason: 'content_filter',
      },
    ])
  })

  it('of a blocked prompt is content_filter', () => {
    const answer = decode({
      promptFeedback: { blockReason: 'PROHIBITED_CONTENT' },
      usageMetadata: { promptTokenCount: 7, totalTokenCount: 7 },
    })
    expect(answer.choices).toEqual([
      {
        index: 0,
        message: { role: 'assistant', content: '', provider_specific_fields: { block_reason: 'PROHIBITED_CONTENT' } },
        logprobs: null,
        finish_reason: 'content_filter',
      },
    ])
    expect(answer.usage).toEqual({ prompt_tokens: 7, completion_tokens: 0, total_tokens: 7 })
  })
})

describe('what is no answer', () => {
  it.each([
    [null],
    ['text'],
    [[]],
    [{}],
    [{ candidates: [] }],
    [{ promptFeedback: {} }],
    [{ error: { code: 500, message: 'x' } }],
  ])('is a 502: %j', (body) => {
    expect(() => decode(body)).toThrow(
      expect.objectContaining({ status: 502, code: 'bad_upstream_answer', origin: 'provider' }),
    )
  })
})

describe('usage', () => {
  it.each([
    [undefined, undefined],
    [{}, { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 }],
    [
      {
        promptTokenCount: 100,
        toolUsePromptTokenCount: 20,
        candidatesTokenCount: 30,
        thoughtsTokenCount: 40,
        totalTokenCount: 190,
      },
      {
        prompt_tokens: 120,
        completion_tokens: 70,
        total_tokens: 190,
        completion_tokens_details: { reasoning_tokens: 40 },
      },
    ],
    [
      { promptTokenCount: 100, candidatesTokenCount: 70, thoughtsTokenCount: 40, totalTokenCount: 170 },
      {
        prompt_tokens: 100,
        completion_tokens: 70,
        total_tokens: 170,
        completion_tokens_details: { reasoning_tokens: 40 },
      },
    ],
    [
      { promptTokenCount: 100, cachedContentTokenCount: 80, candidatesTokenCount: 1, totalTokenCount: 101 },
      { prompt_tokens: 100, completion_tokens: 1, total_tokens: 101, prompt_tokens_details: { cached_tokens: 80 } },
    ],
    [
      {
        promptTokenCount: 50,
        candidatesTokenCount: 60,
        promptTokensDetails: [
          { modality: 'TEXT', tokenCount: 10 },
          { modality: 'AUDIO', tokenCount: 40 },
        ],
        candidatesTokensDetails: [{ modality: 'AUDIO', tokenCount: 60 }],
      },
      {
        prompt_tokens: 50,
        completion_tokens: 60,
        total_tokens: 110,
        prompt_tokens_details: { audio_tokens: 40 },
        completion_tokens_details: { audio_tokens: 60 },
      },
    ],
    [
      { promptTokenCount: '9', candidatesTokenCount: -3, thoughtsTokenCount: null },
      { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 },
    ],
  ])('%j', (metadata, expected) => {
    expect(toChatUsage(metadata)).toEqual(expected)
  })

  it('tells the tier that was served', () => {
    const usageMetadata = { promptTokenCount: 1, serviceTier: 'FLEX' }
    expect(decode({ candidates: [candidate([{ text: 'x' }])], usageMetadata })['service_tier']).toBe('flex')
  })
})

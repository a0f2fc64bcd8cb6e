import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { ChatCompletion } from '../../../src/index.ts'
import { readError } from '../../../providers/gemini/error.ts'
import { toChatUsage } from '../../../providers/gemini/usage.ts'
import { makeCall, makeProvider, makeSink, makeTarget, type Written } from './fakes.ts'

type Json = Record<string, unknown>

const text = fc.string({ unit: 'binary', maxLength: 12 })
const args = fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
const anything = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constant(JSON.parse('{"__proto__":{"polluted":1}}')))
const unpolluted = () => expect(({} as Json)['polluted']).toBeUndefined()

describe('for any input', () => {
  const target = makeTarget()
  const { endpoints, error: readProviderError } = makeProvider()
  const chat = endpoints['openai.chat']!
  const piece = fc.record(
    {
      candidates: fc.oneof(
        anything,
        fc.array(
          fc.record(
            {
              content: fc.oneof(anything, fc.record({ parts: fc.oneof(anything, fc.array(anything)) })),
              index: fc.oneof(anything, fc.nat(2)),
              finishReason: anything,
              groundingMetadata: fc.oneof(
                anything,
                fc.record({
                  groundingChunks: fc.array(
                    fc.oneof(anything, fc.record({ web: fc.record({ uri: text, title: anything }) })),
                  ),
                  groundingSupports: fc.array(
                    fc.oneof(anything, fc.record({ segment: anything, groundingChunkIndices: fc.array(fc.integer()) })),
                  ),
                }),
              ),
              citationMetadata: anything,
              logprobsResult: fc.oneof(
                anything,
                fc.record({ chosenCandidates: fc.array(anything), topCandidates: anything }),
              ),
            },
            { requiredKeys: [] },
          ),
        ),
      ),
      promptFeedback: anything,
      usageMetadata: anything,
      error: anything,
    },
    { requiredKeys: [] },
  )

  it('an answer is decoded or a 502', () => {
    fc.assert(
      fc.property(fc.oneof(piece, anything), (answer) => {
        try {
          chat.decode!(answer, makeCall(), target)
        } catch (error) {
          expect(error).toMatchObject({ name: 'GatewayError', status: 502 })
        }
        unpolluted()
      }),
      { numRuns: 500 },
    )
  })

  it('a stream ends with finishes or one failure', () => {
    const event = fc.oneof(
      piece.map((each) => JSON.stringify(each)),
      text,
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 4 }), (events) => {
        const { sink, written } = makeSink()
        const decoder = chat.decodeStream!(sink, makeCall({ stream: true }), target)
        for (const data of events) decoder.event({ data })
        decoder.end!()
        const failures = written.filter((each) => 'fail' in each)
        const finishes = written.flatMap((each) => ('finish' in each ? [each.choice] : []))
        expect(failures.length).toBeLessThanOrEqual(1)
        expect(new Set(finishes).size).toBe(finishes.length)
        expect(failures.length > 0).toBe(finishes.length === 0)
        unpolluted()
      }),
      { numRuns: 300 },
    )
  })

  it('an error is read, short and without keys', () => {
    const key = 'AIzaSyA1234567890abcdefghijklmnopqrstuv'
    const body = fc.oneof(
      fc.string(),
      anything.map((value) => JSON.stringify(value)),
      fc
        .record({
          error: fc.record({
            message: fc.oneof(anything, fc.constant(`see ?key=${key}`)),
            status: anything,
            details: anything,
          }),
        })
        .map((value) => JSON.stringify(value)),
      text.map((before) => `${before} ${key}`),
    )
    fc.assert(
      fc.property(fc.integer({ min: 400, max: 599 }), body, (status, given) => {
        const shape = readError(status, given)
        expect([status, 401]).toContain(shape.status)
        expect(shape.message).toBeTypeOf('string')
        expect(shape.message.length).toBeLessThanOrEqual(2000)
        expect(shape.message).not.toContain(key)
        expect(readProviderError!(status, given)).toEqual(shape)
      }),
    )
  })

  it('usage adds up', () => {
    const number = fc.oneof(fc.nat(1e6), anything)
    const metadata = fc.record(
      {
        promptTokenCount: number,
        toolUsePromptTokenCount: number,
        candidatesTokenCount: number,
        thoughtsTokenCount: number,
        cachedContentTokenCount: number,
        totalTokenCount: number,
        promptTokensDetails: anything,
      },
      { requiredKeys: [] },
    )
    fc.assert(
      fc.property(metadata, (given) => {
        const usage = toChatUsage(given)!
        expect(usage.total_tokens).toBe(usage.prompt_tokens + usage.completion_tokens)
        expect(Number.isInteger(usage.total_tokens) && usage.total_tokens >= 0).toBe(true)
        expect(usage.completion_tokens).toBeGreaterThanOrEqual(usage.completion_tokens_details?.reasoning_tokens ?? 0)
      }),
    )
  })
})

describe('a stream', () => {
  const signature = fc.constantFrom('czE=', 'czI=', 'czM=')
  const part = fc.oneof(
    fc.record({ text }),
    fc.record({ text, thought: fc.constant(true) }),
    fc.record({ text, thoughtSignature: signature }),
    fc.record({ text, thought: fc.constant(true), thoughtSignature: signature }),
    fc.record({
      functionCall: fc.record({ id: fc.string({ minLength: 1 }), name: fc.string({ minLength: 1 }), args }),
    }),
    fc.record({ inlineData: fc.record({ mimeType: fc.constant('image/png'), data: fc.constantFrom('AAAA', 'BBBB') }) }),
    fc.record({ executableCode: fc.record({ code: text }) }),
  )
  const grounding = fc.record({
    groundingChunks: fc.constant([{ web: { uri: 'https://a.example', title: 'A' } }]),
    groundingSupports: fc.array(
      fc.record({
        segment: fc.record({ startIndex: fc.nat(30), endIndex: fc.nat(30) }),
        groundingChunkIndices: fc.constant([0]),
      }),
    ),
  })

  it('adds up to the answer in one piece', () => {
    const call = makeCall({ stream: true })
    const chat = makeProvider().endpoints['openai.chat']!
    fc.assert(
      fc.property(
        fc.array(part, { maxLength: 8 }),
        fc.array(fc.nat(8), { maxLength: 3 }),
        fc.constantFrom('STOP', 'MAX_TOKENS', 'SAFETY', 'MALFORMED_FUNCTION_CALL'),
        fc.option(grounding),
        (parts, cuts, finishReason, groundingMetadata) => {
          const ending = { finishReason, ...(groundingMetadata ? { groundingMetadata } : {}) }
          const usageMetadata = { promptTokenCount: 3, candidatesTokenCount: 4, totalTokenCount: 7 }
          const whole = chat.decode!(
            { candidates: [{ content: { parts }, index: 0, ...ending }], usageMetadata },
            call,
            makeTarget(),
          ) as ChatCompletion
          const { sink, written } = makeSink()
          const decoder = chat.decodeStream!(sink, call, makeTarget())
          const edges = [0, ...cuts.map((cut) => Math.min(cut, parts.length)).sort((a, b) => a - b), parts.length]
          edges.slice(1).forEach((edge, i) => {
            const last = i === edges.length - 2
            const content = { parts: parts.slice(edges[i], edge) }
            decoder.event({
              data: JSON.stringify({ candidates: [{ content, index: 0, ...(last ? ending : {}) }], usageMetadata }),
            })
          })
          decoder.end!()
          const { message, finish_reason } = whole.choices[0]!
          expect(addUp(written)).toEqual({
            message: JSON.parse(JSON.stringify({ ...message, content: message.content ?? '' })),
            finish_reason,
            usage: whole.usage,
          })
        },
      ),
      { numRuns: 300 },
    )
  })
})

/** What a client makes of the pieces of a stream. */
function addUp(written: readonly Written[]): Json {
  const message: Json = { role: 'assistant', content: '' }
  const out: Json = { message }
  const push = (key: string, list: unknown) => {
    message[key] = [...((message[key] as unknown[]) ?? []), ...(list as unknown[])]
  }
  for (const each of written) {
    if ('text' in each) message['content'] += each.text
    else if ('reasoning' in each)
      message['reasoning_content'] = ((message['reasoning_content'] as string) ?? '') + each.reasoning
    else if ('finish' in each) out['finish_reason'] = each.finish
    else if ('usage' in each) out['usage'] = each.usage
    else if ('delta' in each) {
      for (const [key, value] of Object.entries(each.delta)) {
        if (key === 'tool_calls') {
          push(
            key,
            (value as Json[]).map(({ index, ...rest }) => {
              expect(index).toBe((message['tool_calls'] as unknown[] | undefined)?.length ?? 0)
              return rest
            }),
          )
        } else if (Array.isArray(value)) push(key, value)
        else message[key] = value
      }
    }
  }
  return out
}

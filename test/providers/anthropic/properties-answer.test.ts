import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeMessage } from '../../../providers/anthropic/decode.ts'
import { createMessageDecoder } from '../../../providers/anthropic/stream.ts'
import { GatewayError } from '../../../src/index.ts'
import { fakeCall, fakeTarget, feed, recordingSink } from './fakes.ts'

type Json = Record<string, unknown>
type Event = { type: string } & Json

const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).map((text) => `<${text}>`)
const input = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 3,
  noNullPrototype: true,
})

describe('any answer', () => {
  const citation = fc.oneof(
    fc.record({ type: fc.constant('web_search_result_location'), url: fc.webUrl(), title: word, cited_text: word }),
    fc.record({ type: fc.constant('char_location'), document_index: fc.nat(3), cited_text: word }),
  )
  const block = fc.oneof(
    {
      weight: 3,
      arbitrary: fc.record({ type: fc.constant('text'), text: word, citations: fc.array(citation, { maxLength: 2 }) }),
    },
    fc.record({
      type: fc.constant('tool_use'),
      id: fc.uuid(),
      name: fc.constantFrom('f', 'g', 'json_tool_call'),
      input,
    }),
    fc.record({ type: fc.constant('thinking'), thinking: word, signature: fc.base64String({ minLength: 4 }) }),
    fc.record({ type: fc.constant('redacted_thinking'), data: fc.base64String() }),
    fc.record({ type: fc.constant('server_tool_use'), id: fc.uuid(), name: fc.constant('web_search'), input }),
    fc.record({ type: fc.constant('web_search_tool_result'), tool_use_id: fc.uuid(), content: fc.constant([]) }),
  )
  const answer = fc.record({
    content: fc.array(block, { maxLength: 6 }),
    stop_reason: fc.constantFrom('end_turn', 'tool_use', 'max_tokens', 'refusal', 'pause_turn'),
    stop_sequence: fc.option(word),
    usage: fc.record({
      input_tokens: fc.nat(),
      output_tokens: fc.nat(),
      cache_read_input_tokens: fc.option(fc.nat()),
      cache_creation_input_tokens: fc.option(fc.nat()),
    }),
  })

  /** Cuts a text at the given places, measured in thousandths. */
  const cut = (text: string, places: number[]) => {
    const at = [...new Set(places.map((place) => Math.floor((place * text.length) / 1000)))].sort((a, b) => a - b)
    return [0, ...at].map((from, i) => text.slice(from, at[i] ?? text.length)).filter(Boolean)
  }

  const toEvents = (message: Json & { content: Event[] }, places: number[]): Event[] => [
    { type: 'message_start', message: { usage: { ...(message['usage'] as Json), output_tokens: 1 } } },
    ...message.content.flatMap((given, index) => {
      const delta = (piece: Json): Event => ({ type: 'content_block_delta', index, delta: piece })
      const pieces = (text: unknown, type: string, key: string) =>
        cut(String(text), places).map((piece) => delta({ type, [key]: piece }))
      const content_block: Json =
        given.type === 'text'
          ? { type: 'text', text: '' }
          : given.type === 'thinking'
            ? { type: 'thinking', thinking: '', signature: '' }
            : 'input' in given
              ? { ...given, input: {} }
              : given
      const deltas =
        given.type === 'text'
          ? [
              ...(given['citations'] as Json[]).map((each) => delta({ type: 'citations_delta', citation: each })),
              ...pieces(given['text'], 'text_delta', 'text'),
            ]
          : given.type === 'thinking'
            ? [
                ...pieces(given['thinking'], 'thinking_delta', 'thinking'),
                delta({ type: 'signature_delta', signature: given['signature'] }),
              ]
            : 'input' in given
              ? pieces(JSON.stringify(given['input']), 'input_json_delta', 'partial_json')
              : []
      return [{ type: 'content_block_start', index, content_block }, ...deltas, { type: 'content_block_stop', index }]
    }),
    {
      type: 'message_delta',
      delta: { stop_reason: message['stop_reason'], stop_sequence: message['stop_sequence'] },
      usage: { output_tokens: (message['usage'] as Json)['output_tokens'] },
    },
    { type: 'message_stop' },
  ]

  test('streamed adds up to the same answer in one piece', () => {
    fc.assert(
      fc.property(answer, fc.array(fc.nat(1000), { maxLength: 4 }), (value, places) => {
        const message = JSON.parse(JSON.stringify(value))
        const whole = decodeMessage(message, fakeCall({}), fakeTarget())
        const sink = recordingSink()
        feed(createMessageDecoder(sink, fakeCall({})), toEvents(message, places))
        const [choice] = whole.choices
        const { message: said } = choice!
        expect(sink.failure).toBeUndefined()
        expect(sink.finishReason).toBe(choice!.finish_reason)
        expect(sink.totals).toEqual(whole.usage)
        expect(sink.sum.content).toBe(said.content ?? '')
        expect(sink.sum.reasoning).toBe(said.reasoning_content ?? '')
        expect(sink.calls).toEqual((said.tool_calls ?? []).map(({ id, function: fn }) => ({ id, ...fn })))
        const all = (key: string) => sink.sum.deltas.flatMap((delta) => delta[key] ?? [])
        expect(all('thinking_blocks')).toEqual(said.thinking_blocks ?? [])
        expect(all('annotations')).toEqual(said.annotations ?? [])
        expect(all('provider_specific_fields')[0]).toEqual(said.provider_specific_fields)
      }),
      { numRuns: 500 },
    )
  })

  test('of any shape is read, or refused on purpose', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.jsonValue(),
          fc.record({
            content: fc.array(
              fc.oneof(
                fc.jsonValue(),
                fc.record({
                  type: fc.constantFrom('text', 'tool_use', 'thinking'),
                  text: fc.jsonValue(),
                  citations: fc.jsonValue(),
                }),
              ),
            ),
            usage: fc.jsonValue(),
          }),
        ),
        (value) => {
          try {
            decodeMessage(value, fakeCall({}), fakeTarget())
          } catch (error) {
            expect(error).toBeInstanceOf(GatewayError)
          }
        },
      ),
      { numRuns: 500 },
    )
  })

  test('as a stream of any events does not throw', () => {
    const type = fc.constantFrom(
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'error',
      'x',
    )
    const any = fc.record({
      type,
      index: fc.nat(2),
      delta: fc.oneof(
        fc.jsonValue(),
        fc.record({
          type: fc.constantFrom('text_delta', 'input_json_delta', 'citations_delta', 'signature_delta'),
          text: fc.jsonValue(),
          partial_json: fc.jsonValue(),
        }),
      ),
      content_block: fc.oneof(
        fc.jsonValue(),
        fc.record({
          type: fc.constantFrom('text', 'tool_use', 'thinking', 'x'),
          name: fc.jsonValue(),
          input: fc.jsonValue(),
        }),
      ),
      message: fc.jsonValue(),
      usage: fc.jsonValue(),
      error: fc.jsonValue(),
    })
    fc.assert(
      fc.property(fc.array(any, { maxLength: 8 }), (events) => {
        const sink = recordingSink()
        feed(createMessageDecoder({ ...sink, delta: () => {} }, fakeCall({})), events)
        expect(sink.log.filter(([kind]) => kind === 'finish' || kind === 'fail')).toHaveLength(1)
      }),
      { numRuns: 500 },
    )
  })
})

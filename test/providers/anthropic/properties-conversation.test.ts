import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { encodeRequest } from '../../../providers/anthropic/encode-request.ts'
import { GatewayError } from '../../../src/index.ts'
import { CLASSIC, CURRENT, fakeCall, fakeTranslation, NEWEST } from './fakes.ts'

type Json = Record<string, unknown>
type Event = { type: string } & Json

const word = fc.string({ minLength: 1, maxLength: 12, unit: 'grapheme' }).map((text) => `<${text}>`)
const model = fc.constantFrom(CLASSIC, CURRENT, NEWEST, 'kimi-k3')
const input = fc.dictionary(fc.string({ maxLength: 5 }), fc.jsonValue({ maxDepth: 2 }), {
  maxKeys: 3,
  noNullPrototype: true,
})

describe('any conversation', () => {
  /** One exchange: a question, answers with or without calls, the results of all calls. */
  const exchange = fc.record({
    ask: fc.array(word, { minLength: 1, maxLength: 3 }),
    system: fc.option(word),
    answer: fc.option(word),
    calls: fc.array(fc.record({ input, result: word, parts: fc.boolean() }), { maxLength: 3 }),
  })

  const toMessages = (exchanges: Exchange[]): Json[] =>
    exchanges.flatMap(({ ask, system, answer, calls }, n) => [
      ...(system === null ? [] : [{ role: n % 2 ? 'developer' : 'system', content: system }]),
      ...ask.map((text, i) => ({ role: 'user', content: i % 2 ? [{ type: 'text', text }] : text })),
      {
        role: 'assistant',
        content: answer,
        tool_calls: calls.map((call, i) => ({
          id: `call:${n}.${i}`,
          type: 'function',
          function: { name: 'f', arguments: JSON.stringify(call.input) },
        })),
      },
      ...calls.map(({ result, parts }, i) => ({
        role: 'tool',
        tool_call_id: `call:${n}.${i}`,
        content: parts ? [{ type: 'text', text: result }] : result,
      })),
    ])

  interface Exchange {
    ask: string[]
    system: string | null
    answer: string | null
    calls: { input: Json; result: string; parts: boolean }[]
  }

  const blocksOf = (content: unknown) =>
    (typeof content === 'string' ? [{ type: 'text', text: content }] : content) as Event[]

  test('alternates, answers every call at once and keeps every text in order', () => {
    fc.assert(
      fc.property(fc.array(exchange, { minLength: 1, maxLength: 5 }), model, (exchanges, name) => {
        const body = { messages: toMessages(exchanges), tools: [{ type: 'function', function: { name: 'f' } }] }
        const out = encodeRequest(fakeCall(body), fakeTranslation(name, false), { maxTokens: undefined })
        const turns = out['messages'] as { role: string; content: unknown }[]
        turns.forEach((turn, i) => expect(turn.role).toBe(i % 2 ? 'assistant' : 'user'))
        turns.forEach((turn, i) => {
          const calls = blocksOf(turn.content).filter((block) => block.type === 'tool_use')
          if (!calls.length) return
          const results = blocksOf(turns[i + 1]!.content).slice(0, calls.length)
          expect(results.map((block) => block['tool_use_id'])).toEqual(calls.map((block) => block['id']))
        })
        const said = turns.flatMap((turn) =>
          blocksOf(turn.content).flatMap((block) =>
            block.type === 'tool_result' ? [block['content']] : block.type === 'text' ? [block['text']] : [],
          ),
        )
        expect(said).toEqual(
          exchanges.flatMap(({ ask, answer, calls }) => [
            ...ask,
            ...(answer === null ? [] : [answer]),
            ...calls.map((call) => call.result),
          ]),
        )
        const system = blocksOf(out['system'] ?? []).map((block) => block['text'])
        expect(system).toEqual(exchanges.flatMap((each) => (each.system === null ? [] : [each.system])))
        const inputs = turns.flatMap((turn) =>
          blocksOf(turn.content)
            .filter((block) => block.type === 'tool_use')
            .map((block) => block['input']),
        )
        expect(JSON.stringify(inputs)).toBe(JSON.stringify(exchanges.flatMap((each) => each.calls.map((c) => c.input))))
      }),
      { numRuns: 300 },
    )
  })

  describe('of any shape encodes, or is refused on purpose', () => {
    /** Mostly what belongs there, sometimes anything. */
    const mostly = <T>(valid: fc.Arbitrary<T>) =>
      fc.oneof({ weight: 12, arbitrary: valid }, { weight: 1, arbitrary: fc.jsonValue({ maxDepth: 1 }) })
    const named = mostly(
      fc.record({
        name: mostly(fc.constantFrom('f', 'json_tool_call')),
        arguments: mostly(fc.constantFrom('{}', '{"a":1}', '', '[', '1')),
        strict: fc.boolean(),
        parameters: mostly(fc.constant({ type: 'object', properties: {} })),
      }),
    )
    const part = mostly(
      fc.oneof(
        fc.record({ type: fc.constant('text'), text: mostly(word) }),
        fc.record({
          type: fc.constant('image_url'),
          image_url: mostly(
            fc.record({ url: mostly(fc.constantFrom('https://a.example', 'data:image/png;base64,AA==')) }),
          ),
        }),
        fc.record({
          type: fc.constant('file'),
          file: mostly(
            fc.record({ file_data: fc.constantFrom('AA==', 'data:text/plain,%zz', 'data:,a'), filename: mostly(word) }),
          ),
        }),
        fc.record({ type: fc.constantFrom('input_audio', 'search_result') }),
      ),
    )
    const content = mostly(fc.oneof(word, fc.array(part, { minLength: 1, maxLength: 3 })))
    const blocks = mostly(
      fc.array(mostly(fc.record({ type: fc.constantFrom('thinking', 'x'), signature: mostly(word) }))),
    )
    const message = mostly(
      fc.oneof(
        fc.record({ role: fc.constantFrom('system', 'user'), content }),
        fc.record({ role: fc.constant('tool'), content, tool_call_id: mostly(word) }),
        fc.record({ role: fc.constant('function'), content }),
        fc.record(
          {
            role: fc.constant('assistant'),
            content,
            tool_calls: mostly(fc.array(mostly(fc.record({ id: mostly(word), function: named })), { maxLength: 2 })),
            function_call: named,
            thinking_blocks: blocks,
            provider_specific_fields: mostly(fc.record({ content_blocks: blocks })),
          },
          { requiredKeys: ['role'] },
        ),
      ),
    )
    const text = (...values: string[]) => mostly(fc.constantFrom(...values))
    const tools = mostly(
      fc.array(mostly(fc.record({ type: fc.constant('function'), function: named })), { maxLength: 2 }),
    )
    const fields = fc.record(
      {
        tools,
        functions: mostly(fc.array(named, { maxLength: 1 })),
        tool_choice: fc.oneof(text('auto', 'none', 'required'), fc.record({ function: named })),
        function_call: fc.oneof(text('auto', 'none'), named),
        parallel_tool_calls: fc.boolean(),
        response_format: mostly(
          fc.record({
            type: text('json_object', 'json_schema', 'text'),
            json_schema: mostly(fc.record({ schema: fc.oneof(fc.constant({ type: 'object' }), fc.jsonValue()) })),
          }),
        ),
        reasoning_effort: text('none', 'low', 'high'),
        thinking: mostly(fc.constantFrom({ type: 'adaptive' }, { type: 'enabled', budget_tokens: 2000 })),
        temperature: mostly(fc.constantFrom(0, 1, 2)),
        top_p: mostly(fc.constantFrom(0.5, 1)),
        stop: fc.oneof(text('END', ' '), fc.array(word)),
        max_tokens: mostly(fc.nat(3000)),
        metadata: mostly(fc.constantFrom({}, { user_id: 'u' }, { other: 'x' })),
        user: text('u'),
        service_tier: text('auto', 'flex'),
        web_search_options: mostly(fc.constant({ user_location: { approximate: { city: 'Rome' } } })),
        system: text('s'),
        output_config: mostly(fc.constant({ effort: 'low' })),
        modalities: mostly(fc.constant(['text'])),
      },
      { requiredKeys: [] },
    )

    const check = (given: Json, name: string, drop: boolean) => {
      const call = fakeCall(JSON.parse(JSON.stringify(given)))
      const before = JSON.stringify(call.body)
      let encoded = false
      try {
        encodeRequest(call, fakeTranslation(name, drop), { maxTokens: undefined })
        encoded = true
      } catch (error) {
        expect(error).toBeInstanceOf(GatewayError)
        expect((error as GatewayError).status).toBe(400)
        expect((error as GatewayError).param).toEqual(expect.any(String))
      }
      expect(JSON.stringify(call.body)).toBe(before)
      return encoded
    }

    test.each([
      ['messages', fc.record({ messages: mostly(fc.array(message, { minLength: 1, maxLength: 4 })) })],
      ['fields', fields.map((more) => ({ ...more, messages: [{ role: 'user', content: 'Hi' }] }))],
    ])('%s', (_, body) => {
      let encoded = 0
      let refused = 0
      const property = fc.property(body, model, fc.boolean(), (given, name, drop) => {
        if (check(given, name, drop)) encoded++
        else refused++
      })
      fc.assert(property, { numRuns: 600 })
      // Else the cases would not reach what they are meant to try.
      expect(Math.min(encoded, refused)).toBeGreaterThan(30)
    })
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/index.ts'
import { encodeOpenAPISchema } from '../../../providers/gemini/encode-openapi-schema.ts'
import { encodeSchema } from '../../../providers/gemini/encode-schema.ts'
import { encode, FLASH_25, FLASH_3 } from './fakes.ts'

type Json = Record<string, unknown>

const text = fc.string({ unit: 'binary', maxLength: 12 })
const args = fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 3 })
const anything = fc.oneof(fc.jsonValue({ maxDepth: 4 }), fc.constant(JSON.parse('{"__proto__":{"polluted":1}}')))
const models = fc.constantFrom(FLASH_25, FLASH_3, 'gemini-flash-latest', 'gemini-1.5-pro')
const unpolluted = () => expect(({} as Json)['polluted']).toBeUndefined()

/** One exchange: a question, calls with their results in any order, an answer. */
const exchange = fc.record({
  question: text,
  calls: fc.array(fc.record({ name: fc.string({ minLength: 1 }), args, result: text }), { maxLength: 3 }),
  backwards: fc.boolean(),
  answer: text,
})

function toMessages(exchanges: readonly (typeof exchange extends fc.Arbitrary<infer T> ? T : never)[]): Json[] {
  return exchanges.flatMap(({ question, calls, backwards, answer }, turn) => {
    const results = calls.map((call, i) => ({ role: 'tool', tool_call_id: `call_${turn}_${i}`, content: call.result }))
    const tool_calls = calls.map((call, i) => ({
      id: `call_${turn}_${i}`,
      type: 'function',
      function: { name: call.name, arguments: JSON.stringify(call.args) },
    }))
    return [
      { role: 'user', content: question },
      ...(calls.length ? [{ role: 'assistant', content: null, tool_calls }] : []),
      ...(backwards ? results.reverse() : results),
      { role: 'assistant', content: answer },
    ]
  })
}

describe('for any conversation', () => {
  it('roles alternate, texts stay, calls keep their arguments and results stand as they do', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(exchange, { maxLength: 5 }), models, async (exchanges, model) => {
        const messages = [{ role: 'user', content: 'Begin' }, ...toMessages(exchanges)]
        const contents = (await encode({ messages }, { model })).body['contents'] as { role: string; parts: Json[] }[]
        contents.forEach(({ role, parts }, i) => {
          expect(role).toBe(i % 2 ? 'model' : 'user')
          expect(parts.length).toBeGreaterThan(0)
        })
        const parts = contents.flatMap((content) => content.parts)
        const texts = exchanges.flatMap(({ question, answer }) => [question, answer]).filter(Boolean)
        expect(parts.flatMap((part) => part['text'] ?? [])).toEqual(['Begin', ...texts])
        const calls = parts.flatMap((part) => (part['functionCall'] ? [part['functionCall'] as Json] : []))
        expect(calls.map(({ name, args: given }) => JSON.stringify([name, given]))).toEqual(
          exchanges.flatMap((each) =>
            each.calls.map((call) => JSON.stringify([call.name, JSON.parse(JSON.stringify(call.args))])),
          ),
        )
        const results = parts.flatMap((part) => (part['functionResponse'] ? [part['functionResponse'] as Json] : []))
        expect(results.map(({ name }) => name)).toEqual(
          exchanges.flatMap(({ calls: made }) => made.map(({ name }) => name)),
        )
      }),
    )
  })
})

describe('for any input', () => {
  it('a request is encoded or refused with a 400 that names a field', async () => {
    const names =
      'messages tools tool_choice stop response_format thinking reasoning_effort n logprobs top_logprobs modalities audio ' +
      'web_search_options functions function_call generationConfig toolConfig safetySettings cachedContent thinkingConfig ' +
      'service_tier max_tokens stream metadata logit_bias __proto__ constructor toString'
    const message = fc.record(
      {
        role: fc.constantFrom('system', 'developer', 'user', 'assistant', 'tool', 'function', 'x'),
        content: anything,
        tool_calls: anything,
        function_call: anything,
        thinking_blocks: anything,
        images: anything,
        provider_specific_fields: anything,
        tool_call_id: fc.constantFrom('1', '2'),
        name: anything,
      },
      { requiredKeys: ['role'] },
    )
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { maxLength: 4 }),
        fc.dictionary(fc.constantFrom(...names.split(' ')), anything, { maxKeys: 4 }),
        fc.boolean(),
        models,
        async (messages, rest, drop, model) => {
          try {
            const { body } = await encode({ messages, ...rest }, { drop, model })
            expect(Array.isArray(body['contents'])).toBe(true)
          } catch (error) {
            expect(error).toBeInstanceOf(GatewayError)
            expect((error as GatewayError).status).toBe(400)
            expect((error as GatewayError).param).toBeTypeOf('string')
          }
          unpolluted()
        },
      ),
      { numRuns: 500 },
    )
  })

  it('an embeddings request is encoded or refused with a 400', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.dictionary(fc.constantFrom('input', 'dimensions', 'encoding_format', 'x'), anything),
        async (body) => {
          try {
            await encode(body, { wire: 'openai.embeddings' })
          } catch (error) {
            expect(error).toMatchObject({ name: 'GatewayError', status: 400 })
          }
        },
      ),
    )
  })

  it('schemas are translated, and once is enough', () => {
    const keyword = fc.constantFrom(
      '$ref',
      '$schema',
      'type',
      'const',
      'enum',
      'allOf',
      'anyOf',
      'properties',
      'items',
      'definitions',
      '$defs',
      '__proto__',
    )
    const { schema } = fc.letrec<{ schema: unknown; value: unknown }>((tie) => ({
      schema: fc.dictionary(keyword, tie('value'), { maxKeys: 4 }),
      value: fc.oneof(
        { depthSize: 'small' },
        fc.constantFrom('#', '#/$defs/type', 'object', 1, null),
        tie('schema'),
        fc.array(tie('schema'), { maxLength: 2 }),
      ),
    }))
    fc.assert(
      fc.property(schema, (given) => {
        const once = encodeSchema(given)
        expect(encodeSchema(once)).toEqual(once)
        encodeOpenAPISchema(given)
        unpolluted()
      }),
    )
  })
})

import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { GatewayError } from '../../../src/index.ts'
import { toBase64Floats } from '../../../providers/ollama/base64-floats.ts'
import { encode, makeCall, makeProvider, makeSink, makeTarget } from './support.ts'

const text = fc.string({ unit: 'binary', maxLength: 20 })
const args = fc.dictionary(text, fc.jsonValue({ maxDepth: 2 }), { maxKeys: 4 })
const toolCalls = fc.array(fc.record({ name: fc.string({ minLength: 1 }), args }), { minLength: 1, maxLength: 4 })

describe('for any input', () => {
  it('messages keep text, order, tool names and arguments', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(text, toolCalls, text)), async (turns) => {
        const messages = turns.flatMap(([question, calls, result], turn) => [
          { role: 'user', content: question },
          {
            role: 'assistant',
            content: null,
            tool_calls: calls.map((call, i) => ({
              id: `call_${turn}_${i}`,
              type: 'function',
              function: { name: call.name, arguments: JSON.stringify(call.args) },
            })),
          },
          ...calls.map((_, i) => ({ role: 'tool', tool_call_id: `call_${turn}_${i}`, content: result })),
        ])
        if (messages.length === 0) return
        const sent = (await encode({ messages })).body['messages'] as Record<string, unknown>[]
        const expected = turns.flatMap(([question, calls, result], turn) => [
          { role: 'user', content: question },
          {
            role: 'assistant',
            content: '',
            tool_calls: calls.map((call, i) => ({
              id: `call_${turn}_${i}`,
              function: { name: call.name, arguments: JSON.parse(JSON.stringify(call.args)) },
            })),
          },
          ...calls.map((call, i) => ({
            role: 'tool',
            content: result,
            tool_name: call.name,
            tool_call_id: `call_${turn}_${i}`,
          })),
        ])
        expect(JSON.stringify(sent)).toBe(JSON.stringify(expected))
      }),
    )
  })

  it('a request is encoded or refused with a 400, and pollutes nothing', async () => {
    const value = fc.oneof(fc.jsonValue({ maxDepth: 3 }), fc.constant(JSON.parse('{"__proto__":{"polluted":1}}')))
    const names =
      'messages tools tool_choice stop options response_format thinking n logprobs metadata max_tokens stream ' +
      '__proto__ constructor toString'
    const field = fc.constantFrom(...names.split(' '))
    const message = fc.record(
      {
        role: fc.constantFrom('system', 'user', 'assistant', 'tool', 'x'),
        content: value,
        tool_calls: value,
        name: value,
      },
      { requiredKeys: ['role'] },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(message), fc.dictionary(field, value), async (messages, rest) => {
        try {
          await encode({ messages, ...rest })
        } catch (error) {
          expect(error).toBeInstanceOf(GatewayError)
          expect((error as GatewayError).status).toBe(400)
          expect((error as GatewayError).param).toBeTypeOf('string')
        }
        expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
      }),
      { numRuns: 500 },
    )
  })

  it('a stream decoder never throws, and says at most one end', () => {
    const anyLine = fc.oneof(
      fc.json(),
      fc.string(),
      fc
        .record({ message: fc.jsonValue(), done: fc.boolean(), done_reason: fc.jsonValue() })
        .map((v) => JSON.stringify(v)),
    )
    fc.assert(
      fc.property(fc.array(anyLine), (lines) => {
        const { sink, written } = makeSink()
        const { decodeStream } = makeProvider().endpoints['openai.chat']!
        const decoder = decodeStream!(sink, makeCall({}), makeTarget())
        for (const data of lines) decoder.event({ data })
        decoder.end!()
        expect(written.filter((entry) => 'finish' in entry || 'fail' in entry)).toHaveLength(1)
        expect(Object.keys(written.at(-1)!)[0]).toMatch(/^(finish|fail)$/)
      }),
    )
  })

  it('floats survive base64', () => {
    fc.assert(
      fc.property(fc.array(fc.float({ noNaN: true }), { maxLength: 3000 }), (numbers) => {
        const buffer = Buffer.from(toBase64Floats(numbers), 'base64')
        expect(numbers.map((_, i) => buffer.readFloatLE(i * 4))).toEqual(numbers)
      }),
      { numRuns: 30 },
    )
  })
})

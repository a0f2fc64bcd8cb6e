import { describe, expect, test } from 'vitest'
import { encode, encoded, extra, fn, refusal } from './encoding.ts'
import { CURRENT, NEWEST } from './fakes.ts'

describe('response_format', () => {
  const schema = { type: 'object', properties: { a: { type: 'string' } }, required: ['a'], additionalProperties: false }
  const asSchema = (s: object, more: object = {}) => ({
    response_format: { type: 'json_schema', json_schema: { name: 'x', schema: s, ...more } },
  })
  const jsonTool = (input_schema: object, description = '') => ({
    name: 'json_tool_call',
    description: `Gives the answer. Its input is what the user receives.${description}`,
    input_schema,
  })
  const forced = { type: 'tool', name: 'json_tool_call', disable_parallel_tool_use: true }
  const open = { type: 'object', additionalProperties: true }

  test('structured outputs since Claude 4.5', () => {
    expect(extra(asSchema(schema, { strict: true, description: 'An a' }), { model: 'claude-haiku-4-5' })).toEqual({
      max_tokens: 4096,
      output_config: { format: { type: 'json_schema', schema: { ...schema, description: 'An a' } } },
    })
  })

  test("beside an effort, and under the client's own output_config", () => {
    const body = { ...asSchema(schema), reasoning_effort: 'low', output_config: { effort: 'max' } }
    expect(extra(body, { model: CURRENT })['output_config']).toEqual({
      format: { type: 'json_schema', schema },
      effort: 'max',
    })
  })

  test('a tool that must be called before, its input is the answer', () => {
    expect(extra(asSchema(schema, { description: 'An a' }))).toEqual({
      max_tokens: 4096,
      tools: [jsonTool(schema, ' An a')],
      tool_choice: forced,
    })
  })

  test('an open or recursive schema takes the tool on newer models too, where one can be forced', () => {
    const tree = { type: 'object', properties: { kids: { type: 'array', items: { $ref: '#' } } } }
    expect(extra(asSchema(open), { model: CURRENT })).toEqual({
      max_tokens: 4096,
      tools: [jsonTool(open)],
      tool_choice: forced,
    })
    expect(extra(asSchema(tree), { model: CURRENT })['tool_choice']).toEqual(forced)
    expect(refusal(asSchema(tree), NEWEST)).toEqual({ status: 400, param: 'response_format' })
  })

  test('with budgeted thinking no tool can be forced', () => {
    expect(refusal({ ...asSchema(schema), reasoning_effort: 'low' })).toEqual({ status: 400, param: 'response_format' })
  })

  test('json_object is an open tool, or an instruction where none can be forced', () => {
    const body = { response_format: { type: 'json_object' } }
    expect(extra(body)).toEqual({ max_tokens: 4096, tools: [jsonTool(open)], tool_choice: forced })
    expect(extra({ ...body, max_tokens: 9 }, { model: NEWEST })).toEqual({
      max_tokens: 9,
      system: 'Answer with a single JSON object and nothing else: no text around it and no code fence.',
    })
  })

  test.each([
    ['auto', [encoded('a'), jsonTool(schema)], { type: 'any' }],
    ['none', [encoded('a'), jsonTool(schema)], forced],
    ['required', [encoded('a')], { type: 'any' }],
  ])('with tools of the client and choice %s', (tool_choice, tools, expected) => {
    const { out } = encode({ ...asSchema(schema), tools: [fn('a')], tool_choice })
    expect(out['tools']).toEqual(tools)
    expect(out['tool_choice']).toEqual(expected)
  })
})

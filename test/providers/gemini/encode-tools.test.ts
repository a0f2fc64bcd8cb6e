import { describe, expect, it } from 'vitest'
import { encodeOpenAPISchema } from '../../../providers/gemini/encode-openapi-schema.ts'
import { encodeSchema, isEmptySchema } from '../../../providers/gemini/encode-schema.ts'
import { encodeFields, FLASH_25, FLASH_3, refusal } from './fakes.ts'

const weather = {
  type: 'function',
  function: {
    name: 'weather',
    description: 'Tells the weather',
    parameters: {
      type: 'object',
      properties: { city: { type: 'string' } },
      required: ['city'],
      additionalProperties: false,
    },
  },
}
const clock = { type: 'function', function: { name: 'clock', parameters: { type: 'object', properties: {} } } }
const tools = [weather, clock]
const declared = {
  functionDeclarations: [
    { name: 'weather', description: 'Tells the weather', parametersJsonSchema: weather.function.parameters },
    { name: 'clock' },
  ],
}

describe('tools', () => {
  it('are declared with JSON Schema', async () => {
    expect(await encodeFields({ tools })).toEqual({ tools: [declared] })
  })

  it('are declared with the OpenAPI subset over v1', async () => {
    expect(await encodeFields({ tools }, { options: { apiVersion: 'v1' } })).toEqual({
      tools: [
        {
          functionDeclarations: [
            {
              name: 'weather',
              description: 'Tells the weather',
              parameters: { type: 'OBJECT', properties: { city: { type: 'STRING' } }, required: ['city'] },
            },
            { name: 'clock' },
          ],
        },
      ],
    })
  })

  it.each([
    ['auto', { mode: 'AUTO' }],
    ['none', { mode: 'NONE' }],
    ['required', { mode: 'ANY' }],
    [
      { type: 'function', function: { name: 'clock' } },
      { mode: 'ANY', allowedFunctionNames: ['clock'] },
    ],
    [
      { type: 'allowed_tools', allowed_tools: { mode: 'required', tools: [clock, weather] } },
      { mode: 'ANY', allowedFunctionNames: ['clock', 'weather'] },
    ],
    [
      { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [clock] } },
      { mode: 'VALIDATED', allowedFunctionNames: ['clock'] },
    ],
  ])('are chosen by %j', async (tool_choice, functionCallingConfig) => {
    expect(await encodeFields({ tools, tool_choice })).toEqual({
      tools: [declared],
      toolConfig: { functionCallingConfig },
    })
  })

  it('are validated where one is strict', async () => {
    const strict = [weather, { ...clock, function: { ...clock.function, strict: true } }]
    const config = async (fields: object) => (await encodeFields({ tools: strict, ...fields }))['toolConfig']
    expect(await config({})).toEqual({ functionCallingConfig: { mode: 'VALIDATED' } })
    expect(await config({ tool_choice: 'auto' })).toEqual({ functionCallingConfig: { mode: 'VALIDATED' } })
    expect(await config({ tool_choice: 'required' })).toEqual({ functionCallingConfig: { mode: 'ANY' } })
  })

  it("may be Google's own, in any spelling", async () => {
    const google = [
      { googleSearch: {} },
      { google_search: {} },
      { type: 'code_execution' },
      { type: 'urlContext', urlContext: {} },
      { type: 'web_search_preview' },
    ]
    expect(await encodeFields({ tools: google })).toEqual({
      tools: [
        { googleSearch: {} },
        { googleSearch: {} },
        { codeExecution: {} },
        { urlContext: {} },
        { googleSearch: {} },
      ],
    })
    expect(await encodeFields({ web_search_options: { search_context_size: 'medium' } })).toEqual({
      tools: [{ googleSearch: {} }],
    })
  })

  it.each([
    [{ type: 'web_search', filters: { allowed_domains: ['example.org'] } }, 'tools[0].filters'],
    [{ type: 'web_search_20250305', name: 'web_search', max_uses: 1 }, 'tools[0].max_uses'],
  ])('%j: what a search cannot be told is refused by name', async (tool, param) => {
    await expect(encodeFields({ tools: [tool] })).rejects.toMatchObject({ status: 400, param })
    expect(await encodeFields({ tools: [tool] }, { drop: true })).toEqual({ tools: [{ googleSearch: {} }] })
  })

  it("stand beside Google's own since Gemini 3", async () => {
    const both = { tools: [clock, { googleSearch: {} }] }
    const sent = [{ functionDeclarations: [{ name: 'clock' }] }, { googleSearch: {} }]
    expect(await encodeFields(both, { model: FLASH_25 })).toEqual({ tools: sent })
    expect(await encodeFields(both, { model: FLASH_3 })).toEqual({
      tools: sent,
      toolConfig: { includeServerSideToolInvocations: true },
    })
  })

  it('may be of the deprecated kind', async () => {
    const legacy = { functions: [weather.function, clock.function], function_call: { name: 'clock' } }
    expect(await encodeFields(legacy)).toEqual({
      tools: [declared],
      toolConfig: { functionCallingConfig: { mode: 'ANY', allowedFunctionNames: ['clock'] } },
    })
  })

  it('are not chosen where there are none', async () => {
    expect(await encodeFields({ tools: [], tool_choice: 'none' })).toEqual({})
    expect(await encodeFields({ tools: [{ googleSearch: {} }], tool_choice: 'auto' })).toEqual({
      tools: [{ googleSearch: {} }],
    })
    expect(await refusal({ tool_choice: 'required' })).toBe('400 null tool_choice')
  })

  it.each([
    ['tools', { tools: {} }, null],
    ['tools[0]', { tools: ['x'] }, null],
    ['tools[0].function', { tools: [{ type: 'function' }] }, null],
    ['tools[0].function.name', { tools: [{ type: 'function', function: {} }] }, null],
    ['tools[0].function.parameters', { tools: [{ type: 'function', function: { name: 'x', parameters: [] } }] }, null],
    ['tools[1]', { tools: [clock, { type: 'custom', custom: { name: 'x' } }] }, 'unsupported_parameter'],
    ['tool_choice', { tools, tool_choice: { type: 'custom' } }, 'unsupported_parameter'],
    ['tool_choice', { tools, tool_choice: 'sometimes' }, 'unsupported_parameter'],
  ])('with a wrong %s are refused', async (param, fields, code) => {
    expect(await refusal(fields)).toBe(`400 ${code} ${param}`)
  })
})

describe('a JSON schema', () => {
  it('keeps what Gemini knows and says the rest with it', () => {
    const schema = {
      $schema: 'http://json-schema.org/draft-07/schema#',
      type: 'object',
      definitions: { Pet: { type: 'object', properties: { kind: { const: 'cat' } } } },
      properties: {
        const: { type: 'string' },
        $schema: { type: 'string' },
        pet: { $ref: '#/definitions/Pet', description: 'A pet' },
        other: { $ref: '#/definitions/Pet' },
        wrapped: { allOf: [{ $ref: '#/definitions/Pet' }], default: null },
        list: { type: 'array', items: { const: 3 }, minItems: 1 },
        flag: { const: true, type: 'boolean' },
        map: { type: 'object', additionalProperties: { $ref: '#/definitions/Pet' } },
      },
      required: ['pet'],
      additionalProperties: false,
    }
    expect(encodeSchema(schema)).toEqual({
      type: 'object',
      $defs: { Pet: { type: 'object', properties: { kind: { enum: ['cat'] } } } },
      properties: {
        const: { type: 'string' },
        $schema: { type: 'string' },
        pet: { description: 'A pet', anyOf: [{ $ref: '#/$defs/Pet' }] },
        other: { $ref: '#/$defs/Pet' },
        wrapped: { anyOf: [{ $ref: '#/$defs/Pet' }], default: null },
        list: { type: 'array', items: { enum: [3] }, minItems: 1 },
        flag: { const: true, type: 'boolean' },
        map: { type: 'object', additionalProperties: { $ref: '#/$defs/Pet' } },
      },
      required: ['pet'],
      additionalProperties: false,
    })
  })

  it.each([
    [undefined, true],
    [{}, true],
    [{ type: 'object', properties: {}, additionalProperties: false, $schema: 'x' }, true],
    [{ type: 'object', additionalProperties: true }, false],
    [{ type: 'object', additionalProperties: { type: 'string' } }, false],
    [{ type: 'object', properties: { a: {} } }, false],
    [{ $ref: '#/$defs/A', $defs: { A: { type: 'object', properties: { a: {} } } } }, false],
    [{ anyOf: [{ type: 'object' }] }, false],
  ])('%j is empty: %s', (schema, empty) => {
    expect(isEmptySchema(schema)).toBe(empty)
  })
})

describe('a schema of the OpenAPI subset', () => {
  it.each([
    ['types', { type: 'integer' }, { type: 'INTEGER' }],
    ['a type that may be null', { type: ['string', 'null'] }, { type: 'STRING', nullable: true }],
    ['several types', { type: ['string', 'number'] }, { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] }],
    [
      'a union with null',
      { anyOf: [{ type: 'string' }, { type: 'null' }], description: 'x' },
      { type: 'STRING', nullable: true, description: 'x' },
    ],
    ['oneOf', { oneOf: [{ type: 'string' }, { type: 'number' }] }, { anyOf: [{ type: 'STRING' }, { type: 'NUMBER' }] }],
    ['const', { const: 'a' }, { type: 'STRING', enum: ['a'] }],
    ['an enum with null', { enum: ['a', null] }, { type: 'STRING', enum: ['a'], nullable: true }],
    ['an enum of numbers', { type: 'integer', enum: [1, 2] }, { type: 'INTEGER', description: '(one of: 1, 2)' }],
    ['formats', { type: 'string', format: 'email' }, { type: 'STRING', description: '(format: email)' }],
    ['known formats', { type: 'string', format: 'date-time' }, { type: 'STRING', format: 'date-time' }],
    [
      'other constraints',
      { type: 'number', exclusiveMinimum: 0, description: 'Size' },
      { type: 'NUMBER', description: 'Size (exclusiveMinimum: 0)' },
    ],
    [
      'bounds',
      { type: 'array', items: { type: 'string' }, minItems: 1 },
      { type: 'ARRAY', items: { type: 'STRING' }, minItems: 1 },
    ],
    [
      'closed objects',
      { type: 'object', properties: { a: {} }, additionalProperties: false },
      { type: 'OBJECT', properties: { a: {} } },
    ],
    [
      'allOf',
      {
        allOf: [
          { properties: { a: { type: 'string' } }, required: ['a'] },
          { properties: { b: { type: 'string' } }, required: ['b'] },
        ],
      },
      { type: 'OBJECT', properties: { a: { type: 'STRING' }, b: { type: 'STRING' } }, required: ['a', 'b'] },
    ],
  ])('has %s', (_what, schema, expected) => {
    expect(encodeOpenAPISchema(schema)).toEqual(expected)
  })

  it('has its references resolved, recursion cut', () => {
    const schema = {
      $ref: '#/$defs/Tree',
      $defs: {
        Tree: { type: 'object', properties: { name: { $ref: '#/$defs/Name' }, left: { $ref: '#/$defs/Tree' } } },
        Name: { type: 'string', description: 'A name' },
      },
    }
    expect(encodeOpenAPISchema(schema)).toEqual({
      type: 'OBJECT',
      properties: { name: { type: 'STRING', description: 'A name' }, left: { type: 'OBJECT' } },
    })
  })

  it('stays small where definitions multiply', () => {
    const $defs: Record<string, unknown> = { d30: { type: 'string' } }
    for (let i = 0; i < 30; i++) {
      const $ref = `#/$defs/d${i + 1}`
      $defs[`d${i}`] = { type: 'object', properties: { a: { $ref }, b: { $ref } } }
    }
    expect(JSON.stringify(encodeOpenAPISchema({ $ref: '#/$defs/d0', $defs })).length).toBeLessThan(200_000)
  })
})

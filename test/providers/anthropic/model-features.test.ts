import { expect, test } from 'vitest'
import { closeSchema } from '../../../providers/anthropic/close-schema.ts'
import { modelFeatures } from '../../../providers/anthropic/model-features.ts'

test.each([
  // model, thinking, fixed sampling, one sampler, forced tools, structured
  ['claude-3-haiku-20240307', 'none', false, false, true, false],
  ['claude-3-5-sonnet-latest', 'none', false, false, true, false],
  ['claude-3-7-sonnet-20250219', 'budget', false, false, true, false],
  ['claude-sonnet-4-20250514', 'budget', false, false, true, false],
  ['claude-opus-4-1-20250805', 'budget', false, true, true, false],
  ['claude-haiku-4-5-20251001', 'budget', false, true, true, true],
  ['anthropic.claude-opus-4-6-v1', 'adaptive', false, true, true, true],
  ['claude-opus-4-7', 'adaptive', true, true, true, true],
  ['claude-sonnet-5', 'adaptive', true, true, true, true],
  ['claude-sonnet-5-5', 'adaptive', true, true, false, true],
  ['claude-opus-5-5', 'adaptive', true, true, false, true],
  ['claude-haiku-5-5', 'adaptive', true, true, true, true],
  ['claude-fable-5', 'adaptive', true, true, true, true],
  ['claude-fable-5-1', 'adaptive', true, true, false, true],
  ['claude-mythos-preview', 'adaptive', true, true, true, true],
  ['claude-opus-7', 'adaptive', true, true, false, true],
  ['kimi-k3', 'budget', false, false, true, undefined],
])('%s', (model, thinking, fixedSampling, oneSampler, forcedTools, structured) => {
  expect(modelFeatures(model)).toMatchObject({ thinking, fixedSampling, oneSampler, forcedTools, structured })
})

test('a schema is closed, what cannot be enforced is told', () => {
  const given = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    type: 'object',
    properties: {
      name: { type: 'string', description: 'A name.', minLength: 1, maxLength: 9 },
      when: { type: 'string', format: 'date-time' },
      odd: { type: 'string', format: 'iri', pattern: '^(?=a)' },
      code: { type: 'string', pattern: '^[A-Z]{2}$' },
      tags: { type: 'array', minItems: 2, items: { oneOf: [{ type: 'string' }, { type: 'object', properties: {} }] } },
      one: { type: 'array', minItems: 1, items: { $ref: '#/$defs/thing' } },
      constructor: { type: ['object', 'null'], properties: { minimum: { type: 'number', minimum: 0 } } },
    },
    required: ['name'],
    $defs: { thing: { type: 'object', properties: { a: { type: 'null' } } } },
  }
  expect(closeSchema(given)).toEqual({
    type: 'object',
    properties: {
      name: { type: 'string', description: 'A name. (minLength: 1, maxLength: 9)' },
      when: { type: 'string', format: 'date-time' },
      odd: { type: 'string', description: '(format: "iri", pattern: "^(?=a)")' },
      code: { type: 'string', pattern: '^[A-Z]{2}$' },
      tags: {
        type: 'array',
        description: '(minItems: 2)',
        items: { anyOf: [{ type: 'string' }, { type: 'object', properties: {}, additionalProperties: false }] },
      },
      one: { type: 'array', minItems: 1, items: { $ref: '#/$defs/thing' } },
      constructor: {
        type: ['object', 'null'],
        properties: { minimum: { type: 'number', description: '(minimum: 0)' } },
        additionalProperties: false,
      },
    },
    required: ['name'],
    additionalProperties: false,
    $defs: { thing: { type: 'object', properties: { a: { type: 'null' } }, additionalProperties: false } },
  })
})

test.each([
  ['open', { type: 'object', properties: {}, additionalProperties: true }],
  ['a map', { type: 'object', additionalProperties: { type: 'string' } }],
  ['a free object inside', { type: 'object', properties: { a: { type: 'object' } } }],
  ['pattern properties', { type: 'object', properties: {}, patternProperties: { a: {} } }],
  [
    'several parts',
    {
      allOf: [
        { type: 'object', properties: {} },
        { type: 'object', properties: {} },
      ],
    },
  ],
  ['the root again', { type: 'object', properties: { a: { $ref: '#' } } }],
  [
    'a loop',
    {
      type: 'object',
      properties: { a: { $ref: '#/$defs/a' } },
      $defs: { a: { anyOf: [{ $ref: '#/$defs/b' }] }, b: { type: 'array', items: { $ref: '#/$defs/a' } } },
    },
  ],
  ['no object', true],
])('%s cannot be closed', (_, schema) => {
  expect(closeSchema(schema)).toBeUndefined()
})

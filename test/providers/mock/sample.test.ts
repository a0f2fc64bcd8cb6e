import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { sampleOf } from '../../../providers/mock/sample.ts'
import { limitText } from '../../../providers/mock/limit-text.ts'
import { tokenize } from '../../../providers/mock/tokens.ts'

describe('a sample of a schema', () => {
  it.each([
    [{ const: { a: 1 } }, { a: 1 }],
    [{ default: null, type: 'string' }, null],
    [{ enum: ['x', 'y'] }, 'x'],
    [{ type: 'string' }, 'sample value'],
    [{ type: 'string', maxLength: 3 }, 'sam'],
    [{ type: 'string', minLength: 14 }, 'sample valuexx'],
    [{ type: 'string', format: 'date-time' }, '2025-01-01T12:00:00Z'],
    [{ type: 'boolean' }, true],
    [{ type: 'null' }, null],
    [{ type: ['null', 'integer'] }, 1],
    [{ type: 'integer', minimum: 5, multipleOf: 4 }, 8],
    [{ type: 'integer', exclusiveMaximum: 0 }, -1],
    [{ type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 }, 0.5],
    [{ maximum: -3 }, -3],
    [{ type: 'array', items: { type: 'integer' }, minItems: 3 }, [1, 1, 1]],
    [{ type: 'array', items: { type: 'integer' } }, [1]],
    [{ type: 'array', maxItems: 0 }, []],
    [{ type: 'array', prefixItems: [{ const: 'a' }, { const: 'b' }], items: false }, ['a', 'b']],
    [{ type: 'object' }, {}],
    [{ properties: { a: true, b: { type: 'integer' } } }, { a: 'sample a', b: 1 }],
    [
      { type: 'object', properties: { a: {}, b: {} }, required: ['b', 'c'] },
      { b: 'sample b', c: 'sample c' },
    ],
    [{ anyOf: [{ type: 'null' }, { type: 'integer' }] }, 1],
    [{ oneOf: [{ const: 1 }, { const: 2 }] }, 1],
    [{ type: 'object', required: ['k'], anyOf: [{ properties: { k: { const: 'v' } } }] }, { k: 'v' }],
    [
      {
        allOf: [
          { properties: { a: { const: 1 } }, required: ['a'] },
          { properties: { b: { const: 2 } }, required: ['b'] },
        ],
      },
      { a: 1, b: 2 },
    ],
    [{ $ref: '#/$defs/x~1y', $defs: { 'x/y': { const: 'found' } } }, 'found'],
    [{ allOf: [{ $ref: '#/$defs/a' }], $defs: { a: { const: 3 } } }, 3],
    [{ $ref: '#/nowhere' }, 'sample value'],
    [false, null],
    [undefined, 'sample value'],
  ])('%j is %j', (schema, value) => {
    expect(sampleOf(schema)).toEqual(value)
  })

  it('ends where a schema contains itself', () => {
    const node = {
      type: 'object',
      properties: { name: { type: 'string' }, next: { anyOf: [{ $ref: '#' }, { type: 'null' }] } },
    }
    const text = JSON.stringify(sampleOf({ ...node, required: ['name', 'next'] }))
    expect(text).toMatch(/^\{"name":"sample name","next":\{/)
    expect(text).toContain('"next":null')
    expect(JSON.stringify(sampleOf({ $ref: '#' }))).toBe('null')
    expect(sampleOf({ type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] })).toHaveProperty('a.a.a')
    expect(JSON.stringify(sampleOf({ type: 'array', items: { $ref: '#' } })).length).toBeLessThan(100)
  })

  it('is bounded in size', () => {
    expect((sampleOf({ type: 'string', minLength: 1e9 }) as string).length).toBe(10_000)
    expect(sampleOf({ type: 'array', minItems: 1e9 })).toHaveLength(100)
  })

  it('has no prototype to lose', () => {
    const schema = JSON.parse(
      '{"type":"object","required":["__proto__"],"properties":{"__proto__":{"const":{"polluted":1}}}}',
    )
    expect(JSON.stringify(sampleOf(schema))).toBe('{"__proto__":{"polluted":1}}')
    expect(({} as Record<string, unknown>)['polluted']).toBeUndefined()
  })

  it('fits every schema of the kinds it knows', () => {
    fc.assert(
      fc.property(schemas, (schema) => {
        const value = sampleOf(schema)
        expect(misfit(schema, value)).toBeUndefined()
        expect(sampleOf(schema)).toEqual(value)
      }),
      { numRuns: 500 },
    )
  })

  it('never fails, whatever it is given', () => {
    fc.assert(fc.property(fc.jsonValue(), (schema) => void JSON.stringify(sampleOf(schema))))
  })
})

describe('tokens', () => {
  it('are the text again, and no longer than eight letters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        const tokens = tokenize(text)
        expect(tokens.join('')).toBe(text)
        for (const token of tokens) expect([...token.trim()].length).toBeLessThanOrEqual(8)
      }),
    )
  })

  it('are cut by limits and stops, whichever comes first', () => {
    fc.assert(
      fc.property(fc.string(), fc.string({ minLength: 1, maxLength: 2 }), fc.nat(20), (text, stop, max) => {
        const { tokens, finish } = limitText(text, stop, max)
        const cut = text.split(stop)[0]!
        expect(tokens.length).toBeLessThanOrEqual(max)
        expect(cut.startsWith(tokens.join(''))).toBe(true)
        expect(finish).toBe(tokens.join('') === cut ? 'stop' : 'length')
      }),
    )
  })
})

type Schema = Record<string, unknown>

const bounds = fc.tuple(fc.integer({ min: -50, max: 50 }), fc.integer({ min: 8, max: 60 }))
const { schemas } = fc.letrec<{ schemas: Schema }>((tie) => ({
  schemas: fc.oneof(
    { maxDepth: 3 },
    fc.record({ type: fc.constantFrom('string', 'boolean', 'null', 'integer', 'number') }),
    fc.record({ enum: fc.array(fc.jsonValue({ maxDepth: 1 }), { minLength: 1, maxLength: 3 }) }),
    fc.record({ const: fc.jsonValue({ maxDepth: 1 }) }),
    bounds.map(([low, size]) => ({ type: 'integer', minimum: low, maximum: low + size, multipleOf: 7 })),
    bounds.map(([low, size]) => ({ type: 'number', exclusiveMinimum: low, exclusiveMaximum: low + size / 100 })),
    fc.record({ type: fc.constant('string'), minLength: fc.nat(30) }),
    fc.record({ type: fc.constant('array'), items: tie('schemas'), minItems: fc.nat(3) }),
    fc
      .dictionary(fc.string({ maxLength: 5 }), tie('schemas'), { maxKeys: 3, noNullPrototype: true })
      .map((properties) => ({ type: 'object', properties, required: Object.keys(properties) })),
    fc.record({ anyOf: fc.array(tie('schemas'), { minLength: 1, maxLength: 3 }) }),
  ),
}))

/** What is wrong with a value, by the few keywords that the schemas above use. */
function misfit(schema: Schema, value: unknown): string | undefined {
  const is = (other: unknown) => JSON.stringify(other) === JSON.stringify(value)
  const number = (name: string) => schema[name] as number
  if ('const' in schema) return is(schema['const']) ? undefined : 'const'
  if ('enum' in schema) return (schema['enum'] as unknown[]).some(is) ? undefined : 'enum'
  if ('anyOf' in schema) return (schema['anyOf'] as Schema[]).some((one) => !misfit(one, value)) ? undefined : 'anyOf'
  switch (schema['type']) {
    case 'string':
      return typeof value === 'string' && value.length >= (number('minLength') ?? 0) ? undefined : 'string'
    case 'boolean':
      return typeof value === 'boolean' ? undefined : 'boolean'
    case 'null':
      return value === null ? undefined : 'null'
    case 'array': {
      if (!Array.isArray(value) || value.length < number('minItems')) return 'array'
      return value.map((item) => misfit(schema['items'] as Schema, item)).find((found) => found)
    }
    case 'object': {
      const properties = schema['properties'] as Record<string, Schema>
      const keys = Object.keys(properties)
      if (typeof value !== 'object' || value === null || Object.keys(value).length !== keys.length) return 'object'
      return keys.map((key) => misfit(properties[key]!, (value as Schema)[key])).find((found) => found)
    }
    default: {
      if (typeof value !== 'number') return 'number'
      if (schema['type'] === 'integer' && !Number.isInteger(value)) return 'integer'
      if (value < (number('minimum') ?? -Infinity) || value > (number('maximum') ?? Infinity)) return 'bounds'
      if (value <= (number('exclusiveMinimum') ?? -Infinity)) return 'exclusiveMinimum'
      if (value >= (number('exclusiveMaximum') ?? Infinity)) return 'exclusiveMaximum'
      return value % (number('multipleOf') ?? value) === 0 || value === 0 ? undefined : 'multipleOf'
    }
  }
}

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { defineProvider, z } from '../../src/index.ts'
import type { Deployment } from '../../src/index.ts'
import { bySpecificity, compilePattern, fillPattern, matchesAny } from '../../src/model-pattern.ts'
import { createModelTable } from '../../src/model-table.ts'

const acme = defineProvider({
  name: 'acme',
  options: z.object({}),
  claims: ['acme-*', 'a1'],
  setup: () => ({ endpoints: {} }),
})
const definitions = new Map([['acme', acme]])

function deployment(name: string, model: string, more: Partial<Deployment> = {}): Deployment {
  return { id: `id of ${name} ${model}`, name, provider: 'acme', model, options: {}, info: {}, source: 'test', ...more }
}

function table(deployments: Deployment[], aliases: Record<string, string> = {}, hidden?: string[]) {
  const made = createModelTable({ deployments, aliases, definitions, hidden })
  return { ...made, models: (name: string) => made.resolve(name).map(({ model }) => model) }
}

describe('a name is', () => {
  const { models, resolve } = table(
    [
      deployment('fast', 'one'),
      deployment('fast', 'two', { order: -1 }),
      deployment('acme/*', '*'),
      deployment('acme/large-*', 'big-*'),
      deployment('*', 'any/*'),
      deployment('acme/exact', 'exact-one'),
      deployment('toString', 'named-so'),
    ],
    { quick: 'fast', loop: 'loop2', loop2: 'loop', self: 'self', far: 'acme/large-7', 'acme/exact': 'fast' },
  )

  test.each([
    ['exact', 'fast', ['two', 'one']],
    ['an alias', 'quick', ['two', 'one']],
    ['an alias of a pattern', 'far', ['big-7']],
    ['an alias before an exact name', 'acme/exact', ['two', 'one']],
    ['the most specific pattern', 'acme/large-x/y', ['big-x/y']],
    ['a less specific one', 'acme/small', ['small']],
    ['the last resort', 'nobody', ['any/nobody']],
    ['an id', 'id of fast one', ['one']],
    ['a wildcard’s id, for paths without a model', 'id of acme/* *', ['']],
    ['its own alias', 'self', ['any/self']],
    ['a name of Object’s', 'toString', ['named-so']],
    ['another of Object’s', 'constructor', ['any/constructor']],
  ])('%s', (_what, name, wanted) => {
    expect(models(name)).toEqual(wanted)
    expect(models(name)).toEqual(wanted)
  })

  test('a circle of aliases ends', () => {
    expect(models('loop').length).toBeLessThanOrEqual(1)
  })

  test('targets say which group they serve, and share their provider', () => {
    const [target] = resolve('acme/large-7')
    expect(target).toMatchObject({ group: 'acme/large-7', model: 'big-7', id: 'id of acme/large-* big-*' })
    expect(resolve('acme/large-8')[0]!.provider).toBe(target!.provider)
    expect(resolve('fast')).toBe(resolve('fast'))
  })
})

test('a bare name goes to the provider that claims it, where only its wildcard is declared', () => {
  const { models } = table([deployment('acme/*', '*')])
  expect(models('acme-7')).toEqual(['acme-7'])
  expect(models('a1')).toEqual(['a1'])
  expect(models('a2')).toEqual([])
  expect(models('')).toEqual([])
})

test('names to list: each once, aliases too, hidden ones not', () => {
  const { names } = table(
    [deployment('b', 'x'), deployment('b', 'y'), deployment('acme/*', '*'), deployment('h', 'z')],
    { a: 'b' },
    ['h'],
  )
  expect(names()).toEqual(['b', 'acme/*', 'a'])
})

test('names of any length and kind cost little and are not kept', () => {
  const { models } = table([deployment('x*y*z*', '*'), deployment('*-a-*-b', '*')])
  expect(models(`x${'y'.repeat(1_000_000)}`)).toEqual([])
  expect(models(`${'-a-'.repeat(300_000)}c`)).toEqual([])
  expect(models('x1y2z3')).toEqual(['1'])
})

describe('patterns', () => {
  test.each([
    ['openai/*', 'openai/gpt-4o', ['gpt-4o']],
    ['openai/*', 'openai/', ['']],
    ['openai/*', 'xopenai/a', undefined],
    ['a.b', 'axb', undefined],
    ['fo::*:static::*', 'fo::hi::x:static::y', ['hi::x', 'y']],
    ['*', 'two\nlines', ['two\nlines']],
    ['(a|b)+[c]{2}^$\\', '(a|b)+[c]{2}^$\\', []],
    ['a*', 'b', undefined],
  ])('%s and %s', (pattern, name, wanted) => {
    expect(compilePattern(pattern).match(name)).toEqual(wanted)
  })

  test.each([
    ['up/*', ['a'], 'up/a'],
    ['*-*', ['a', 'b'], 'a-b'],
    ['*-*', ['a'], 'a-a'],
    ['plain', ['a'], 'plain'],
    ['*', [], ''],
    ['$&*', ['$1'], '$&$1'],
  ])('fill %s with %j', (pattern, captures, wanted) => {
    expect(fillPattern(pattern, captures)).toBe(wanted)
  })

  test('the more literal pattern is the more specific', () => {
    const order = ['*', 'a*', 'a*b', 'ab*', 'a*b*', 'abc'].map(compilePattern).sort(bySpecificity)
    expect(order.map(({ text }) => text)).toEqual(['abc', 'a*b', 'ab*', 'a*b*', 'a*', '*'])
  })

  test('match as regular expressions would, stars as long as can be', () => {
    const sign = fc.constantFrom('a', 'b', '*')
    const letters = fc.string({ unit: fc.constantFrom('a', 'b'), maxLength: 12 })
    fc.assert(
      fc.property(fc.array(sign, { maxLength: 7 }), letters, (signs, name) => {
        const pattern = signs.join('')
        const wanted = new RegExp(`^${pattern.replaceAll('*', '(.*)')}$`).exec(name)?.slice(1)
        expect(compilePattern(pattern).match(name)).toEqual(wanted)
      }),
      { numRuns: 5000 },
    )
  })

  test('any of a list', () => {
    expect(matchesAny(['a', 'b/*'], 'b/c')).toBe(true)
    expect(matchesAny(['a', 'b/*'], 'c')).toBe(false)
    expect(matchesAny([], 'a')).toBe(false)
    expect(matchesAny(['*'], '')).toBe(true)
  })

  test('what stars stood for, put back, is the name', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: fc.constantFrom('a', '.', '/', '$', '(', 'ä') }), { minLength: 1, maxLength: 4 }),
        fc.array(fc.string()),
        (parts, fills) => {
          const pattern = parts.join('*')
          const name = fillPattern(pattern, [...fills, 'x'])
          const captures = compilePattern(pattern).match(name)
          expect(captures).toHaveLength(parts.length - 1)
          expect(fillPattern(pattern, captures!)).toBe(name)
        },
      ),
      { numRuns: 1000 },
    )
  })
})

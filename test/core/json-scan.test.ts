import fc from 'fast-check'
import { describe, expect, it, test } from 'vitest'
import type { Call } from '../../src/index.ts'
import { rewriteBody, rewriteBytes, rewriteText, scanObject } from '../../src/json-scan.ts'
import type { BodyEdits } from '../../src/json-scan.ts'

const rewrite = (text: string, edits: BodyEdits) => rewriteText(text, scanObject(text).members, edits)

test('members with their places', () => {
  const text = ' { "a" :1,\n"b":{"c":[1,{"d":"}"}]} , "e":"\\",\\"f\\":2" }\t'
  const { members, depth } = scanObject(text)
  expect(
    members.map(({ key, start, valueStart, end }) => [key, text.slice(start, end), text.slice(valueStart, end)]),
  ).toEqual([
    ['a', '"a" :1', '1'],
    ['b', '"b":{"c":[1,{"d":"}"}]}', '{"c":[1,{"d":"}"}]}'],
    ['e', '"e":"\\",\\"f\\":2"', '"\\",\\"f\\":2"'],
  ])
  expect(depth).toBe(4)
})

test.each([
  ['{}', 1],
  ['{"a":1}', 1],
  ['{"a":[]}', 2],
  ['{"a":"[[[{{{"}', 1],
  ['{"a":[[["\\\\"]]],"b":{}}', 4],
])('the depth of %s is %i', (text, depth) => {
  expect(scanObject(text).depth).toBe(depth)
})

describe('rewriting keeps every other byte', () => {
  test.each<[string, string, BodyEdits, string]>([
    ['nothing to do', ' {"a":1} ', {}, ' {"a":1} '],
    ['replaced where it stands', '{ "a" : 1e2 , "b":2}', { set: { a: 'x' } }, '{ "a" : "x" , "b":2}'],
    ['appended', '{"a":1 }', { set: { b: [2] } }, '{"a":1,"b":[2] }'],
    ['appended to nothing', '{ }', { set: { b: 2 } }, '{ "b":2}'],
    ['the first removed', '{"a":1 , "b":2}', { remove: ['a'] }, '{"b":2}'],
    ['the last removed', '{"a":1 , "b":2 }', { remove: ['b'] }, '{"a":1 }'],
    ['one in the middle removed', '{"a":1, "b":2,\n"c":3}', { remove: ['b'] }, '{"a":1,\n"c":3}'],
    ['all removed', '{ "a":1,"b":2 }', { remove: ['a', 'b'] }, '{  }'],
    ['all removed, one appended', '{ "a":1,"b":2 }', { remove: ['a', 'b'], set: { c: 3 } }, '{ "c":3 }'],
    ['an escaped key', '{"\\u0061":1}', { set: { a: 2 } }, '{"\\u0061":2}'],
    ['an escaped key removed', '{"\\u0061":1,"b":2}', { remove: ['a'] }, '{"b":2}'],
    ['duplicates replaced', '{"a":1,"a":2}', { set: { a: 3 } }, '{"a":3,"a":3}'],
    ['duplicates removed', '{"a":1,"b":2,"a":3}', { remove: ['a'] }, '{"b":2}'],
    ['undefined sets nothing', '{"a":1}', { set: { a: undefined, b: undefined } }, '{"a":1}'],
    [
      'nested members are not touched',
      '{"x":{"a":1},"y":[{"a":1}]}',
      { set: { a: 2 }, remove: ['b'] },
      '{"x":{"a":1},"y":[{"a":1}],"a":2}',
    ],
    [
      'keys of Object’s',
      '{"constructor":1,"toString":2}',
      { set: { a: 1 }, remove: ['toString'] },
      '{"constructor":1,"a":1}',
    ],
  ])('%s', (_name, text, edits, wanted) => {
    expect(rewrite(text, edits)).toBe(wanted)
  })

  test('a body that is no text is serialised', () => {
    const call = { body: { a: 1, b: 2 }, raw: new Uint8Array() } as never
    expect(rewriteBody(call, { set: { c: 3 }, remove: ['a'] })).toBe('{"b":2,"c":3}')
  })
})

const space = fc.constantFrom('', '', ' ', '\n', '\r\n\t')
// No key that is a backslash alone: once it has parsed one, JSON.parse of Node 24.21 takes escaped keys for it.
const key = fc.constantFrom('a', 'b', 'model', 'messages', 'ä', '"', '\\\\', 'x\ny', '')
/** A key's spellings: as it is, or with every character escaped. */
const keyText = key.chain((name) =>
  fc.constantFrom(
    JSON.stringify(name),
    `"${[...name].map((c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`,
  ),
)
// Nor inside of a value: what JSON.parse has learned there it takes for the whole.
const anyValue = fc.jsonValue().filter((value) => !JSON.stringify(value).includes('"\\\\":'))
const valueText = fc.oneof(
  anyValue.map((value) => JSON.stringify(value)),
  anyValue.map((value) => JSON.stringify(value, null, 2)),
  fc.constantFrom('1.0', '-0', '1E+2', '"\\u00e4\\/"', '"{[\\"}]\\\\"', '[ ]', '{ }', '{"a":{"a":1}}'),
)
const objectText = fc
  .tuple(fc.array(fc.tuple(space, keyText, space, space, valueText, space), { maxLength: 6 }), space, space, space)
  .map(([members, inner, before, after]) => {
    const texts = members.map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`)
    return `${before}{${texts.length > 0 ? texts.join(',') : inner}}${after}`
  })
const edits = fc.record({
  set: fc.dictionary(key, anyValue, { maxKeys: 3 }),
  remove: fc.array(key, { maxLength: 3 }),
})

describe('for any object and any edits', () => {
  test('the text means what parsing, editing and serialising would mean', () => {
    fc.assert(
      fc.property(objectText, edits, (text, { set, remove }) => {
        const wanted = JSON.parse(text) as Record<string, unknown>
        for (const name of remove) delete wanted[name]
        // What is removed and set: removed where it stands, appended anew.
        Object.assign(wanted, set)
        expect(withoutMinusZero(JSON.parse(rewrite(text, { set, remove })))).toEqual(withoutMinusZero(wanted))
      }),
      { numRuns: 3000 },
    )
  })

  test('members that are not edited keep their bytes and their order', () => {
    fc.assert(
      fc.property(objectText, edits, (text, { set, remove }) => {
        const touched = new Set([...Object.keys(set), ...remove])
        const kept = (source: string) =>
          scanObject(source).members.flatMap(({ key: name, start, end }) =>
            touched.has(name) ? [] : [source.slice(start, end)],
          )
        expect(kept(rewrite(text, { set, remove }))).toEqual(kept(text))
      }),
      { numRuns: 2000 },
    )
  })

  test('the members are those of JSON.parse, and the depth is counted right', () => {
    fc.assert(
      fc.property(objectText, (text) => {
        const parsed = JSON.parse(text) as Record<string, unknown>
        const { members, depth } = scanObject(text)
        const last = new Map(
          members.map(({ key: name, valueStart, end }) => [name, JSON.parse(text.slice(valueStart, end)) as unknown]),
        )
        expect(Object.fromEntries(last)).toEqual(parsed)
        // Of duplicates JSON.parse keeps the last, the scan counts all.
        expect(depth).toBeGreaterThanOrEqual(depthOf(parsed))
        if (members.length === last.size) expect(depth).toBe(depthOf(parsed))
      }),
      { numRuns: 2000 },
    )
  })
})

function withoutMinusZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value))
}

function depthOf(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  return 1 + Math.max(0, ...Object.values(value).map(depthOf))
}

describe('rewriteBytes', () => {
  it('gives the bytes of what rewriteBody gives, whatever the text', () => {
    const value = fc.object({
      maxDepth: 2,
      key: fc.string({ unit: 'binary' }),
      values: [fc.string({ unit: 'binary' }), fc.integer(), fc.boolean()],
    })
    fc.assert(
      fc.property(value, fc.string({ unit: 'binary' }), (body, model) => {
        const raw = JSON.stringify({ ...body, model: 'ä', messages: ['日本 😀'] })
        const bytes = new TextEncoder().encode(raw)
        const call = { raw, bytes, body: JSON.parse(raw) as Record<string, unknown> } as unknown as Call
        const edits = { set: { model, extra: [model] }, remove: Object.keys(body).slice(0, 1) }
        const pieces = rewriteBytes(call, edits) as (string | Uint8Array)[]
        expect(Buffer.concat(pieces.map((piece) => Buffer.from(piece as string))).toString()).toBe(
          rewriteBody(call, edits),
        )
      }),
    )
  })
})

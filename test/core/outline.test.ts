import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { parseJsonBody, readJsonBody } from '../../src/parse-body.ts'
import type { LongBody } from '../../src/parse-body.ts'
import { outlineOf } from '../../src/outline/outline.ts'
import { rewriteBytes, rewriteText } from '../../src/json-scan.ts'
import type { Call } from '../../src/index.ts'

const encode = (text: string) => new TextEncoder().encode(text)
const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes)
/** Enough for an outline to be tried. */
const PAD = `"pad":"${'p'.repeat(5000)}"`

const piece = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 90 }),
  fc.string({ unit: 'grapheme', maxLength: 40 }),
  fc.constantFrom('"', '\\', '\\\\"', '\n', '/', '\u007f', '\u2028', '\ud800', '😀', 'x'.repeat(63), 'x'.repeat(64)),
)
/** A string's text, with some characters escaped that need not be. */
const stringText = fc.tuple(fc.array(piece, { maxLength: 8 }), fc.nat()).map(([pieces, seed]) =>
  JSON.stringify(pieces.join('')).replace(/\\u.{4}|\\.|[a-z/]/g, (c, at: number) => {
    if (c.length > 1 || (at * 31 + seed) % 97 !== 0) return c
    return c === '/' ? '\\/' : `\\u${c.charCodeAt(0).toString(16).padStart(4, '0').toUpperCase()}`
  }),
)
// No key that is a backslash alone: once it has parsed one, JSON.parse of Node 24.21 takes escaped keys for it.
const keyText = fc.oneof(
  fc.constantFrom('"a"', '"messages"', '"\\u0061"', `"${'k'.repeat(100)}"`, '"ä"', '""', '"1"', '"toString"'),
  stringText.filter((text) => text !== String.raw`"\\"`),
)
const blank = fc.constantFrom('', '', ' ', '\n', '\t\r\n ')
const valueText = fc.letrec<{ value: string }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    stringText,
    fc.constantFrom('1', '-0', '1.50e+3', 'true', 'null', '[]', '{}', '"short"'),
    fc.array(tie('value'), { maxLength: 3 }).map((items) => `[${items.join(' , ')}]`),
    fc
      .array(fc.tuple(keyText, blank, tie('value')), { maxLength: 3 })
      .map((items) => `{${items.map(([k, b, v]) => `${k}${b}:${v}`).join(',')}}`),
  ),
})).value
const bodyText = fc
  .tuple(fc.array(fc.tuple(blank, keyText, blank, blank, valueText, blank), { maxLength: 5 }), blank, fc.nat(5))
  .map(([members, after, at]) => {
    const texts = members.map(([a, k, b, c, v, d]) => `${a}${k}${b}:${c}${v}${d}`)
    return `{${texts.toSpliced(at, 0, PAD).join(',')}}${after}`
  })

/** What reading bytes brings, or what it is refused with. */
function outcome(read: () => LongBody | ReturnType<typeof parseJsonBody>): unknown {
  try {
    const { body, members } = read()
    return { body, entries: Object.entries(body), keys: members.map(({ key }) => key) }
  } catch (error) {
    return (error as Error).message
  }
}

function expectSame(bytes: Uint8Array): void {
  expect(outcome(() => readJsonBody(bytes, 64))).toEqual(outcome(() => parseJsonBody(bytes, 64)))
}

describe('a long body is read as JSON.parse reads it', () => {
  test('whatever it holds', () => {
    fc.assert(
      fc.property(bodyText, (text) => expectSame(encode(text))),
      { numRuns: 1500 },
    )
  })

  test('whatever is wrong with it', () => {
    const damage = fc.tuple(fc.nat(), fc.oneof(fc.nat(255), fc.constantFrom(34, 92, 10, 31, 0, 123, 58)), fc.boolean())
    fc.assert(
      fc.property(bodyText, damage, (text, [place, byte, cut]) => {
        const bytes = encode(text)
        // Most of it is padding: hit the rest too.
        const at = place % 2 === 0 ? place % bytes.length : (place % 200) % bytes.length
        bytes[at] = byte
        expectSame(cut ? bytes.subarray(0, Math.max(at, 4500)) : bytes)
      }),
      { numRuns: 3000 },
    )
  })

  test('any byte, bare and escaped, wherever it stands', () => {
    for (let byte = 0; byte < 256; byte++) {
      for (let offset = 0; offset < 17; offset++) {
        for (const before of ['', '\\', '\\\\', '\\u00', '\\u123']) {
          const bytes = encode(`{"a":"${'a'.repeat(offset)}${before}?${'z'.repeat(70)}",${PAD}}`)
          bytes[bytes.indexOf(63)] = byte
          expectSame(bytes)
        }
      }
    }
  })

  test('a string that does not end', () => {
    for (const end of ['', '\\', '\\u', '\\u00', '\\"']) expectSame(encode(`{${PAD},"a":"${'x'.repeat(100)}${end}`))
  })
})

describe('its members', () => {
  const read = (text: string) => readJsonBody(encode(text), 64)

  test('stand where they do in the bytes', () => {
    fc.assert(
      fc.property(bodyText, (text) => {
        const bytes = encode(text)
        const { members, inBytes } = readJsonBody(bytes, 64)
        const wanted = parseJsonBody(bytes, 64)
        expect(inBytes).toBe(true)
        expect(members.map(({ key, start, end }) => [key, decode(bytes.subarray(start, end))])).toEqual(
          wanted.members.map(({ key, start, end }) => [key, text.slice(start, end)]),
        )
        expect(members.map(({ valueStart, end }) => decode(bytes.subarray(valueStart, end)))).toEqual(
          wanted.members.map(({ valueStart, end }) => text.slice(valueStart, end)),
        )
      }),
      { numRuns: 700 },
    )
  })

  test('are changed as in the text', () => {
    const edits = { set: { model: 'other', a: [1] }, remove: ['messages', 'pad'] }
    fc.assert(
      fc.property(bodyText, (text) => {
        const parsed = read(text)
        const pieces = rewriteBytes({ ...parsed, raw: text } as unknown as Call, edits)
        expect(typeof pieces).toBe('object')
        const rewritten = (pieces as (string | Uint8Array)[])
          .map((part) => (typeof part === 'string' ? part : decode(part)))
          .join('')
        expect(rewritten).toBe(rewriteText(text, parseJsonBody(encode(text), 64).members, edits))
      }),
      { numRuns: 500 },
    )
  })

  test('of one name: the last counts, long or short', () => {
    const long = 'x'.repeat(80)
    expect(read(`{"a":"${long}",${PAD},"a":1}`).body['a']).toBe(1)
    expect(read(`{"a":1,${PAD},"a":"${long}"}`).body['a']).toBe(long)
    expect(read(`{"a":"${long}",${PAD},"\\u0061":["${long}y"]}`).body['a']).toEqual([`${long}y`])
  })

  test('may have long names', () => {
    const long = 'x'.repeat(80)
    expect(Object.keys(read(`{"${long}" \n : 1,${PAD},"${long}y":"${long}"}`).body)).toEqual([long, 'pad', `${long}y`])
  })
})

describe('its values', () => {
  const text = `{"model":"m","messages":[{"role":"user","content":"${'hi \\"you\\" '.repeat(600)}"}],"stream":true}`
  const wanted = JSON.parse(text) as Record<string, unknown>
  const read = () => readJsonBody(encode(text), 64).body

  test('outlive the next body, and other calls’ reading', () => {
    const first = read()
    const second = readJsonBody(encode(text.replaceAll('you', 'all')), 64).body
    expect(first).toEqual(wanted)
    expect(JSON.stringify(second)).toBe(JSON.stringify(wanted).replaceAll('you', 'all'))
  })

  test('are the same each time', () => {
    const body = read()
    expect(body['messages']).toBe(body['messages'])
  })

  test('are there for every way of looking', () => {
    expect({ ...read() }).toEqual(wanted)
    expect(Object.entries(read())).toEqual(Object.entries(wanted))
    expect(JSON.stringify(read())).toBe(JSON.stringify(wanted))
    expect(structuredClone(read())).toEqual(wanted)
    expect(Object.assign({}, read())).toEqual(wanted)
    expect(Object.hasOwn(read(), 'messages')).toBe(true)
    const { messages, ...rest } = read()
    expect([messages, rest]).toEqual([wanted['messages'], { model: 'm', stream: true }])
  })

  test('are shown by logs, without those of them that are not enumerable', () => {
    const text = `{"model":"m","messages":[{"content":"${'x'.repeat(5000)}"}],"n":1}`
    const { body } = readJsonBody(encode(text), 64)
    expect(inspect({ body }, { depth: 9 })).toBe(inspect({ body: JSON.parse(text) }, { depth: 9 }))
    expect(body).toEqual(JSON.parse(text))
    expect(Object.keys({ ...body })).toEqual(['model', 'messages', 'n'])
  })

  test('can be replaced and removed, as those of any object', () => {
    const body = read()
    body['messages'] = []
    expect(body['messages']).toEqual([])
    delete body['messages']
    expect('messages' in body).toBe(false)
  })

  test('are not made for what only needs the others', () => {
    const outline = outlineOf(encode(text))!
    expect(outline.body).toEqual({ model: 'm', messages: [{ role: 'user', content: '' }], stream: true })
    expect(outline.cut.map(({ key }) => key)).toEqual(['messages'])
  })
})

test('keys that reach for prototypes and deep nesting are refused in long bodies too', () => {
  const read = (text: string) => () => readJsonBody(encode(text), 8)
  expect(read(`{${PAD},"a":{"__proto__":1}}`)).toThrow('`__proto__` is not allowed')
  expect(read(`{${PAD},"a":{"\\u005f_proto__":1}}`)).toThrow('`__proto__` is not allowed')
  expect(read(`{${PAD},"a":{"constructor":{"prototype":1}}}`)).toThrow('`constructor.prototype` is not allowed')
  expect(read(`{${PAD},"a":[[[[[[[[1]]]]]]]]}`)).toThrow('deeper than 8')
})

import { describe, expect, test } from 'vitest'
import { chatBody, countedGateway } from '../support/counted-gateway.ts'
import { postRaw } from '../support/raw.ts'

const counted = countedGateway()

const malformed = [
  '',
  ' ',
  '\n\t\r\n',
  '\uFEFF',
  '{',
  '}',
  '[',
  ']',
  '{]',
  '[}',
  '{"model"',
  '{"model":',
  '{"model":"m"',
  '{"model":"m",',
  '{"model":"m",}',
  '{,}',
  '{"a" "b"}',
  '{"a":1 "b":2}',
  "{'model':'m'}",
  '{model:"m"}',
  '{"model":m}',
  '{"a":undefined}',
  '{"a":NaN}',
  '{"a":Infinity}',
  '{"a":-Infinity}',
  '{"a":01}',
  '{"a":+1}',
  '{"a":.5}',
  '{"a":5.}',
  '{"a":1e}',
  '{"a":0x10}',
  '{"a":1_000}',
  '{"a":--1}',
  '{"a":tru}',
  '{"a":True}',
  '{"a":nul}',
  '{"a":"unterminated}',
  '{"a":"b\nc"}',
  '{"a":"\t"}',
  '{"a":"\u0000"}',
  '{"a":"\\x41"}',
  '{"a":"\\u12"}',
  '{"a":"\\u{41}"}',
  '{"a":"\\"}',
  '{"a":\'b\'}',
  '{"a":1}}',
  '{"a":1}{"b":2}',
  '{"a":1},',
  '{"a":1}x',
  '{"a":1} // c',
  '/* c */ {}',
  '{"a":1,,"b":2}',
  '{"a":[1,]}',
  '{"a":[1 2]}',
  '{"a":[,1]}',
  '{"a":::1}',
  '{"a"}',
  '{1:2}',
  '{null:1}',
  '{"a":(1)}',
  '{"a":[}',
  '{"a":{]}',
  '{"a":1}\u0000',
  '\u0000{"a":1}',
  '\u00a0{"a":1}',
  'undefined',
  '<xml/>',
  'model=m&messages=x',
  'data: {}',
  '{"a":1n}',
  '{"a":`b`}',
  '{"a":/b/}',
  '{"a":"b"\\n}',
  '['.repeat(100_000),
  '{"a":'.repeat(100_000),
  `{"a":"${'x'.repeat(100_000)}`,
]

const notAnObject = ['null', 'true', 'false', '1', '-0.5e3', '"text"', '""', '[]', '[{"model":"m"}]', `[${chatBody()}]`]

describe('malformed JSON is refused with 400', () => {
  test('the table is as long as it should be', () => {
    expect(new Set([...malformed, ...notAnObject]).size).toBe(malformed.length + notAnObject.length)
    expect(malformed.length).toBeGreaterThan(70)
    const broken = malformed.filter((body) => isJson(body))
    expect(broken).toEqual([])
  })

  test.each([...malformed, ...notAnObject].map((body) => ({ title: JSON.stringify(body.slice(0, 40)), body })))(
    '$title',
    async ({ body }) => {
      counted.refused(await postRaw(counted.port, body), { code: 'invalid_json', param: null })
    },
  )

  test.each([
    '/v1/completions',
    '/embeddings',
    '/v1/images/generations',
    '/v1/responses',
    '/engines/m/chat/completions',
  ])('at %s as well', async (path) => {
    for (const body of malformed.filter((each) => each !== '' || path !== '/v1/responses').slice(0, 20)) {
      counted.refused(await postRaw(counted.port, body, { path }), { code: 'invalid_json', param: null })
    }
  })

  test('without a content type, and with other ones', async () => {
    for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/octet-stream', 'nonsense']) {
      counted.refused(await postRaw(counted.port, '{"model":', { headers: { 'content-type': type } }), {
        code: 'invalid_json',
        param: null,
      })
    }
  })
})

describe('bad UTF-8 is refused with 400', () => {
  const bytes = {
    'a byte that never occurs': [0xff],
    'a lone continuation byte': [0x80],
    'an overlong slash': [0xc0, 0xaf],
    'a surrogate': [0xed, 0xa0, 0x80],
    'a cut character': [0xf0, 0x9f, 0x98],
    'beyond U+10FFFF': [0xf4, 0x90, 0x80, 0x80],
    'Latin-1': [0xe9],
  }
  test.each(Object.entries(bytes))('%s', async (_name, wrong) => {
    const [before, after] = chatBody().split('Hi')
    const value = Buffer.concat([Buffer.from(`${before}H`), Buffer.from(wrong), Buffer.from(`i${after}`)])
    counted.refused(await postRaw(counted.port, value), { code: 'invalid_encoding', param: null })
    const key = Buffer.concat([Buffer.from('{"k'), Buffer.from(wrong), Buffer.from('":1}')])
    counted.refused(await postRaw(counted.port, key), { code: 'invalid_encoding', param: null })
  })

  test('UTF-16, with and without its mark', async () => {
    counted.refused(await postRaw(counted.port, Buffer.from(chatBody(), 'utf16le')), { param: null })
    counted.refused(await postRaw(counted.port, Buffer.from(`\uFEFF${chatBody()}`, 'utf16le')), {
      code: 'invalid_encoding',
      param: null,
    })
  })
})

describe('keys that reach for prototypes are refused with 400', () => {
  test.each([
    ['{"__proto__":{"a":1}', '__proto__'],
    ['{"__proto__":null', '__proto__'],
    ['{"a":{"__proto__":1}', 'a.__proto__'],
    ['{"a":[{"b":{"__proto__":1}}]', 'a[0].b.__proto__'],
    ['{"\\u005f_proto__":1', '__proto__'],
    ['{"\\u005F\\u005fproto\\u005f\\u005F":1', '__proto__'],
    ['{"__prot\\u006f__":1', '__proto__'],
    ['{"\\u005f\\u005f\\u0070\\u0072\\u006f\\u0074\\u006f\\u005f\\u005f":1', '__proto__'],
    [
      '{"tools":[{"type":"function","function":{"name":"f","parameters":{"properties":{"__proto__":{}}}}}]',
      'tools[0].function.parameters.properties.__proto__',
    ],
    ['{"constructor":{"prototype":{"a":1}}', 'constructor.prototype'],
    ['{"a":{"constructor":{"prototyp\\u0065":1}}', 'a.constructor.prototype'],
  ])('%s', async (start, param) => {
    counted.refused(await postRaw(counted.port, `${start},${chatBody().slice(1)}`), { code: 'invalid_key', param })
    expect(({} as { a?: unknown }).a).toBeUndefined()
  })

  test('but not where they are text', async () => {
    const messages = [{ role: 'user', content: 'obj.__proto__ = {}; "__proto__": 1; \u0041; constructor.prototype' }]
    counted.accepted(
      await postRaw(counted.port, chatBody({ messages, metadata: { constructor: 'a', note: '"prototype"' } })),
    )
  })
})

describe('depth', () => {
  const nested = (depth: number, open: string, close: string) =>
    chatBody().slice(0, -1) + `,"deep":${open.repeat(depth - 1)}1${close.repeat(depth - 1)}}`

  test.each([
    ['objects', '{"a":', '}'],
    ['lists', '[', ']'],
  ])('%s: 64 levels pass, 65 do not', async (_name, open, close) => {
    counted.accepted(await postRaw(counted.port, nested(64, open, close)))
    counted.refused(await postRaw(counted.port, nested(65, open, close)), { code: 'json_too_deep', param: null })
    counted.refused(await postRaw(counted.port, nested(200_000, open, close)), { code: 'json_too_deep', param: null })
  })

  test('brackets within texts do not count', async () => {
    const messages = [{ role: 'user', content: `${'['.repeat(500)}\\"${'{'.repeat(500)}` }]
    counted.accepted(await postRaw(counted.port, chatBody({ messages })))
  })
})

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}

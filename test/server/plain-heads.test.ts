import { describe, expect, test } from 'vitest'
import { readRequestHead } from '../../src/server/direct/request-head.ts'

const HEAD = ['POST /v1/chat/completions HTTP/1.1', 'Host: a', 'Content-Length: 5']
const read = (lines: readonly string[]) => readRequestHead(Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'))
const line = (text: string) => read([text, ...HEAD.slice(1)])
const more = (...fields: string[]) => read([...HEAD, ...fields])
const length = (value: string) => read([...HEAD.slice(0, 2), `Content-Length:${value}`])
/** A head of so many bytes. */
const sized = (size: number) => more(`x-long: ${'x'.repeat(size - more('x-long: ')!.size)}`)

describe('plain', () => {
  test('what is read', () => {
    const head = more('X-Tabs:\t a\tb \t', 'x-empty:', 'connection: Keep-Alive', 'x-colons:a: b')!
    expect(head).toMatchObject({ path: '/v1/chat/completions', length: 5 })
    const values = ['host', 'x-tabs', 'x-empty', 'connection', 'x-colons', 'x-none'].map((name) =>
      head.headers.get(name),
    )
    expect(values).toEqual(['a', 'a\tb', '', 'Keep-Alive', 'a: b', null])
  })

  test('what follows is not part of the head', () => {
    const text = `${HEAD.join('\r\n')}\r\n\r\n`
    for (const rest of ['', 'hello', '\r\n\r\n', '\x00\xff', 'Content-Length: 6\r\n\r\n']) {
      expect(readRequestHead(Buffer.from(text + rest, 'latin1'))).toMatchObject({ size: text.length, length: 5 })
    }
  })

  test.each(['/a', '/v1/a:b', '/v1/a/b-c/~d', '/_', '/v1/gpt-4.1', '/:', '/a..'])('the path %s', (path) => {
    expect(line(`POST ${path} HTTP/1.1`)?.path).toBe(path)
  })

  test.each([' 0', '0', '\t1', ' 1048576 '])('the length %j', (value) => {
    expect(length(value)?.length).toBe(Number(value))
  })

  test('a path of thousands of segments', () => {
    const path = '/a'.repeat(8000)
    expect(line(`POST ${path} HTTP/1.1`)?.path).toBe(path)
    expect(line(`POST ${path}/ HTTP/1.1`)).toBeUndefined()
    expect(line(`POST ${path}! HTTP/1.1`)).toBeUndefined()
  })

  test('16 KiB and 1000 headers', () => {
    expect(sized(16_384)?.size).toBe(16_384)
    expect(more(...Array.from({ length: 998 }, (_, i) => `x-${i}:`))).toBeDefined()
  })
})

describe('not plain', () => {
  test.each([
    '/',
    '//',
    '/a/',
    '/a//b',
    '//a',
    '/.',
    '/..',
    '/a/..',
    '/a/../b',
    '/.a',
    'a',
    '',
    '*',
    'http://a/b',
    'a:80',
    '/%61',
    '/a%61',
    '/a/b%2e',
    '/a?',
    '/a?b',
    '/a#',
    '/a;b',
    '/a\\b',
    '/a@b',
    '/a,b',
    '/a+b',
    '/a b',
    '/a\tb',
    '/\xe9',
    '/a\x00',
    '/a!',
    '/a*',
    '/a|b',
  ])('the target %j', (target) => {
    expect(line(`POST ${target} HTTP/1.1`)).toBeUndefined()
  })

  test.each([
    'GET /a HTTP/1.1',
    'post /a HTTP/1.1',
    'POST /a HTTP/1.0',
    'POST /a HTTP/2.0',
    'POST /a HTTP/1.10',
    'POST /a http/1.1',
    'POST /a HTTP/1.1 ',
    ' POST /a HTTP/1.1',
    'POST  /a HTTP/1.1',
    'POST /a  HTTP/1.1',
    'POST\t/a HTTP/1.1',
    'POST /a',
    '',
    '\r\nPOST /a HTTP/1.1',
    '\nPOST /a HTTP/1.1',
    'XPOST /a HTTP/1.1',
    'POST /a HTTP/1.1\n',
    'POST /a HTTP/1.1\r',
  ])('the line %j', (text) => {
    expect(line(text)).toBeUndefined()
  })

  test.each([
    '',
    ' ',
    ' 00',
    ' 05',
    ' +5',
    ' -5',
    ' 5,5',
    ' 5, 5',
    ' 5 5',
    ' 5.0',
    ' 5e0',
    ' 0x5',
    ' "5"',
    ' 5;',
    ' 1048577',
    ' 9999999',
    ' 10000000',
    ' 99999999999999999999',
    ' 5\x00',
    ' 5\x0b',
    '\xa05',
    ' \xb2',
    ' NaN',
    ' Infinity',
  ])('the length %j', (value) => {
    expect(length(value)).toBeUndefined()
  })

  test.each([
    'Transfer-Encoding: chunked',
    'transfer-encoding:',
    'TRANSFER-ENCODING: identity',
    'Expect: 100-continue',
    'expect:',
    'Upgrade: websocket',
    'HTTP2-Settings: a',
    'Proxy-Connection: close',
    'Proxy-Connection: keep-alive',
    'Connection: close',
    'Connection: upgrade',
    'Connection: keep-alive, x',
    'Connection:',
    'host: b',
    'HOST: a',
    'content-length: 5',
    'CONTENT-LENGTH: 6',
    'x: 1\r\nX: 1',
    'x',
    ': x',
    ' x: y',
    '\tx: y',
    'x : y',
    'x\t: y',
    'x: y\r\n z',
    'x: y\nz: 1',
    'x: y\rz: 1',
    'x: y\n',
    'x: y\r',
    'x: \x00',
    'x: \x0b',
    'x: \x7f',
    'x: \x80',
    'x: \xe9',
    'x\x00: y',
    'x(: y',
    'x@: y',
    '"x": y',
    'x y: z',
    '\xe9: x',
    '[x]: y',
  ])('with %j', (field) => {
    expect(more(field)).toBeUndefined()
    // Whatever its place.
    expect(read([HEAD[0]!, field, ...HEAD.slice(1)])).toBeUndefined()
  })

  test.each([
    ['no Host', [HEAD[0]!, HEAD[2]!]],
    ['no length', HEAD.slice(0, 2)],
    ['no headers', HEAD.slice(0, 1)],
    ['nothing', []],
    ['an empty line first', ['', ...HEAD]],
  ])('%s', (_name, lines) => {
    expect(read(lines)).toBeUndefined()
  })

  test('a head that did not come whole', () => {
    const text = `${HEAD.join('\r\n')}\r\n\r\n`
    for (let size = 0; size < text.length; size++)
      expect(readRequestHead(Buffer.from(text.slice(0, size)))).toBeUndefined()
  })

  test('more than 16 KiB, more than 1000 headers', () => {
    expect(sized(16_385)).toBeUndefined()
    expect(more(...Array.from({ length: 999 }, (_, i) => `x-${i}:`))).toBeUndefined()
  })
})

import { describe, expect, test } from 'vitest'
import { BadResponse } from '../../src/transport/http/response-head.ts'
import { BAD_SAMPLES } from './bad-corpus.ts'
import type { BadSample } from './bad-corpus.ts'
import { SAMPLES } from './corpus.ts'
import { everywhere, parse } from './parse.ts'
import type { Parsed } from './parse.ts'
import { seeded } from './random.ts'

function checkRefused({ name, unfinished }: BadSample, parsed: Parsed, how: string) {
  const what = `${name}, ${how}: ${parsed.events.join()}`
  expect(parsed.events, what).not.toContain('end')
  if (unfinished) expect(parsed.whole, what).toBe(false)
  else expect(parsed.error, what).toBeInstanceOf(BadResponse)
  // A part of the payload may have been handed over before; nothing else may.
  expect('hello'.startsWith(parsed.body.toString('latin1').slice(0, 5)), what).toBe(true)
}

describe('refused, however it is cut', () => {
  test.each(BAD_SAMPLES)('$name', (sample) => {
    const bytes = Buffer.from(sample.text, 'latin1')
    checkRefused(sample, parse(bytes, { close: true }), 'in one read')
    checkRefused(sample, parse(bytes, { close: true, cuts: everywhere(bytes) }), 'byte by byte')
    const random = seeded(1)
    const cuts = bytes.length < 500 ? everywhere(bytes) : Array.from({ length: 40 }, () => random.below(bytes.length))
    for (const cut of cuts) checkRefused(sample, parse(bytes, { close: true, cuts: [cut] }), `cut at ${cut}`)
  })
})

test('the error has a code', () => {
  expect((parse(Buffer.from('nonsense\r\n\r\n')).error as BadResponse).code).toBe('BAD_HTTP_RESPONSE')
})

test('a coding beside a length is refused where there is no body, too', () => {
  for (const [method, status] of [
    ['HEAD', 200],
    ['POST', 204],
    ['POST', 304],
  ] as const) {
    const bytes = Buffer.from(`HTTP/1.1 ${status} x\r\ncontent-length: 5\r\ntransfer-encoding: chunked\r\n\r\n`)
    expect(parse(bytes, { method }).error).toBeInstanceOf(BadResponse)
  }
})

describe('a head of 16 KiB', () => {
  const headOf = (size: number) => {
    const start = 'HTTP/1.1 200 OK\r\ncontent-length: 2\r\nx-a: '
    return Buffer.from(`${start}${'a'.repeat(size - start.length - 4)}\r\n\r\n`)
  }
  const body = Buffer.from('ok')

  test('is read', () => {
    const bytes = Buffer.concat([headOf(16 * 1024), body])
    for (const cuts of [[], everywhere(bytes), [16 * 1024], [16 * 1024 - 1], [16 * 1024 - 3, 16 * 1024 + 1]]) {
      expect(parse(bytes, { cuts })).toMatchObject({ error: undefined, clean: true, body })
    }
  })

  test('is the longest, whatever lies behind it', () => {
    for (const size of [16 * 1024 + 5, 20_000, 60_000]) {
      const bytes = Buffer.concat([headOf(size), body])
      for (const cuts of [[], [100], everywhere(bytes)]) {
        expect(parse(bytes, { cuts })).toMatchObject({ error: expect.any(BadResponse), events: [] })
      }
    }
  })

  test('does not count the body that came with it', () => {
    const long = Buffer.alloc(60_000, 'x')
    const bytes = Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${long.length}\r\n\r\n`), long])
    expect(parse(bytes)).toMatchObject({ error: undefined, clean: true, body: long })
  })
})

describe('bytes behind a whole response', () => {
  const behind = ['x', '\r\n', '\0', 'HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nwrong']

  test('make the connection doubtful, and are nobody’s', () => {
    for (const { bytes, method, body, closes, name, status } of SAMPLES) {
      if (closes) continue
      for (const text of behind) {
        const parsed = parse(Buffer.concat([bytes, Buffer.from(text)]), { method })
        expect({ ...parsed, head: parsed.head?.status }, name).toMatchObject({ head: status, clean: false, body })
      }
    }
  })

  test('are refused when they come later', () => {
    for (const { bytes, method, body, closes, clean, name } of SAMPLES) {
      if (closes) continue
      for (const text of behind) {
        const both = Buffer.concat([bytes, Buffer.from(text)])
        const parsed = parse(both, { method, cuts: [bytes.length] })
        expect(parsed, name).toMatchObject({ clean, body, error: expect.any(BadResponse) })
        expect(
          parsed.events.filter((event) => event !== 'body'),
          name,
        ).toEqual(['head', 'end'])
      }
    }
  })
})

test('nothing can come before a request', () => {
  const bytes = SAMPLES[0]!.bytes
  expect(parse(Buffer.alloc(0), { unasked: bytes })).toMatchObject({ error: expect.any(BadResponse), events: [] })
})

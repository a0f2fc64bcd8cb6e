import { describe, expect, test } from 'vitest'
import { randomSamples, SAMPLES } from './corpus.ts'
import type { Sample } from './corpus.ts'
import { everywhere, parse } from './parse.ts'
import type { Parsed } from './parse.ts'
import { seeded } from './random.ts'

/** What any cut of a good response must give. */
function check(sample: Sample, parsed: Parsed, how: string) {
  const { error, clean, events, whole } = parsed
  if (error !== undefined) throw new Error(`${how}: ${String(error)}`)
  const expected = ['head', ...(sample.body.length > 0 ? ['body'] : []), 'end']
  expect({ clean, events, whole }, how).toEqual({ clean: sample.clean, events: expected, whole: true })
  expect(parsed.head!.status, how).toBe(sample.status)
  expect(parsed.head!.headers, how).toEqual(sample.headers)
  if (!parsed.body.equals(sample.body)) expect(parsed.body.toString('latin1'), how).toBe(sample.body.toString('latin1'))
}

// A close behind a whole response is no error either.
const options = (sample: Sample) => ({ method: sample.method, close: true })

describe('a good response', () => {
  test.each(SAMPLES)('$name', (sample) => {
    const { bytes } = sample
    check(sample, parse(bytes, options(sample)), 'in one read')
    expect(parse(bytes).head?.keepAliveSeconds).toBe(sample.keepAliveSeconds)
    for (let cut = 1; cut < bytes.length; cut++) {
      check(sample, parse(bytes, { ...options(sample), cuts: [cut] }), `cut at ${cut}`)
    }
    check(sample, parse(bytes, { ...options(sample), cuts: everywhere(bytes) }), 'byte by byte')
    const random = seeded(1)
    for (let i = 0; i < 50; i++) {
      const cuts = [random.below(bytes.length), random.below(bytes.length)].sort((a, b) => a - b)
      check(sample, parse(bytes, { ...options(sample), cuts }), `cut at ${cuts.join(' and ')}`)
    }
  })

  test('that no one thought of, cut anywhere', () => {
    const random = seeded(2)
    for (const [i, sample] of randomSamples(400, 3).entries()) {
      for (let round = 0; round < 8; round++) {
        const cuts = Array.from({ length: round }, () => random.below(sample.bytes.length)).sort((a, b) => a - b)
        check(sample, parse(sample.bytes, { ...options(sample), cuts }), `${i} ${sample.name} at ${cuts.join()}`)
      }
    }
  })

  test('is not whole a byte before its end', () => {
    for (const { bytes, method, closes, name } of SAMPLES) {
      if (closes) continue
      for (let size = 1; size < bytes.length; size++) {
        const parsed = parse(bytes.subarray(0, size), { method, close: true })
        expect({ error: parsed.error, ended: parsed.events.includes('end'), whole: parsed.whole }, name).toEqual({
          error: undefined,
          ended: false,
          whole: false,
        })
      }
    }
  })

  test('of many megabytes in chunks of every size', () => {
    const random = seeded(4)
    const block = random.bytes(70_000)
    const parts: Buffer[] = []
    const bodies: Buffer[] = []
    for (let i = 0; i < 300; i++) {
      const body = block.subarray(0, random.pick([1, 100, 5000, 65_535, 65_536, 70_000]))
      bodies.push(body)
      parts.push(Buffer.from(`${body.length.toString(16)}\r\n`), body, Buffer.from('\r\n'))
    }
    const head = Buffer.from('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const parsed = parse(Buffer.concat([head, ...parts, Buffer.from('0\r\n\r\n')]))
    expect(parsed.events).toEqual(['head', 'body', 'end'])
    expect(parsed.body.equals(Buffer.concat(bodies))).toBe(true)
  })

  test('has its body in one piece for each read', () => {
    let pieces = 0
    const bytes = Buffer.from(
      `HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n${'2\r\nab\r\n'.repeat(500)}0\r\n\r\n`,
    )
    const parsed = parse(bytes, { onBody: () => pieces++ })
    expect(parsed.body.toString()).toBe('ab'.repeat(500))
    expect(pieces).toBe(1)
  })
})

test('one parser reads one response after the other', () => {
  const good = SAMPLES.filter(({ clean }) => clean)
  const random = seeded(5)
  const all = Array.from({ length: 300 }, () => random.pick(good))
  const parsed = parse(Buffer.alloc(0), { next: all.map(({ bytes, method = 'POST' }) => ({ bytes, method })) })
  expect(parsed.error).toBeUndefined()
  expect(parsed.events.filter((event) => event === 'end').length).toBe(300)
  expect(parsed.body.equals(Buffer.concat(all.map(({ body }) => body)))).toBe(true)
})

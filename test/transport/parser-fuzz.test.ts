import { expect, test } from 'vitest'
import { BadResponse } from '../../src/transport/http/response-head.ts'
import { BAD_SAMPLES } from './bad-corpus.ts'
import { randomSamples, SAMPLES } from './corpus.ts'
import { parse } from './parse.ts'
import type { Parsed } from './parse.ts'
import { seeded } from './random.ts'
import type { Random } from './random.ts'

/** What means something to a parser. */
const TELLING = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ':',
  ' ',
  '\t',
  '\0',
  ';',
  '0',
  '5',
  'f',
  '-',
  ',',
  '\x80',
  '\xff',
  'HTTP/1.1 ',
]
const LINES = [
  'content-length: 3\r\n',
  'transfer-encoding: chunked\r\n',
  'connection: close\r\n',
  '0\r\n\r\n',
  ' folded\r\n',
]

function mutate(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  let result = bytes
  for (let i = random.from(1, 4); i > 0; i--) {
    const at = random.below(result.length + 1)
    const before = result.subarray(0, at)
    const after = result.subarray(at)
    const text = (list: readonly string[]) => Buffer.from(random.pick(list), 'latin1')
    const kinds = [
      () => Buffer.concat([before, text(TELLING), after]),
      () => Buffer.concat([before, text(TELLING), after.subarray(1)]),
      () => Buffer.concat([before, text(LINES), after]),
      () => Buffer.concat([before, after.subarray(random.from(1, 3))]),
      () => Buffer.concat([before, random.bytes(random.from(1, 4)), after]),
      () => Buffer.concat([before, after.subarray(0, random.below(20)), after]),
      () => Buffer.concat([before, random.pick(others).subarray(random.below(30))]),
      () => before,
    ]
    result = random.pick(kinds)()
  }
  return result
}

/** What does not depend on how the bytes were cut. */
function gist({ head, events, clean, error, body, whole }: Parsed): unknown {
  const failed = error !== undefined
  if (!events.includes('end')) return { head, failed, whole }
  // What comes behind the end is seen at once, or with the next read.
  return { head, body: body.toString('latin1'), doubtful: failed || !clean }
}

test('20,000 responses that are not quite right', { timeout: 60_000 }, () => {
  const random = seeded(20)
  const good = [...SAMPLES, ...randomSamples(100, 21)].filter(({ bytes }) => bytes.length < 2000)
  const all = [...good.map(({ bytes }) => bytes), ...BAD_SAMPLES.map(({ text }) => Buffer.from(text, 'latin1'))].filter(
    (bytes) => bytes.length < 2000,
  )
  let refused = 0
  let ended = 0
  for (let i = 0; i < 20_000; i++) {
    const { method } = random.pick(good)
    const bytes = mutate(random.pick(all), random, all)
    const cuts = Array.from({ length: random.below(6) }, () => random.below(bytes.length + 1)).sort((a, b) => a - b)
    const options = { method, close: true }
    const parsed = parse(bytes, { ...options, cuts })
    const what = `${i}: ${JSON.stringify(bytes.toString('latin1'))} at ${cuts.join()}`
    if (parsed.error !== undefined) {
      refused++
      if (!(parsed.error instanceof BadResponse)) expect(parsed.error, what).toBeInstanceOf(BadResponse)
    }
    const order = parsed.events.join()
    if (!/^(head(,body)?(,end)?)?$/.test(order)) expect(order, what).toBe('head,body,end')
    if (parsed.events.includes('end')) ended++
    expect(gist(parse(bytes, options)), what).toEqual(gist(parsed))
  }
  // The mutations reach what they are for.
  expect(refused).toBeGreaterThan(4000)
  expect(ended).toBeGreaterThan(2000)
})

test('5,000 pieces of noise', () => {
  const random = seeded(22)
  for (let i = 0; i < 5000; i++) {
    const head = random.chance(0.5) ? 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n' : ''
    const noise = random.chance(0.5)
      ? random.bytes(random.from(1, 300))
      : Buffer.from(Array.from({ length: random.from(1, 60) }, () => random.pick(TELLING)).join(''), 'latin1')
    const bytes = Buffer.concat([Buffer.from(head), noise])
    const { error } = parse(bytes, { close: true, cuts: [random.below(bytes.length)] })
    if (error !== undefined && !(error instanceof BadResponse)) throw error
  }
})

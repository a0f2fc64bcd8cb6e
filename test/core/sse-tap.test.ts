import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createSseTap } from '../../src/wires/sse-tap.ts'

const encoder = new TextEncoder()
const decoder = new TextDecoder()

function run(pieces: readonly Uint8Array[], withhold: boolean) {
  const tap = createSseTap({ withhold })
  const out: Uint8Array[] = []
  for (const piece of pieces) out.push(...tap.push(piece.slice()))
  out.push(...tap.end())
  expect(out.every(({ length }) => length > 0)).toBe(true)
  return { text: decoder.decode(Buffer.concat(out)), usage: tap.usage() }
}

const usage = { prompt_tokens: 11, completion_tokens: 7, total_tokens: 18, prompt_tokens_details: { cached_tokens: 2 } }
/** The same in the gateway's normal form. */
const counted = { input: 11, output: 7, cacheRead: 2 }
const event = (data: unknown) => `data: ${JSON.stringify(data)}\n\n`
const delta = (content: string, more = {}) => event({ id: 'x', choices: [{ index: 0, delta: { content } }], ...more })
const only = event({ id: 'x', choices: [], usage })
const onFinish = event({ id: 'x', choices: [{ index: 0, delta: {}, finish_reason: 'stop' }], usage })
const done = 'data: [DONE]\n\n'
/** Prose that talks of usage: within a JSON string its quotes are escaped. */
const prose = delta('"usage":{"prompt_tokens":1} and "choices":[] ä🐦')
const spaced = only.replace('"usage":{', '"usage": {').replace('"choices":[]', '"choices": [ ]')

const streams: [name: string, before: string, usageEvent: string, after: string, withheld: boolean][] = [
  ['the usage chunk last', delta('a', { usage: null }) + prose, only, done, true],
  ['spaces in its JSON', delta('ä'), spaced, done, true],
  ['an event name and an id before it', delta('a'), `event: chunk\nid: 7\n${only}`, done, true],
  ['comments around it', `${delta('a')}: ping\n\n`, only, `: ping\n\n${done}`, true],
  ['usage with the finish', delta('a'), onFinish, done, false],
  ['usage with the finish, twice', onFinish + delta('a'), onFinish, done, false],
  ['no end mark after it', delta('a'), only, '', true],
  ['nothing but it', '', only, '', true],
]

describe.each([false, true])('withhold: %s', (withhold) => {
  test.each(streams)('%s, split at every byte offset', (_name, before, usageEvent, after, withheld) => {
    for (const form of [(text: string) => text, (text: string) => text.replaceAll('\n', '\r\n')]) {
      const bytes = encoder.encode(form(before + usageEvent + after))
      const wanted = { text: form(withhold && withheld ? before + after : before + usageEvent + after), usage: counted }
      expect(run([bytes], withhold)).toEqual(wanted)
      for (let at = 1; at < bytes.length; at++) {
        expect(run([bytes.subarray(0, at), bytes.subarray(at)], withhold), `split at byte ${at}`).toEqual(wanted)
      }
      expect(
        run(
          [...bytes].map((byte) => Uint8Array.of(byte)),
          withhold,
        ),
      ).toEqual(wanted)
    }
  })

  test('a stream without usage passes as it is', () => {
    for (const text of ['', done, prose + done, `data: nonsense "usage":{ }\n\n${done}`, delta('a', { usage: null })]) {
      expect(run([encoder.encode(text)], withhold)).toEqual({ text, usage: undefined })
    }
  })

  test('a usage chunk that counts nothing is one too', () => {
    const empty = event({ id: 'x', choices: [], usage: {} })
    const text = withhold ? delta('a') + done : delta('a') + empty + done
    expect(run([encoder.encode(delta('a') + empty + done)], withhold)).toEqual({ text, usage: undefined })
    const pieces = [only, empty].map((part) => encoder.encode(part))
    expect(run(pieces, withhold)).toEqual({ text: withhold ? '' : only + empty, usage: counted })
  })

  test('a last usage event without its blank line', () => {
    const bytes = encoder.encode(delta('a') + only.trimEnd())
    expect(run([bytes], withhold)).toEqual({
      text: withhold ? delta('a') : delta('a') + only.trimEnd(),
      usage: counted,
    })
  })

  test('whole events leave at once, half ones wait', () => {
    const tap = createSseTap({ withhold })
    const push = (text: string) => Buffer.concat(tap.push(encoder.encode(text))).toString()
    expect(push(`${delta('a')}data: {"cho`)).toBe(delta('a'))
    expect(push('ices":[]}')).toBe('')
    expect(push('\n')).toBe('')
    expect(push('\n')).toBe('data: {"choices":[]}\n\n')
    expect(tap.end()).toEqual([])
  })

  test('an event that is far too long to be usage passes in pieces', () => {
    const long = delta('x'.repeat(600 * 1024))
    const bytes = encoder.encode(long + only + done)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 65_536) }, (_, i) =>
      bytes.subarray(i * 65_536, (i + 1) * 65_536),
    )
    const result = run(pieces, withhold)
    expect(result.usage).toEqual(counted)
    expect(result.text === long + (withhold ? '' : only) + done).toBe(true)
  })

  test('any stream in any pieces', () => {
    const kinds = {
      text: delta('ä🐦'),
      prose,
      only,
      onFinish,
      spaced,
      comment: ': ping\n\n',
      null: delta('a', { usage: null }),
    }
    const names = Object.keys(kinds) as (keyof typeof kinds)[]
    fc.assert(
      fc.property(
        fc.array(fc.constantFrom(...names), { maxLength: 8 }),
        fc.boolean(),
        fc.array(fc.nat(), { maxLength: 5 }),
        (list, crlf, cuts) => {
          const form = (text: string) => (crlf ? text.replaceAll('\n', '\r\n') : text)
          const bytes = encoder.encode(form(list.map((name) => kinds[name]).join('')))
          const kept = withhold ? list.filter((name) => name !== 'only' && name !== 'spaced') : list
          const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
          const pieces = places.slice(1).map((end, i) => bytes.subarray(places[i], end))
          const seen = list.some((name) => name === 'only' || name === 'onFinish' || name === 'spaced')
          expect(run(pieces, withhold)).toEqual({
            text: form(kept.map((name) => kinds[name]).join('')),
            usage: seen ? counted : undefined,
          })
        },
      ),
      { numRuns: 2000 },
    )
  })
})

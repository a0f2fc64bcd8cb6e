import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { SseEvent } from '../../src/index.ts'
import { createNdjsonParser, createSseParser } from '../../src/sse.ts'

const encoder = new TextEncoder()

function parse(pieces: readonly Uint8Array[], create: typeof createSseParser = createSseParser): SseEvent[] {
  const events: SseEvent[] = []
  const parser = create((event) => events.push(event))
  for (const piece of pieces) parser.push(piece.slice())
  parser.end()
  return events
}

const whole = (text: string) => parse([encoder.encode(text)])

describe('server-sent events', () => {
  test.each<[string, string, SseEvent[]]>([
    ['LF', 'data: a\n\ndata: b\n\n', [{ data: 'a' }, { data: 'b' }]],
    ['CRLF', 'data: a\r\n\r\ndata: b\r\n\r\n', [{ data: 'a' }, { data: 'b' }]],
    ['CR', 'data: a\r\rdata: b\r\r', [{ data: 'a' }, { data: 'b' }]],
    ['mixed ends', 'data: a\r\n\ndata: b\r\r\ndata: c\n\r', [{ data: 'a' }, { data: 'b' }, { data: 'c' }]],
    ['several data lines', 'data: a\ndata:b\ndata\ndata:  c\n\n', [{ data: 'a\nb\n\n c' }]],
    ['an event name', 'event: one\ndata: a\n\ndata: b\n\n', [{ event: 'one', data: 'a' }, { data: 'b' }]],
    ['a name alone is no event', 'event: one\n\ndata: b\n\n', [{ data: 'b' }]],
    ['comments, ids, retry', ': hi\nid: 7\nretry: 5\n:\ndata: a\n: hi\n\n: bye\n\n', [{ data: 'a' }]],
    ['an unknown field', 'nonsense\nother: x\ndata: a\n\n', [{ data: 'a' }]],
    ['data that only begins like it', 'datax: b\ndat: c\ndata: a\n\n', [{ data: 'a' }]],
    ['an empty data line', 'data:\n\ndata\n\n', [{ data: '' }, { data: '' }]],
    ['one leading mark', '\uFEFFdata: a\n\n', [{ data: 'a' }]],
    ['only one', '\uFEFF\uFEFFdata: a\n\ndata: b\n\n', [{ data: 'b' }]],
    ['colons and spaces in data', 'data: a: b \ndata:c:d\n\n', [{ data: 'a: b \nc:d' }]],
    ['no end mark', 'data: a\n\ndata: b', [{ data: 'a' }, { data: 'b' }]],
    ['no end mark but a line end', 'data: a\n\ndata: b\n', [{ data: 'a' }, { data: 'b' }]],
    ['nothing', '', []],
    ['blank lines', '\n\r\n\r\n\n', []],
    ['several signs', 'data: ä€🐦\n\n', [{ data: 'ä€🐦' }]],
  ])('%s', (_name, text, events) => {
    expect(whole(text)).toEqual(events)
  })

  const rich =
    '\uFEFF: hi\r\nevent: one\r\ndata: ä€🐦\r\ndata: b\r\n\r\ndata:{"a":"\\n"}\n\n:x\r\rdata: c\r\n\r\nid: 1\nevent: two\ndata\n\ndata: [DONE]\n\n'

  test('split at every byte offset, and into bytes', () => {
    const bytes = encoder.encode(rich)
    const wanted = parse([bytes])
    expect(wanted).toHaveLength(5)
    for (let at = 0; at <= bytes.length; at++)
      expect(parse([bytes.subarray(0, at), bytes.subarray(at)]), `at ${at}`).toEqual(wanted)
    expect(parse([...bytes].map((byte) => Uint8Array.of(byte)))).toEqual(wanted)
    expect(parse([...bytes].flatMap((byte) => [Uint8Array.of(byte), new Uint8Array()]))).toEqual(wanted)
  })

  test('events come as soon as their blank line is there', () => {
    const events: SseEvent[] = []
    const parser = createSseParser((event) => events.push(event))
    parser.push(encoder.encode('data: a\n'))
    expect(events).toEqual([])
    parser.push(encoder.encode('\ndata: b\r'))
    expect(events).toEqual([{ data: 'a' }])
    parser.push(encoder.encode('\r'))
    expect(events).toEqual([{ data: 'a' }, { data: 'b' }])
    parser.push(encoder.encode('\ndata: c\n\n'))
    expect(events).toHaveLength(3)
  })

  test('any stream in any pieces, as the standard reads it', () => {
    const line = fc.constantFrom(
      'data: a',
      'data:ä🐦',
      'data',
      'data: ',
      'event: x',
      'event',
      ': c',
      ':',
      'id: 1',
      'nonsense',
      '',
      'data: \uFEFF',
      '\uFEFFdata: m',
    )
    const end = fc.constantFrom('\n', '\r\n', '\r')
    const stream = fc.array(fc.tuple(line, end), { maxLength: 12 }).map((lines) => lines.flat().join(''))
    fc.assert(
      fc.property(stream, fc.boolean(), fc.array(fc.nat(), { maxLength: 6 }), (text, cutEnd, cuts) => {
        const bytes = encoder.encode(cutEnd ? text.trimEnd() : text)
        const pieces = cutInto(bytes, cuts)
        expect(parse(pieces)).toEqual(reference(new TextDecoder().decode(bytes)))
      }),
      { numRuns: 5000 },
    )
  })

  test('one event of 10 MiB, in pieces of 64 KiB', () => {
    const data = `${'ä'.repeat(5 * 1024 * 1024)}🐦`
    const bytes = encoder.encode(`data: x\n\ndata: ${data}\n\ndata: y\n\n`)
    const pieces = Array.from({ length: Math.ceil(bytes.length / 65_537) }, (_, i) =>
      bytes.subarray(i * 65_537, (i + 1) * 65_537),
    )
    const events = parse(pieces)
    expect(events.map((event) => event.data.length)).toEqual([1, data.length, 1])
    expect(events[1]!.data === data).toBe(true)
  })

  test('an event that never ends is given up', () => {
    const parser = createSseParser(() => {})
    const piece = new Uint8Array(9 * 1024 * 1024).fill(120)
    expect(() => {
      for (let i = 0; i < 8; i++) parser.push(piece)
    }).toThrow(/longer than 64 MiB/)
  })
})

describe('lines of JSON', () => {
  const lines = (text: string) => parse([encoder.encode(text)], createNdjsonParser)

  test.each<[string, string, string[]]>([
    ['LF and CRLF', '{"a":1}\n{"b":2}\r\n', ['{"a":1}', '{"b":2}']],
    ['empty lines and spaces', '\n \r\n{"a":1} \n\n', ['{"a":1}']],
    ['no end mark', '{"a":1}\n{"b":"ä🐦"}', ['{"a":1}', '{"b":"ä🐦"}']],
    ['nothing', '', []],
  ])('%s', (_name, text, datas) => {
    expect(lines(text).map((event) => event.data)).toEqual(datas)
  })

  test('split anywhere', () => {
    fc.assert(
      fc.property(
        fc.array(fc.jsonValue().map((value) => JSON.stringify(value))),
        fc.array(fc.nat(), { maxLength: 6 }),
        (values, cuts) => {
          const bytes = encoder.encode(values.map((value) => `${value}\n`).join(''))
          expect(parse(cutInto(bytes, cuts), createNdjsonParser).map((event) => event.data)).toEqual(values)
        },
      ),
      { numRuns: 2000 },
    )
  })
})

function cutInto(bytes: Uint8Array, cuts: readonly number[]): Uint8Array[] {
  const places = [0, ...cuts.map((cut) => cut % (bytes.length + 1)).sort((a, b) => a - b), bytes.length]
  return places.slice(1).map((end, i) => bytes.subarray(places[i], end))
}

/** WHATWG HTML, "Interpreting an event stream", on a whole text; an unfinished last event is kept. */
function reference(text: string): SseEvent[] {
  const events: SseEvent[] = []
  let name: string | undefined
  let data: string[] = []
  const dispatch = () => {
    if (data.length > 0) events.push({ event: name, data: data.join('\n') })
    name = undefined
    data = []
  }
  for (const line of text.replace(/^\uFEFF/, '').split(/\r\n|\n|\r/)) {
    const [, field, value = ''] = /^([^:]*)(?:: ?(.*))?$/s.exec(line) ?? []
    if (line === '') dispatch()
    else if (field === 'event') name = value
    else if (field === 'data') data.push(value)
  }
  dispatch()
  return events
}

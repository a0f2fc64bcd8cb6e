import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { Context } from '../../src/index.ts'
import { LONGEST_LINE, toEntry } from '../../plugins/ledger/entry.ts'
import type { CallEntry } from '../../plugins/ledger/entry.ts'
import { parseLine, toLine, toWhole } from '../../plugins/ledger/line.ts'
import { toLogRow } from '../../plugins/ledger/row.ts'
import { entry, record, toSumRows } from './support.ts'

const ctx = { call: { headers: new Headers(), body: {} }, targets: [] } as unknown as Context

describe('a line', () => {
  it('is never longer than was said, whatever the client sent', () => {
    const text = '\u0001'.repeat(100_000)
    const headers = new Headers({ 'x-litellm-session-id': 's'.repeat(3000) })
    const body = { metadata: { spend_logs_metadata: { text: 'n'.repeat(1500) } } }
    const worst = record('r', {
      path: text,
      model: text,
      group: text,
      upstreamModel: text,
      endUser: '\u0001'.repeat(256),
      error: { status: 500, message: text, param: text },
      tags: Array.from({ length: 50 }, () => text),
      attempts: Array.from({ length: 500 }, () => ({ target: 't'.repeat(100), provider: 'p', status: 0, ms: 1 })),
    })
    const written = toLine(toEntry('u', worst, { ...ctx, call: { headers, body } } as unknown as Context, undefined))
    expect(Buffer.byteLength(written)).toBeLessThanOrEqual(LONGEST_LINE)
    expect(parseLine(written.trimEnd())).toMatchObject({ id: 'r', status: 200 })
  })

  it('says what its call was, whatever is in it', () => {
    const text = fc.string({ unit: 'binary', maxLength: 40 })
    const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { nil: undefined })
    const count = fc.nat()
    const calls = fc.record({
      id: text,
      model: text,
      path: text,
      key: maybe(text),
      keyAlias: maybe(text),
      endUser: maybe(text),
      upstreamModel: maybe(text),
      session: maybe(text),
      ttftMs: maybe(fc.double({ min: 0, noNaN: true, noDefaultInfinity: true, minExcluded: true })),
      tags: maybe(fc.array(text)),
      notes: maybe(fc.dictionary(text, text)),
      error: maybe(fc.record({ status: count, message: text })),
      usage: maybe(fc.record({ input: count, output: count, cacheRead: maybe(count), serviceTier: maybe(text) })),
      cost: maybe(fc.constant(entry().cost)),
      attempts: fc.array(fc.record({ target: text, provider: text, status: count, ms: count, error: maybe(text) })),
    })
    fc.assert(
      fc.property(calls, (changes) => {
        const call = entry(changes as Partial<CallEntry>)
        const written = toLine(call)
        expect(written.indexOf('\n')).toBe(written.length - 1)
        const found = parseLine(written.slice(0, -1)) as CallEntry
        expect(JSON.parse(JSON.stringify(toWhole(found)))).toEqual(JSON.parse(JSON.stringify(call)))
        expect(toLogRow(found)).toEqual(toLogRow(call))
        expect(toSumRows([{ entry: found, row: toLogRow(found) }])).toEqual(
          toSumRows([{ entry: call, row: toLogRow(call) }]),
        )
      }),
    )
  })

  it.each(['[]', '{"uid', toLine(entry()).slice(0, toLine(entry()).lastIndexOf('\t')), ''])(
    'that is none: %s',
    (line) => {
      expect(() => parseLine(line)).toThrow(SyntaxError)
    },
  )
})

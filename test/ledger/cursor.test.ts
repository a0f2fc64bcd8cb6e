import { expect, test } from 'vitest'
import { BY_DAY, BY_SPEND, BY_TIME, fromCursor, toCursor } from '../../plugins/ledger/reports/cursor.ts'

const PLACES = [
  [BY_TIME, [1_700_000_000_000, 7]],
  [BY_DAY, ['2026-11-21', 'a "team"']],
  [BY_SPEND, [2 ** 60, 'key']],
] as const

test.each(PLACES)('a cursor %j is one of its own pages alone', (kind, place) => {
  for (const [other] of PLACES) {
    expect(fromCursor(toCursor(place), other)).toEqual(other === kind ? place : undefined)
  }
})

test.each(['', 'nonsense', '[1.5,1]', '[9007199254740992,1]', '[1]', '[1,2,3]', '{"length":2}', 'null'])(
  '%s is none',
  (text) => {
    expect(fromCursor(Buffer.from(text).toString('base64url'), BY_TIME)).toBeUndefined()
    expect(fromCursor(text, BY_TIME)).toBeUndefined()
  },
)

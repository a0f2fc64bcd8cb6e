import { expect, it } from 'vitest'
import type { CallEntry } from '../../plugins/ledger/entry.ts'
import { toLogRow } from '../../plugins/ledger/row.ts'
import { SUM_KEYS, SUMS } from '../../plugins/ledger/schema.ts'
import { entry, toSumRows } from './support.ts'

/** Calls of which each differs from the first in one thing. */
const CHANGES: readonly Partial<CallEntry>[] = [
  {},
  { at: Date.UTC(2026, 10, 22) },
  { at: Date.UTC(2026, 10, 21) - 1 },
  { key: 'key-2' },
  { key: undefined },
  { key: '' },
  { user: 'alice' },
  { user: 'null' },
  { team: 'red' },
  { organization: 'acme' },
  { endUser: 'customer' },
  { tags: ['a'] },
  { tags: ['a', 'b'] },
  { group: 'slow' },
  { upstreamModel: 'acme-2' },
  { provider: 'other' },
  { path: '/embeddings' },
  { status: 500 },
  { cacheHit: true },
  { cost: undefined },
  { usage: undefined },
  { usage: { input: 1, output: 2, cacheRead: 3, cacheWrite: 4, reasoning: 5 } },
]

it('adds up calls of a batch as it does one by one', () => {
  const calls = CHANGES.flatMap((change) => [entry(change), entry(), entry(change)]).map((call) => ({
    entry: call,
    row: toLogRow(call),
  }))
  const expected = new Map<string, Record<string, string | number | null>>()
  for (const row of calls.flatMap((call) => toSumRows([call]))) {
    const id = SUM_KEYS.map((name) => row[name]).join(' ')
    const sum = expected.get(id)
    if (sum) for (const name of SUMS) sum[name] = Number(sum[name]) + Number(row[name])
    else expected.set(id, { ...row })
  }
  const found = toSumRows(calls.slice(0, 10), calls.slice(10))
  expect(found.length).toBe(expected.size)
  expect(new Map(found.map((row) => [SUM_KEYS.map((name) => row[name]).join(' '), row]))).toEqual(expected)
})

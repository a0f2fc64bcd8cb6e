import { expect, it } from 'vitest'
import type { Database } from '../../plugins/ledger/database.ts'
import type { CallEntry } from '../../plugins/ledger/entry.ts'
import type { PagedReport, ReportArgs } from '../../plugins/ledger/reports/run-report.ts'
import { runReport } from '../../plugins/ledger/reports/run-report.ts'
import type { LogFilter, LogPage } from '../../plugins/ledger/reports/spend-logs.ts'
import { writeBatch } from '../../plugins/ledger/write-batch.ts'
import { entry } from './support.ts'

interface Line {
  model: string
  spend: number
  total_tokens: number
  api_key: string
}
type Day = { group_by_day: string; customers: { customer: string; total_spend: number; metadata: Line[] }[] }

/** Names that have to be written with care. */
const STRANGE = ['a"quote', String.raw`back\slash`, 'new\nline', '漢字 😀', "o'brien", 'plain']

/** Calls of three days; some differ in nothing but their provider, and some in nothing at all. */
const CALLS: readonly CallEntry[] = Array.from({ length: 180 }, (_, i) =>
  entry({
    id: `r${i}`,
    at: Date.UTC(2026, 10, 20 + (i % 3), 12),
    key: `key-${(i >> 2) % 3}`,
    user: `user-${(i >> 2) % 2}`,
    group: STRANGE[i % 4]!,
    provider: `provider-${i % 2}`,
    endUser: STRANGE[Math.floor(i / 3) % STRANGE.length]!,
    usage: { input: i, output: 1 },
    cost: { ...entry().cost!, total: 1_000_000_007 * (i + 1) },
  }),
)

/** What holds of reports in pages on every database. `open` gives one with empty tables. */
export function testPagedReports(open: () => Promise<Database>): void {
  const filled = async () => {
    const database = await open()
    await writeBatch(database, CALLS, (_one, error) => expect.unreachable(error.message))
    return database
  }
  /** The pages or the pieces of a report, to its end. */
  async function pages<N extends PagedReport>(
    database: Database,
    asked: { name: N; args: ReportArgs<N>; format?: 'json' | 'csv'; pieces?: boolean },
  ): Promise<string[]> {
    const { name, args, format = 'json', pieces = false } = asked
    const texts: string[] = []
    let cursor: string | undefined
    do {
      const part = pieces ? (texts.length === 0 ? 'first' : 'rest') : 'page'
      const page = await runReport(database, { name, args: { ...args, cursor } as never, format, part })
      texts.push(page.text)
      cursor = page.cursor ?? undefined
    } while (cursor !== undefined)
    return texts
  }
  const byCustomer = (limit: number): ReportArgs<'spendReport'> => ({
    base: { kind: 'customer', from: '2026-11-01', to: '2026-11-21' },
    groupBy: 'customer',
    limit,
  })

  it('tells what customers spent by day, key and model', async () => {
    const [text] = await pages(await filled(), { name: 'spendReport', args: byCustomer(1000) })
    const days = JSON.parse(text!) as Day[]
    expect(days.map((day) => day.group_by_day)).toEqual(['2026-11-20', '2026-11-21'])
    const calls = CALLS.filter(({ at }) => at < Date.UTC(2026, 10, 22))
    let seen = 0
    for (const { group_by_day, customers } of days) {
      for (const { customer, total_spend, metadata } of customers) {
        const own = calls.filter((call) => call.endUser === customer && isOn(call, group_by_day))
        expect(total_spend).toBe(dollars(own))
        const lines = new Set(own.map((call) => `${call.key} ${call.group}`))
        expect(metadata.length).toBe(lines.size)
        for (const line of metadata) {
          const few = own.filter((call) => call.key === line.api_key && call.group === line.model)
          const total_tokens = few.reduce((sum, { usage }) => sum + usage!.input! + usage!.output!, 0)
          expect(line).toEqual({ model: line.model, api_key: line.api_key, spend: dollars(few), total_tokens })
          seen += few.length
        }
      }
    }
    expect(seen).toBe(calls.length)
  })

  it('says in pages and in pieces what it says in one, and never a part of a day of a customer', async () => {
    const database = await filled()
    const [text] = await pages(database, { name: 'spendReport', args: byCustomer(1000) })
    const whole = JSON.parse(text!) as Day[]
    for (const limit of [1, 2, 5, 7, 20]) {
      const found = (await pages(database, { name: 'spendReport', args: byCustomer(limit) })).map(
        (page) => JSON.parse(page) as Day[],
      )
      expect(found.length).toBeGreaterThan(1)
      const flat = (days: Day[]) => days.flatMap((day) => day.customers.map((one) => [day.group_by_day, one]))
      expect(found.flatMap(flat)).toEqual(flat(whole))
      const pieces = await pages(database, { name: 'spendReport', args: byCustomer(limit), pieces: true })
      expect(pieces.length).toBe(found.length)
      expect(JSON.parse(pieces.join(''))).toEqual(whole)
    }
  })

  it('writes nothing as an empty list', async () => {
    const database = await open()
    expect(await pages(database, { name: 'spendReport', args: byCustomer(5), pieces: true })).toEqual(['[]'])
    expect(await pages(database, { name: 'spendReport', args: byCustomer(5) })).toEqual(['[]'])
  })

  it('has one head over all pieces of a CSV', async () => {
    const database = await filled()
    const [whole] = await pages(database, { name: 'spendReport', args: byCustomer(1000), format: 'csv' })
    expect(whole!.split('\r\n')[0]).toBe(
      'date,customer,model,api_key,spend,total_tokens,api_requests,unknown_cost_requests',
    )
    for (const limit of [1, 7]) {
      const pieces = await pages(database, {
        name: 'spendReport',
        args: byCustomer(limit),
        format: 'csv',
        pieces: true,
      })
      expect(pieces.length).toBeGreaterThan(2)
      expect(pieces.join('')).toBe(whole)
    }
  })

  it('pages keys by what they spent', async () => {
    const database = await filled()
    const args: ReportArgs<'spendReport'> = { base: { kind: 'key' }, groupBy: 'api_key' }
    type Key = { api_key: string; total_cost: number }
    const [text] = await pages(database, { name: 'spendReport', args })
    const whole = JSON.parse(text!) as Key[]
    expect(whole.length).toBe(3)
    expect(whole.map((key) => key.total_cost)).toEqual(
      whole.map(({ api_key }) => dollars(CALLS.filter(({ key }) => key === api_key))).sort((a, b) => b - a),
    )
    const found = await pages(database, { name: 'spendReport', args: { ...args, limit: 1 } })
    expect(found.flatMap((page) => JSON.parse(page) as Key[])).toEqual(whole)
    expect(found.length).toBe(3)
  })

  it('sums up days by key, user and model', async () => {
    const database = await filled()
    const args: ReportArgs<'logSummary'> = { base: { kind: 'key' }, users: { kind: 'user' } }
    const [text] = await pages(database, { name: 'logSummary', args })
    const by = (calls: readonly CallEntry[], field: 'key' | 'user' | 'group') =>
      Object.fromEntries(
        calls.map((call) => [call[field]!, dollars(calls.filter((one) => one[field] === call[field]))]),
      )
    const expected = (calls: readonly CallEntry[]) =>
      ['2026-11-20', '2026-11-21', '2026-11-22'].map((startTime) => {
        const own = calls.filter((call) => isOn(call, startTime))
        const rest = { spend: dollars(own), users: by(own, 'user'), models: by(own, 'group') }
        return { ...by(own, 'key'), startTime, ...rest }
      })
    expect(JSON.parse(text!)).toEqual(expected(CALLS))
    const one = { kind: 'user', entities: ['user-1'] } as const
    const [few] = await pages(database, { name: 'logSummary', args: { base: one, users: one } })
    expect(JSON.parse(few!)).toEqual(expected(CALLS.filter(({ user }) => user === 'user-1')))
    const csv = await pages(database, { name: 'logSummary', args, format: 'csv', pieces: true })
    expect(csv.join('').split('\r\n').slice(0, 2)).toEqual([
      'date,api_key,model,spend,requests,unknown_cost_requests',
      expect.stringMatching(/^2026-11-20,key-0,/),
    ])
  })

  it('gives rows alone to those who want no more', async () => {
    const database = await filled()
    const args = { filter: {}, limit: 2, texts: false, bare: true }
    const { text, cursor } = await runReport(database, { name: 'logPage', args, format: 'json' })
    expect(JSON.parse(text)).toMatchObject([{ request_id: expect.any(String) }, { request_id: expect.any(String) }])
    expect(cursor).toEqual(expect.any(String))
  })

  it('rows in pages by numbers, with how many there are', async () => {
    const database = await filled()
    const page = async (filter: LogFilter, number: number) => {
      const args = { filter, limit: 7, page: number, texts: false }
      return JSON.parse((await runReport(database, { name: 'logPage', args, format: 'json' })).text) as LogPage
    }
    const last = await page({}, 26)
    expect([last.data.length, last.page, last.total, last.total_pages, last.has_more]).toEqual([5, 26, 180, 26, false])
    const own = CALLS.filter(({ user, at }) => user === 'user-1' && at >= Date.UTC(2026, 10, 21))
    const some = await page({ user_id: 'user-1', from: Date.UTC(2026, 10, 21) }, 2)
    expect([some.data.length, some.total, some.has_more]).toEqual([7, own.length, true])
  })
}

function isOn({ at }: CallEntry, day: string): boolean {
  return new Date(at).toISOString().startsWith(day)
}

function dollars(calls: readonly CallEntry[]): number {
  return calls.reduce((sum, { cost }) => sum + cost!.total, 0) / 1e9
}

import { describe, expect, it } from 'vitest'
import { answerWhole } from '../../plugins/ledger/answer-report.ts'
import { openDatabase } from '../../plugins/ledger/database.ts'
import { migrate } from '../../plugins/ledger/migrate.ts'
import type { ReportRequest } from '../../plugins/ledger/reports/run-report.ts'
import type { Store } from '../../plugins/ledger/store.ts'
import { StoreAway } from '../../plugins/ledger/store.ts'
import { writeBatch } from '../../plugins/ledger/write-batch.ts'
import { entry, ledgerGateway, temporaryFolder } from './support.ts'
import type { TestGateway } from './support.ts'

const LINES = 20_000
const RANGE = 'start_date=2026-11-20&end_date=2026-11-21'

interface Day {
  group_by_day: string
  customers: { customer: string; metadata: unknown[] }[]
}

/** A gateway over more lines than one piece of an answer has. */
async function full(): Promise<TestGateway> {
  const root = temporaryFolder()
  const database = await openDatabase('sqlite:./ledger.db', root)
  await migrate(database)
  const calls = Array.from({ length: LINES }, (_, i) =>
    entry({
      id: `r${i}`,
      at: Date.UTC(2026, 10, 20 + (i & 1), 12),
      key: `key-${i >> 4}`,
      endUser: `customer-${i % 50}`,
    }),
  )
  await writeBatch(database, calls, () => expect.unreachable())
  await database.close()
  return ledgerGateway({ url: 'sqlite:./ledger.db' }, {}, root)
}

const count = (days: Day[]) =>
  days.flatMap((day) => day.customers).reduce((sum, { metadata }) => sum + metadata.length, 0)

describe('a report of many lines', () => {
  it('is whole where nobody asks for pages', async () => {
    const test = await full()
    const answer = await test.get('admin', `/global/spend/report?group_by=customer&${RANGE}`)
    expect(answer.headers.get('content-type')).toBe('application/json')
    expect(answer.headers.get('x-ungate-next-cursor')).toBe(null)
    const days = (await answer.json()) as Day[]
    expect(days.map((day) => day.group_by_day)).toEqual(['2026-11-20', '2026-11-21'])
    expect(count(days)).toBe(LINES)
    const csv = await test.get('admin', `/global/spend/report?group_by=customer&${RANGE}&format=csv`)
    expect(csv.headers.get('content-type')).toBe('text/csv; charset=utf-8')
    const lines = (await csv.text()).trimEnd().split('\r\n')
    expect([lines.length, new Set(lines).size]).toEqual([LINES + 1, LINES + 1])
    const summed = await (await test.get('admin', `/spend/logs?${RANGE}&format=csv`)).text()
    expect(summed.split('\r\n').length).toBe(2 * (LINES >> 4) + 2)
  })

  it('is a 503 while the database is away, and breaks off where it goes away later', async () => {
    const asked: (string | undefined)[] = []
    const request: ReportRequest<'spendReport'> = {
      name: 'spendReport',
      args: { base: { kind: 'team' }, groupBy: 'team' },
      format: 'json',
    }
    const storeOf = (pieces: number) =>
      ({
        report: ({ part }: ReportRequest) => {
          asked.push(part)
          if (asked.length > pieces) return Promise.reject(new StoreAway('gone'))
          return Promise.resolve({ bytes: new TextEncoder().encode('['), cursor: 'next' })
        },
      }) as unknown as Store
    await expect(answerWhole(storeOf(0), request)).rejects.toMatchObject({ status: 503, code: 'ledger_unavailable' })
    asked.length = 0
    const answer = await answerWhole(storeOf(2), request)
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toMatchObject({ code: 'ledger_unavailable' })
    expect(asked).toEqual(['first', 'rest', 'rest'])
  })

  it('comes in pages to those who ask for them, with the next cursor in a header', async () => {
    const test = await full()
    const days: Day[] = []
    let cursor: string | null = null
    let pages = 0
    do {
      const answer: Response = await test.get(
        'admin',
        `/global/spend/report?group_by=customer&${RANGE}${cursor === null ? '&limit=4000' : `&limit=4000&cursor=${cursor}`}`,
      )
      const page = (await answer.json()) as Day[]
      expect(count(page)).toBeLessThanOrEqual(4000)
      days.push(...page)
      cursor = answer.headers.get('x-ungate-next-cursor')
      pages++
    } while (cursor !== null)
    expect([count(days), pages]).toEqual([LINES, 5])
    const ofDays = Buffer.from('["2026-11-21","customer"]').toString('base64url')
    for (const query of ['cursor=nonsense', `group_by=api_key&cursor=${ofDays}`]) {
      const other = await test.get('admin', `/global/spend/report?${query}`)
      const { error } = (await other.json()) as { error: { param: string } }
      expect([other.status, error.param]).toEqual([400, 'cursor'])
    }
  })
})

import { expect, it } from 'vitest'
import type { Database } from '../../plugins/ledger/database.ts'
import { BadRow } from '../../plugins/ledger/database.ts'
import { toLine } from '../../plugins/ledger/line.ts'
import { migrate } from '../../plugins/ledger/migrate.ts'
import { runReport } from '../../plugins/ledger/reports/run-report.ts'
import { deleteOld } from '../../plugins/ledger/retention.ts'
import { writeBatch } from '../../plugins/ledger/write-batch.ts'
import { entry } from './support.ts'

const DAY = 86_400_000
const never = (bad: unknown, error: BadRow) => {
  throw new Error(`refused ${JSON.stringify(bad)}: ${error.message}`)
}

/** What holds on every database. `open` gives one with empty tables. */
export function testDatabase(open: () => Promise<Database>): void {
  it('writes the same entries any number of times as one row each, sums included', async () => {
    const database = await open()
    const entries = [entry({ id: 'a' }), entry({ id: 'b', usage: { input: 7, output: 3 } })]
    await writeBatch(database, entries, never)
    await writeBatch(database, [...entries, entry({ id: 'c' })], never)
    const rows = await database.all('SELECT request_id, spend FROM ungate_spend_logs ORDER BY request_id')
    expect(rows).toEqual([
      { request_id: 'a', spend: 1500 },
      { request_id: 'b', spend: 1500 },
      { request_id: 'c', spend: 1500 },
    ])
    const sums = await database.all(
      "SELECT kind, entity, api_key, requests, prompt_tokens, spend FROM ungate_daily_spend WHERE day = '2026-11-21' ORDER BY kind",
    )
    expect(sums).toEqual([
      { kind: 'key', entity: 'key-1', api_key: 'key-1', requests: 3, prompt_tokens: 207, spend: 4500 },
      { kind: 'model', entity: 'fast', api_key: '', requests: 3, prompt_tokens: 207, spend: 4500 },
    ])
  })

  it('keeps two calls that were given the same id', async () => {
    const database = await open()
    await writeBatch(database, [entry({ id: 'same', uid: 'x-1' }), entry({ id: 'same', uid: 'x-2' })], never)
    expect(await database.all('SELECT uid FROM ungate_spend_logs ORDER BY uid')).toEqual([
      { uid: 'x-1' },
      { uid: 'x-2' },
    ])
  })

  it('adds up exactly what its rows say, by every kind', async () => {
    const database = await open()
    const entries = randomEntries(400)
    for (let at = 0; at < entries.length; at += 37) await writeBatch(database, entries.slice(at, at + 37), never)
    const sums = async (kind: string) =>
      (await database.all(
        'SELECT entity, day, SUM(requests) AS requests, SUM(spend) AS spend, SUM(unknown_cost) AS unknown_cost, ' +
          'SUM(failures) AS failures FROM ungate_daily_spend WHERE kind = ? GROUP BY entity, day ORDER BY entity, day',
        [kind],
      )) as unknown[]
    const counted = async (column: string) =>
      (await database.all(
        `SELECT ${column} AS entity, start_time FROM ungate_spend_logs WHERE ${column} IS NOT NULL ORDER BY start_time`,
      )) as unknown[]
    for (const [kind, field] of [
      ['key', 'key'],
      ['user', 'user'],
      ['team', 'team'],
      ['model', 'group'],
      ['customer', 'endUser'],
    ] as const) {
      expect([kind, await sums(kind)]).toEqual([
        kind,
        expectedSums(entries, (call) => [call[field] ?? ''], kind === 'key' || kind === 'model'),
      ])
    }
    expect(await sums('tag')).toEqual(expectedSums(entries, (call) => [...(call.tags ?? [])], false))
    expect((await counted('api_key')).length).toBe(400)
  })

  it('tells a cost that nobody knows from one of 0', async () => {
    const database = await open()
    const unknown = entry({ id: 'unknown', cost: undefined })
    const refused = entry({ id: 'refused', cost: undefined, attempts: [], status: 401, usage: undefined })
    await writeBatch(database, [unknown, refused], never)
    expect(await database.all('SELECT request_id, spend FROM ungate_spend_logs ORDER BY request_id')).toEqual([
      { request_id: 'refused', spend: 0 },
      { request_id: 'unknown', spend: null },
    ])
    const { text } = await runReport(database, {
      name: 'globalSpend',
      args: { base: { kind: 'model' } },
      format: 'json',
    })
    expect(JSON.parse(text)).toEqual({ spend: 0, max_budget: null, api_requests: 2, unknown_cost_requests: 1 })
  })

  it('stores text that is not text everywhere', async () => {
    const database = await open()
    const strange = `a\0b\ud800c '"\\ 漢字 😀`
    await writeBatch(
      database,
      [entry({ id: 'x', endUser: strange, tags: [strange], messages: [{ content: strange }] })],
      never,
    )
    const [row] = await database.all('SELECT end_user, messages FROM ungate_spend_logs')
    expect(row!['end_user']).toBe(`ab\ufffdc '"\\ 漢字 😀`)
    expect(JSON.parse(String(row!['messages']))).toEqual([{ content: strange }])
  })

  it('reads lines when it writes them, many of them, and hands back those that are none', async () => {
    const database = await open()
    const lines = Array.from({ length: 450 }, (_, at) => toLine(entry({ id: `l${at}` })).trimEnd())
    const none = ['[]', '{"uid', 'null', '7']
    const refused: unknown[] = []
    await writeBatch(database, [...none, ...lines, ...none], (line) => refused.push(line))
    expect(refused).toEqual([...none, ...none])
    expect(await database.all('SELECT COUNT(*) AS count FROM ungate_spend_logs')).toEqual([{ count: 450 }])
    const sums = await database.all("SELECT SUM(requests) AS requests FROM ungate_daily_spend WHERE kind = 'key'")
    expect(sums.map(({ requests }) => Number(requests))).toEqual([450])
  })

  it('writes all but the entry that cannot be stored', async () => {
    const database = await open()
    const bad = entry({ id: 'bad', at: null as unknown as number })
    const refused: string[] = []
    await writeBatch(database, [entry({ id: 'a' }), entry({ id: 'b' }), bad, entry({ id: 'c' })], (one, error) => {
      expect(error).toBeInstanceOf(BadRow)
      refused.push((one as { id: string }).id)
    })
    expect(refused).toEqual(['bad'])
    expect(await database.all('SELECT request_id FROM ungate_spend_logs ORDER BY request_id')).toEqual([
      { request_id: 'a' },
      { request_id: 'b' },
      { request_id: 'c' },
    ])
  })

  it('adds what a stream said to its row', async () => {
    const database = await open()
    await writeBatch(database, [entry({ id: 's', uid: 'u-1' })], never)
    await writeBatch(database, [{ answerOf: 'u-1', id: 's', response: { text: 'Hello' } }], never)
    expect(await database.all('SELECT response FROM ungate_spend_logs')).toEqual([{ response: '{"text":"Hello"}' }])
  })

  it('pages by what was seen last, whatever is added meanwhile', async () => {
    const database = await open()
    const at = Date.UTC(2026, 10, 21)
    // Two calls in every millisecond.
    await writeBatch(
      database,
      Array.from({ length: 10 }, (_, i) => entry({ id: `r${i}`, at: at + (i >> 1) })),
      never,
    )
    const seen: string[] = []
    let cursor: string | undefined
    do {
      const args = { filter: {}, limit: 3, cursor, texts: false }
      const page = JSON.parse((await runReport(database, { name: 'logPage', args, format: 'json' })).text) as {
        data: { request_id: string }[]
        next_cursor: string | null
      }
      seen.push(...page.data.map(({ request_id }) => request_id))
      cursor = page.next_cursor ?? undefined
      await writeBatch(database, [entry({ id: `new${seen.length}`, at: at + 1000 + seen.length })], never)
    } while (cursor !== undefined)
    expect(seen).toEqual(['r9', 'r8', 'r7', 'r6', 'r5', 'r4', 'r3', 'r2', 'r1', 'r0'])
  })

  it('finds rows by the id that the client gave, wherever they are', async () => {
    const database = await open()
    const find = async (request_id: string) => {
      const args = { filter: { request_id }, limit: 10, texts: false }
      const { text } = await runReport(database, { name: 'logPage', args, format: 'json' })
      return (JSON.parse(text) as { data: { request_id: string; end_user: string }[] }).data.map((row) => row.end_user)
    }
    expect(await find('a')).toEqual([])
    const others = (from: number) => Array.from({ length: 4500 }, (_, i) => entry({ id: `other-${from + i}` }))
    const at = Date.UTC(2026, 10, 21)
    await writeBatch(database, [entry({ id: 'a', uid: 'x-1', endUser: 'first', at }), ...others(0)], never)
    await writeBatch(database, [entry({ id: 'one/with-the-same-end', endUser: 'one' }), ...others(4500)], never)
    const again = entry({ id: 'a', uid: 'x-2', endUser: 'second', at: at + 1 })
    await writeBatch(database, [again, entry({ id: 'two/with-the-same-end', endUser: 'two' })], never)
    expect(await find('a')).toEqual(['second', 'first'])
    expect(await find('two/with-the-same-end')).toEqual(['two'])
    expect(await find('with-the-same-end')).toEqual([])
    expect(await deleteOld(database, at + 2)).toBe(2)
    expect(await find('a')).toEqual([])
    expect(await find('one/with-the-same-end')).toEqual(['one'])
  })

  it('counts a call once that is in a batch twice', async () => {
    const database = await open()
    await writeBatch(database, [entry({ id: 'a' }), entry({ id: 'a' }), entry({ id: 'b' })], never)
    expect(await database.all('SELECT COUNT(*) AS n FROM ungate_spend_logs')).toEqual([{ n: 2 }])
    expect(await database.all("SELECT requests AS n FROM ungate_daily_spend WHERE kind = 'key'")).toEqual([{ n: 2 }])
  })

  it('deletes rows that are too old and keeps their sums', async () => {
    const database = await open()
    const now = Date.UTC(2026, 10, 21)
    const old = Array.from({ length: 2500 }, (_, i) => entry({ id: `old${i}`, at: now - 40 * DAY + i }))
    await writeBatch(database, [...old, entry({ id: 'new', at: now - DAY })], never)
    expect(await deleteOld(database, now - 30 * DAY)).toBe(2500)
    expect(await database.all('SELECT request_id FROM ungate_spend_logs')).toEqual([{ request_id: 'new' }])
    expect(await database.all("SELECT SUM(requests) AS n FROM ungate_daily_spend WHERE kind = 'key'")).toEqual([
      { n: 2501 },
    ])
  })

  it('migrates once, however many start', async () => {
    const database = await open()
    await Promise.all([migrate(database, 5), migrate(database, 6)].map((work) => work.catch((error: unknown) => error)))
    expect(await database.all('SELECT version FROM ungate_migrations ORDER BY version')).toEqual([
      { version: 1 },
      { version: 2 },
    ])
  })
}

function randomEntries(count: number) {
  let seed = 42
  const pick = (n: number) => (seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648) % n
  return Array.from({ length: count }, (_, i) => {
    const failed = pick(5) === 0
    return entry({
      id: `r${i}`,
      at: Date.UTC(2026, 10, 20) + pick(3 * DAY),
      key: `key-${pick(4)}`,
      user: pick(3) === 0 ? undefined : `user-${pick(3)}`,
      team: pick(2) === 0 ? undefined : `team-${pick(2)}`,
      endUser: pick(2) === 0 ? undefined : `customer-${pick(5)}`,
      group: `model-${pick(3)}`,
      tags: [`tag-${pick(3)}`, 'all'],
      status: failed ? 500 : 200,
      cost: pick(4) === 0 ? undefined : { ...entry().cost!, total: pick(1_000_000_000) },
    })
  })
}

function expectedSums(
  entries: ReturnType<typeof randomEntries>,
  names: (call: ReturnType<typeof entry>) => string[],
  withEmpty: boolean,
) {
  const sums = new Map<
    string,
    { entity: string; day: string; requests: number; spend: number; unknown_cost: number; failures: number }
  >()
  for (const call of entries) {
    for (const entity of names(call)) {
      if (entity === '' && !withEmpty) continue
      const day = new Date(call.at).toISOString().slice(0, 10)
      const sum = sums.get(`${entity} ${day}`) ?? { entity, day, requests: 0, spend: 0, unknown_cost: 0, failures: 0 }
      sums.set(`${entity} ${day}`, sum)
      sum.requests++
      sum.spend += call.cost?.total ?? 0
      sum.unknown_cost += call.cost ? 0 : 1
      sum.failures += call.status === 500 ? 1 : 0
    }
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
}

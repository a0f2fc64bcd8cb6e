import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { openDatabase } from '../../plugins/ledger/database.ts'
import type { CallEntry } from '../../plugins/ledger/entry.ts'
import { migrate } from '../../plugins/ledger/migrate.ts'
import { runReport } from '../../plugins/ledger/reports/run-report.ts'
import type { ReportRequest } from '../../plugins/ledger/reports/run-report.ts'
import { writeBatch } from '../../plugins/ledger/write-batch.ts'
import { sampleCost } from './sample-cost.ts'

/**
 * `node scripts/ledger/million.ts [rows] [url]`: fills a ledger with 30 days of calls of 100 keys, 60 users, 10 teams, 500
 * customers, 8 models and 20 tags, and prints how long each report takes (median of 7).
 */
const count = Number(process.argv[2] ?? 1_000_000)
const root = mkdtempSync(join(tmpdir(), 'ledger-million-'))
const database = await openDatabase(process.argv[3] ?? 'sqlite:./ledger.db', root)
await migrate(database)
const START = Date.UTC(2026, 9, 23)
const DAYS = 30

let began = performance.now()
for (let at = 0; at < count; at += 500) {
  const entries = Array.from({ length: Math.min(500, count - at) }, (_, i) => call(at + i))
  await writeBatch(database, entries, (_entry, error) => {
    throw error
  })
}
const seconds = (performance.now() - began) / 1000
console.log(`${count} rows in ${seconds.toFixed(0)} s: ${Math.round(count / seconds)} rows/s`)
if (database.dialect === 'sqlite') console.log(`${(statSync(join(root, 'ledger.db')).size / 1e6).toFixed(0)} MB`)
const [sums] = await database.all('SELECT COUNT(*) AS n FROM ungate_daily_spend')
console.log(`${sums!['n']} daily sums`)

const range = { from: '2026-10-23', to: '2026-11-21' }
const filter = { from: START, before: START + DAYS * 86_400_000 }
const requests: [string, ReportRequest][] = [
  ['/spend/keys', { name: 'spendByKey', args: { base: { kind: 'key' }, limit: 1000 }, format: 'json' }],
  ['/spend/users', { name: 'spendByUser', args: { base: { kind: 'user' }, limit: 1000 }, format: 'json' }],
  ['/spend/teams', { name: 'spendByTeam', args: { base: { kind: 'team' }, limit: 1000 }, format: 'json' }],
  ['/spend/tags', { name: 'spendByTag', args: { base: { kind: 'tag' }, limit: 1000 }, format: 'json' }],
  [
    '/spend/logs, summed',
    {
      name: 'logSummary',
      args: { base: { kind: 'key', ...range }, users: { kind: 'user', ...range } },
      format: 'json',
    },
  ],
  ['/spend/logs, 100 rows', { name: 'logPage', args: { filter, limit: 100, texts: true }, format: 'json' }],
  [
    '/spend/logs, of a key',
    { name: 'logPage', args: { filter: { ...filter, api_key: 'key-7' }, limit: 100, texts: true }, format: 'json' },
  ],
  [
    '/spend/logs/v2, page 2 by cursor',
    {
      name: 'logPage',
      args: {
        filter,
        limit: 50,
        cursor: Buffer.from(`${START + 15 * 86_400_000}.500000`).toString('base64url'),
        texts: false,
      },
      format: 'json',
    },
  ],
  [
    '/spend/logs/v2, page 3 counted',
    { name: 'logPage', args: { filter, limit: 50, page: 3, texts: false }, format: 'json' },
  ],
  [
    '/spend/logs?request_id',
    { name: 'logPage', args: { filter: { request_id: 'request-777777' }, limit: 100, texts: true }, format: 'json' },
  ],
  ['/global/spend', { name: 'globalSpend', args: { base: { kind: 'model' } }, format: 'json' }],
  ['/global/activity', { name: 'globalActivity', args: { base: { kind: 'model', ...range } }, format: 'json' }],
  [
    '/global/activity/model',
    { name: 'globalActivityByModel', args: { base: { kind: 'model', ...range } }, format: 'json' },
  ],
  [
    '/global/spend/report by team',
    { name: 'spendReport', args: { base: { kind: 'team', ...range }, groupBy: 'team' }, format: 'json' },
  ],
  [
    '/global/spend/report by key',
    { name: 'spendReport', args: { base: { kind: 'key', ...range }, groupBy: 'api_key' }, format: 'json' },
  ],
  ...['first piece', 'whole'].map((part): [string, ReportRequest] => [
    `/global/spend/report by customer, ${part}`,
    { name: 'spendReport', args: { base: { kind: 'customer', ...range }, groupBy: 'customer' }, format: 'json' },
  ]),
  [
    '/user/daily/activity',
    {
      name: 'dailyActivity',
      args: { base: { kind: 'key', ...range }, page: 1, pageSize: 1000, entityName: undefined },
      format: 'json',
    },
  ],
  [
    '/team/daily/activity',
    {
      name: 'dailyActivity',
      args: { base: { kind: 'team', ...range }, page: 1, pageSize: 1000, entityName: 'team_id' },
      format: 'json',
    },
  ],
  [
    '/tag/daily/activity',
    {
      name: 'dailyActivity',
      args: { base: { kind: 'tag', ...range }, page: 1, pageSize: 1000, entityName: 'tag' },
      format: 'json',
    },
  ],
  [
    '/customer/daily/activity',
    {
      name: 'dailyActivity',
      args: { base: { kind: 'customer', ...range }, page: 1, pageSize: 1000, entityName: 'end_user_id' },
      format: 'json',
    },
  ],
]
for (const [path, request] of requests) {
  const times: number[] = []
  let bytes = 0
  for (let i = 0; i < 7; i++) {
    began = performance.now()
    bytes = await readPages(request, path.endsWith('whole'))
    times.push(performance.now() - began)
  }
  times.sort((a, b) => a - b)
  console.log(`${path.padEnd(48)} ${times[3]!.toFixed(1).padStart(8)} ms  ${(bytes / 1024).toFixed(0).padStart(7)} KiB`)
}
await database.close()
rmSync(root, { recursive: true, force: true })

/** The length of a report's first page, or of all of it. */
async function readPages(request: ReportRequest, whole: boolean): Promise<number> {
  let length = 0
  let part: 'first' | 'rest' = 'first'
  for (let { args } = request; ; part = 'rest') {
    const { text, cursor } = await runReport(database, { ...request, args, part })
    length += text.length
    if (!whole || cursor === null) return length
    args = { ...args, cursor } as typeof args
  }
}

function call(i: number): CallEntry {
  const random = (n: number, salt: number) => Math.abs(Math.imul(i ^ (salt * 0x9e3779b9), 0x85ebca6b) >> 7) % n
  const key = random(100, 1)
  const model = random(8, 2)
  const input = 100 + random(2000, 3)
  const output = 20 + random(800, 4)
  const failed = random(50, 5) === 0
  return {
    uid: `million-${i.toString(36)}`,
    id: `request-${i}`,
    at: START + Math.floor((i / count) * DAYS * 86_400_000),
    wire: 'openai.chat',
    path: '/chat/completions',
    model: `model-${model}`,
    stream: random(2, 6) === 0,
    status: failed ? 500 : 200,
    aborted: false,
    cacheHit: false,
    key: `key-${key}`,
    keyAlias: `alias of key ${key}`,
    user: `user-${key % 60}`,
    team: `team-${key % 10}`,
    deployment: `deployment-${model}`,
    group: `model-${model}`,
    provider: `provider-${model % 3}`,
    upstreamModel: `upstream-model-${model}`,
    apiBase: 'https://api.provider.example/v1',
    usage: { input, output },
    cost: sampleCost(input, output, 'library'),
    ms: 500 + random(5000, 7),
    queueMs: 0.2,
    ttftMs: 300,
    overheadMs: 0.3,
    attempts: [
      { target: `deployment-${model}`, provider: `provider-${model % 3}`, status: failed ? 500 : 200, ms: 500 },
    ],
    ip: '10.0.0.7',
    // Customers and tags belong to a few keys each, as they do where a key is an app.
    endUser: `customer-${key * 5 + random(6, 8)}`,
    tags: [`tag-${(key + random(2, 9)) % 20}`],
    ...(failed
      ? { error: { status: 500, message: 'The provider failed.', type: 'api_error', code: 'server_error' } }
      : {}),
  }
}

import { mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { openDatabase } from '../../plugins/ledger/database.ts'
import { createGateway } from '../../src/index.ts'
import { postgresPrograms, startPostgres } from '../../test/support/postgres.ts'

/**
 * `node scripts/ledger/away.ts [seconds] [calls per second]`: stops PostgreSQL under load for so long, and prints what
 * failed, what was lost, and what waited where.
 */
const seconds = Number(process.argv[2] ?? 120)
const rate = Number(process.argv[3] ?? 200)
const bin = postgresPrograms()
if (!bin) throw new Error('No PostgreSQL server is installed (/usr/lib/postgresql).')
const server = await startPostgres(bin)
const root = mkdtempSync(join(tmpdir(), 'ledger-away-'))
const gateway = await createGateway(
  {
    models: [{ name: 'fast', model: 'mock/mock' }],
    providers: { mock: { pace: 0, latency: 0 } },
    plugins: { ledger: { url: server.url } },
  },
  { env: {}, root },
)

const answered: string[] = []
const times: number[] = []
let failed = 0
let running = true
const pending = new Set<Promise<void>>()

const call = async () => {
  const began = performance.now()
  const answer = await gateway.fetch('http://localhost/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }] }),
  })
  await answer.arrayBuffer()
  times.push(performance.now() - began)
  if (answer.status === 200) answered.push(answer.headers.get('x-litellm-call-id')!)
  else failed++
}
const load = (async () => {
  const began = performance.now()
  for (let sent = 0; running;) {
    for (const due = ((performance.now() - began) / 1000) * rate; sent < due; sent++) {
      const one = call().finally(() => pending.delete(one))
      pending.add(one)
    }
    await sleep(5)
  }
  await Promise.all(pending)
})()
const megabytes = () => Math.round(process.memoryUsage().rss / 1e6)
const journalFiles = (folder: string): number =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.name.endsWith('.log'))
    .reduce((sum, entry) => sum + statSync(join(entry.parentPath, entry.name)).size, 0)
const report = (phase: string) => {
  const sorted = times.splice(0).sort((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor(sorted.length * part)]?.toFixed(2)
  const journal = (journalFiles(join(root, '.data/journal')) / 1e6).toFixed(0)
  console.log(
    `${phase.padEnd(8)} ${sorted.length} calls, p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, ${failed} failed, rss ${megabytes()} MB, journal ${journal} MB`,
  )
}

await sleep(5000)
report('before')
await server.stop()
for (let i = 0; i < seconds; i += 20) {
  await sleep(Math.min(20, seconds - i) * 1000)
  report('away')
}
await server.start()
await sleep(10_000)
report('back')
running = false
await load
await gateway.close()
const database = await openDatabase(server.url, root)
const rows = await database.all('SELECT request_id FROM ungate_spend_logs')
await database.close()
const found = new Set(rows.map(({ request_id }) => request_id))
console.log(
  `${answered.length} answered, ${failed} failed; ${rows.length} rows, ${answered.filter((id) => !found.has(id)).length} lost, ${rows.length - found.size} double`,
)
await server.remove()
rmSync(root, { recursive: true, force: true })

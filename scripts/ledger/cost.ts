import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Database } from '../../plugins/ledger/database.ts'
import { openDatabase } from '../../plugins/ledger/database.ts'
import { createDrain } from '../../plugins/ledger/drain.ts'
import { toEntry } from '../../plugins/ledger/entry.ts'
import { createJournal } from '../../plugins/ledger/journal.ts'
import { toLine } from '../../plugins/ledger/line.ts'
import { migrate } from '../../plugins/ledger/migrate.ts'
import { createRecorder } from '../../plugins/ledger/recorder.ts'
import { segmentName } from '../../plugins/ledger/segments.ts'
import type { Context, LogRecord } from '../../src/index.ts'
import { sampleCost } from './sample-cost.ts'

/**
 * `node scripts/ledger/cost.ts [calls] [batch] [main|worker|both] [keys]`: processor time of one call, on the thread that answers and
 * in the worker, whose journal grows by `batch` lines at a time. One key stands for nobody; several have users and teams.
 */
const calls = Number(process.argv[2] ?? 100_000)
const batch = Number(process.argv[3] ?? 1000)
const only = process.argv[4] ?? 'both'
const keys = Number(process.argv[5] ?? 100)

/** Calls before those that are counted: compiling is paid once. */
const WARM = 32_000
const START = Date.UTC(2026, 10, 21)
const HEADERS: Record<string, string> = { authorization: 'Bearer x', 'content-type': 'application/json' }
const TARGETS = [{ id: 'deployment-1f2e3d4c', provider: { baseURL: 'https://api.acme.example/v1' } }]
/** Keys of users in teams, named by their hashes. */
const PRINCIPALS = Array.from({ length: keys }, (_, i) => ({
  id: i.toString(16).padStart(2, '0').repeat(32),
  role: 'user' as const,
  name: `alias of key ${i}`,
  ...(keys > 1 ? { user: `user-${i % 60}`, team: `team-${i % 10}` } : {}),
}))

if (only !== 'worker') await main()
if (only !== 'main') await worker()

async function main(): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-cost-'))
  const journal = createJournal({ folder })
  const recorder = createRecorder({
    id: 'instance-of-cost',
    journal,
    prompts: undefined,
    whenFull: 'continue',
    inFlight: () => 16,
    wake: () => {},
    onTrouble: (message) => console.log(message),
  })
  let began = process.cpuUsage()
  let idle = 0
  for (let at = -WARM; at < calls; at += 16) {
    if (at === 0) [began, idle] = [process.cpuUsage(), 0]
    const before = process.cpuUsage()
    const made = Array.from({ length: 16 }, (_, i) => [record(at + i), context()] as const)
    const { user, system } = process.cpuUsage(before)
    idle += user + system
    await Promise.all(made.map(([one, ctx]) => recorder.record(one, ctx, undefined)))
  }
  print('main', process.cpuUsage(began), idle)
  recorder.close()
  journal.close()
  rmSync(folder, { recursive: true })
}

async function worker(): Promise<void> {
  const root = mkdtempSync(join(tmpdir(), 'ledger-cost-'))
  const folder = join(root, 'journal')
  mkdirSync(folder)
  const lines = Array.from({ length: calls + WARM }, (_, i) =>
    toLine(toEntry(`instance-of-cost-${i.toString(36)}`, record(i), context(), undefined)),
  )
  console.log(`${Math.round(Buffer.byteLength(lines.slice(0, 1000).join('')) / 1000)} bytes a line`)
  const database: Database = await openDatabase('sqlite:./ledger.db', root)
  await migrate(database)
  const drain = createDrain({ folder, journal: root, report: (message) => console.log(message) })
  const chunks: string[] = []
  for (let at = 0; at < lines.length; at += batch) chunks.push(lines.slice(at, at + batch).join(''))
  let began = process.cpuUsage()
  let idle = 0
  let number = 0
  for (const chunk of chunks) {
    if (number === Math.ceil(WARM / batch)) [began, idle] = [process.cpuUsage(), 0]
    const before = process.cpuUsage()
    writeFileSync(join(folder, segmentName(++number, 'log')), chunk)
    const { user, system } = process.cpuUsage(before)
    idle += user + system
    while (await drain.step(database));
  }
  print('worker', process.cpuUsage(began), idle)
  const [found] = await database.all('SELECT COUNT(*) AS n FROM ungate_spend_logs')
  if (found?.['n'] !== lines.length) throw new Error(`${found?.['n']} rows`)
  await database.close()
  rmSync(root, { recursive: true })
}

function print(thread: string, { user, system }: NodeJS.CpuUsage, idle: number): void {
  console.log(
    `${thread}: ${((user + system - idle) / calls).toFixed(2)} µs of processor time a call ` +
      `(${(user / calls).toFixed(2)} user, ${(system / calls).toFixed(2)} system, ${(idle / calls).toFixed(2)} of the measurement itself)`,
  )
}

function context(): Context {
  return {
    call: { headers: { get: (name: string) => HEADERS[name] ?? null }, body: {} },
    targets: TARGETS,
  } as unknown as Context
}

function record(i: number): LogRecord {
  const input = 100 + (i % 2000)
  const output = 20 + (i % 800)
  return {
    id: crypto.randomUUID(),
    at: START + i,
    wire: 'openai.chat',
    path: '/chat/completions',
    model: 'gpt-fast',
    stream: false,
    status: 200,
    aborted: false,
    cacheHit: false,
    principal: PRINCIPALS[i % PRINCIPALS.length],
    deployment: 'deployment-1f2e3d4c',
    group: 'gpt-fast',
    provider: 'acme',
    upstreamModel: 'acme-fast-2026-11-01',
    usage: { input, output },
    cost: sampleCost(input, output, 'deployment'),
    error: undefined,
    ms: 512.3456789 + (i % 1000) / 7,
    queueMs: 0.123456,
    ttftMs: undefined,
    overheadMs: 0.345678,
    attempts: [{ target: 'deployment-1f2e3d4c', provider: 'acme', status: 200, ms: 511.9876543 }],
    ip: '10.0.0.7',
    endUser: undefined,
    tags: undefined,
  }
}

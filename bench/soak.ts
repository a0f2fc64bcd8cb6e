// What stays behind of many calls: hours of mixed load, with memory, descriptors and books looked at all the while.
//
//   npm run soak -- --minutes 120 --rate 2500
import { fork } from 'node:child_process'
import { mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { LOAD_CORE, sleep, startChild } from './child.ts'
import { MASTER_KEY, PROVIDER_KEY, UPSTREAM_MODEL } from './payloads.ts'
import { cpuSeconds, residentMB } from './proc.ts'
import { PRICES, startGateway } from './variants/gateway.ts'
import type { SoakCounts, SoakJob } from './soak/load.ts'

/** Memory settles first: of this share of the time nothing is said. */
const WARMUP = 0.25
const KEYS = 200
const SAMPLE_MS = 10_000

interface Sample {
  /** Hours since the load began. */
  readonly at: number
  readonly rss: number
  readonly descriptors: number
}

const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '120' }, rate: { type: 'string', default: '2500' } },
})
const minutes = Number(values.minutes)
const rate = Number(values.rate)
if (!(minutes > 0) || !(rate > 0)) throw new Error('--minutes and --rate must be numbers above 0')

const folder = mkdtempSync(join(tmpdir(), 'soak-'))
process.once('exit', () => rmSync(folder, { recursive: true, force: true }))

const upstream = startChild({
  core: LOAD_CORE,
  command: process.execPath,
  args: [fileURLToPath(new URL('soak/upstream.ts', import.meta.url))],
  ipc: true,
})
const upstreamPort = await new Promise<number>((resolve) =>
  upstream.child.once('message', (port) => resolve(port as number)),
)

const deployment = (name: string, path: string) => ({
  name,
  model: `openai/${UPSTREAM_MODEL}`,
  baseURL: `http://127.0.0.1:${upstreamPort}/${path}/v1`,
  apiKey: PROVIDER_KEY,
  prices: PRICES,
})
const { started: gateway, port } = await startGateway(
  { upstreamPort, folder },
  {
    models: ['burst', 'paced'].flatMap((name) => [
      deployment(`soak-${name}`, name),
      deployment(`soak-${name}`, `${name}2`),
    ]),
    plugins: { 'master-key': { key: MASTER_KEY }, ledger: { retention: '10m' } },
  },
)

async function ask(path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`http://127.0.0.1:${port}${path}`, {
    headers: { authorization: `Bearer ${MASTER_KEY}`, 'content-type': 'application/json' },
    ...(body ? { method: 'POST', body: JSON.stringify(body) } : {}),
  })
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`)
  return (await response.json()) as Record<string, unknown>
}

for (let tries = 0; ; tries++) {
  if (
    await ask('/health/readiness').then(
      () => true,
      () => false,
    )
  )
    break
  if (tries > 200) throw new Error(`the gateway does not listen\n${gateway.output()}`)
  await sleep(50)
}

const keys: string[] = []
for (let i = 0; i < KEYS; i++) {
  const key = await ask('/key/generate', {
    rpm_limit: 1_000_000,
    tpm_limit: 1_000_000_000,
    max_parallel_requests: 10_000,
    max_budget: 1_000_000,
    budget_limits: [{ budget_duration: '1d', max_budget: 1_000_000 }],
  })
  keys.push(key['key'] as string)
}

const load = fork(fileURLToPath(new URL('soak/load.ts', import.meta.url)), {
  stdio: ['pipe', 'inherit', 'inherit', 'ipc'],
})
let counts: SoakCounts | undefined
load.on('message', (message) => (counts = message as SoakCounts))
const job: SoakJob = { port, keys, rate, seconds: minutes * 60 }
load.stdin!.end(JSON.stringify(job))
const loaded = new Promise<void>((resolve) => load.once('exit', () => resolve()))

const samples: Sample[] = []
const began = Date.now()
const pids = gateway.pids()
const cpu = cpuSeconds(pids)
const timer = setInterval(() => {
  const [pid] = gateway.pids()
  if (pid === undefined) {
    console.error(`the gateway has ended:\n${gateway.output()}`)
    process.exit(1)
  }
  const sample = {
    at: (Date.now() - began) / 3_600_000,
    rss: residentMB([pid]),
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
  }
  samples.push(sample)
  if (samples.length % 6 === 0) {
    console.log(
      `${(sample.at * 60).toFixed(1)} min  ${sample.rss.toFixed(0)} MB  ${sample.descriptors} descriptors  ${JSON.stringify(counts)}`,
    )
  }
}, SAMPLE_MS)
await loaded
clearInterval(timer)
const used = (cpuSeconds(pids) - cpu) / ((Date.now() - began) / 1000)

/** MB per hour by least squares. */
function slope(of: readonly Sample[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const at = mean(of.map((sample) => sample.at))
  const rss = mean(of.map((sample) => sample.rss))
  const above = of.reduce((sum, sample) => sum + (sample.at - at) * (sample.rss - rss), 0)
  return above / of.reduce((sum, sample) => sum + (sample.at - at) ** 2, 0)
}

// The ledger's rows follow its journal.
await sleep(5000)
const day = (offset: number) => new Date(Date.now() + offset * 86_400_000).toISOString().slice(0, 10)
const activity = await ask(`/global/activity?start_date=${day(-1)}&end_date=${day(1)}`)
const rows = activity['sum_api_requests'] as number
const settled = samples.slice(Math.floor(samples.length * WARMUP))
const answered = Object.values(counts!.answers).reduce((sum, count) => sum + count, 0)
const descriptors = settled.map((sample) => sample.descriptors)
console.log(
  JSON.stringify(
    {
      minutes,
      rate,
      core: Number(used.toFixed(2)),
      rssMB: { first: settled[0]?.rss, last: settled.at(-1)?.rss, most: Math.max(...samples.map(({ rss }) => rss)) },
      slopeMBPerHour: Number(slope(settled).toFixed(2)),
      descriptors: { least: Math.min(...descriptors), most: Math.max(...descriptors), last: descriptors.at(-1) },
      ...counts,
      answered,
      rows,
      // A call that was left before the gateway had read it is none.
      rowsMissing: Math.max(0, answered - rows),
      rowsTooMany: Math.max(0, rows - counts!.sent),
      output: gateway.output(),
    },
    null,
    2,
  ),
)
await gateway.stop()
await upstream.stop()

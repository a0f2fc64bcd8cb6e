import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Scenario } from './scenarios.ts'
import type { Session } from './session.ts'
import { gateway } from './variants/gateway.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
const TOP = 25

/** Where V8's profiler found a function (Chrome DevTools Protocol, `Profiler.Profile`); times in microseconds. */
interface CpuProfile {
  readonly nodes: readonly ProfileNode[]
  readonly startTime: number
  readonly samples: readonly number[]
  readonly timeDeltas: readonly number[]
}

interface ProfileNode {
  readonly id: number
  readonly callFrame: { readonly functionName: string; readonly url: string; readonly lineNumber: number }
  readonly children?: readonly number[]
}

/** Microseconds by name. */
type Times = Map<string, number>

/** Runs the gateway under V8's sampling profiler in each scenario and prints where its time goes. */
export async function profileGateway(session: Session, scenarios: readonly Scenario[], seconds: number): Promise<void> {
  for (const scenario of scenarios.filter(({ fresh }) => !fresh)) {
    const folder = mkdtempSync(join(tmpdir(), 'bench-profile-'))
    try {
      await profileScenario({ session, scenario, seconds, folder })
    } finally {
      rmSync(folder, { recursive: true })
    }
  }
}

interface ProfileOptions {
  readonly session: Session
  readonly scenario: Scenario
  readonly seconds: number
  readonly folder: string
}

async function profileScenario({ session, scenario, seconds, folder }: ProfileOptions): Promise<void> {
  const nodeFlags = ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${folder}`]
  const { started } = await session.start(gateway, { nodeFlags })
  const bytes = await session.verified(gateway, started, scenario.kind)
  await scenario.measure({ started, seconds, bytes, connections: 64 })
  const from = monotonicMicros()
  const { figures } = await scenario.measure({ started, seconds, bytes, connections: 64 })
  const to = monotonicMicros()
  await started.stop()
  const file = readdirSync(folder).find((name) => name.endsWith('.cpuprofile'))
  if (!file) throw new Error(`The gateway left no profile behind. ${started.output()}`)
  const profile = JSON.parse(readFileSync(join(folder, file), 'utf8')) as CpuProfile
  const own = ownTimes(profile, from, to)
  const cpu = figures['cpu'] ?? 0
  console.log(`\n## ${scenario.title}\n\n${cpu.toFixed(0)} µs of CPU per call while profiled`)
  console.log(`\nOwn time by function\n${print(byName(profile, own), cpu)}`)
  console.log(`\nOwn time by module\n${print(byModule(profile, own), cpu)}`)
  console.log(`\nThe gateway's functions with all that they call\n${print(withCallees(profile, own), cpu)}`)
}

/** The clock of V8's profiler is the system's monotonic one, as is Node's. */
function monotonicMicros(): number {
  return Number(process.hrtime.bigint() / 1000n)
}

/** Own time by node of the call tree, between two moments. A sample's time lasts until the next one. */
function ownTimes({ samples, timeDeltas, startTime }: CpuProfile, from: number, to: number): Map<number, number> {
  const times = new Map<number, number>()
  let at = startTime
  for (const [i, id] of samples.entries()) {
    at += timeDeltas[i] ?? 0
    if (at >= from && at <= to) times.set(id, (times.get(id) ?? 0) + (timeDeltas[i + 1] ?? 0))
  }
  return times
}

function byName({ nodes }: CpuProfile, own: ReadonlyMap<number, number>): Times {
  const times: Times = new Map()
  for (const node of nodes) add(times, nameOf(node), own.get(node.id))
  return times
}

/** By package; by file for the gateway's own. */
function byModule({ nodes }: CpuProfile, own: ReadonlyMap<number, number>): Times {
  const times: Times = new Map()
  for (const node of nodes) {
    const path = pathOf(node)
    const name = !path ? nameOf(node) : path.startsWith('node:') ? 'node:*' : isOwn(path) ? path : packageOf(path)
    add(times, name, own.get(node.id))
  }
  return times
}

/** A function counts once per stack, however often it stands there. What runs after an `await` is not below its caller. */
function withCallees({ nodes }: CpuProfile, own: ReadonlyMap<number, number>): Times {
  const byId = new Map(nodes.map((node) => [node.id, node]))
  const times: Times = new Map()
  const visit = (node: ProfileNode, above: ReadonlySet<string>) => {
    const name = isOwn(pathOf(node)) ? nameOf(node) : undefined
    const stack = name === undefined || above.has(name) ? above : new Set([...above, name])
    for (const each of stack) add(times, each, own.get(node.id))
    for (const id of node.children ?? []) visit(byId.get(id)!, stack)
  }
  if (nodes[0]) visit(nodes[0], new Set())
  add(times, '(idle)', byName({ nodes } as CpuProfile, own).get('(idle)'))
  add(
    times,
    '(all)',
    [...own.values()].reduce((sum, time) => sum + time, 0),
  )
  return times
}

function add(times: Times, name: string, micros: number | undefined): void {
  if (micros) times.set(name, (times.get(name) ?? 0) + micros)
}

function nameOf(node: ProfileNode): string {
  const name = node.callFrame.functionName || '(anonymous)'
  const path = pathOf(node)
  return path ? `${name}  ${path}:${node.callFrame.lineNumber + 1}` : name
}

function pathOf({ callFrame: { url } }: ProfileNode): string {
  return url
    .replace(/^file:\/\//, '')
    .replace(ROOT, '')
    .replace(/^.*node_modules\//, '')
}

function isOwn(path: string): boolean {
  return /^(dist|bench)\//.test(path)
}

function packageOf(path: string): string {
  return /^(@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? path
}

/** Shares of the busy time, and what that is of one call. */
function print(times: Times, cpu: number): string {
  const idle = times.get('(idle)') ?? 0
  const all = times.get('(all)') ?? [...times.values()].reduce((sum, micros) => sum + micros, 0)
  const busy = all - idle
  const rows = [...times].filter(([name]) => name !== '(idle)' && name !== '(all)')
  const top = rows.sort((a, b) => b[1] - a[1]).slice(0, TOP)
  return top.map(([name, micros]) => line(name, micros / busy, cpu)).join('\n')
}

function line(name: string, share: number, cpu: number): string {
  return `${(share * 100).toFixed(1).padStart(6)} % ${(share * cpu).toFixed(1).padStart(7)} µs  ${name}`
}

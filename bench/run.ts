// Compares the gateway with the bare upstream, nginx and other gateways in one alternating run. See README.md.
import { execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { HELP, readFlags } from './flags.ts'
import type { Flags } from './flags.ts'
import { closedLoopTool } from './load/generate.ts'
import { describeMachine } from './machine.ts'
import { profileGateway } from './profile.ts'
import { writeResults } from './readme.ts'
import { report } from './report.ts'
import { median, medians } from './results.ts'
import type { Row, Table } from './results.ts'
import { ENOUGH, HOPELESS, SCENARIOS } from './scenarios.ts'
import type { Measured, Scenario } from './scenarios.ts'
import { LOAD_CORE } from './child.ts'
import { machineCpuSeconds, ownCpuSeconds } from './proc.ts'
import { openSession } from './session.ts'
import type { Session } from './session.ts'
import { VARIANTS } from './variants/all.ts'
import type { Variant } from './variants/types.ts'

const ROOT = fileURLToPath(new URL('..', import.meta.url))
/** The scenarios share this time: one that has used its part begins no further round. */
const BUDGET_MS = 11 * 60_000
/** The run ends by force. */
const LIMIT_MS = 15 * 60_000

const flags = orExit(() => readFlags(process.argv.slice(2)))
if (flags.help) {
  console.log(HELP)
  process.exit(0)
}
orExit(requireTools)
if (flags.build) {
  console.log('Building the gateway')
  execFileSync('npm', ['run', '--silent', 'build'], { cwd: ROOT, stdio: 'inherit' })
}
const variants = await prepare(VARIANTS.filter(({ name }) => !flags.only || flags.only.includes(name)))
const scenarios = SCENARIOS.filter(({ name }) => !flags.scenarios || flags.scenarios.includes(name))
// The bench itself only waits: it keeps off the measured core.
execFileSync('taskset', ['-cp', String(LOAD_CORE), String(process.pid)], { stdio: 'ignore' })
setTimeout(() => fail('The run took too long and was stopped.'), LIMIT_MS).unref()
const begun = { at: performance.now(), machine: machineCpuSeconds(), own: ownCpuSeconds() }

const session = await openSession()
if (flags.profile) await profileGateway(session, scenarios, flags.seconds)
else {
  const tables: Table[] = []
  for (const [i, scenario] of scenarios.entries()) {
    const until = begun.at + (BUDGET_MS * (i + 1)) / scenarios.length
    tables.push(await measureTable({ session, scenario, flags, until }))
  }
  await session.close()
  const text = `${about(flags)}\n\n${report(tables)}`
  console.log(`\n${text}`)
  if (flags.write) writeResults(text)
}
await session.close()
process.exit(0)

interface TableOptions {
  readonly session: Session
  readonly scenario: Scenario
  readonly flags: Flags
  readonly until: number
}

/** All variants in turn, round by round, so that what disturbs the machine disturbs them alike. */
async function measureTable({
  session: of,
  scenario,
  flags: { rounds, seconds },
  until,
}: TableOptions): Promise<Table> {
  const taking = variants.filter(
    ({ name, scenarios: own }) => !(scenario.fresh && name === 'upstream') && (own?.includes(scenario.name) ?? true),
  )
  const found = new Map<string, Measured[]>()
  const problems = new Map<string, string>()
  const most = Math.min(rounds, scenario.rounds ?? rounds)
  for (let round = 0; round < most && (round === 0 || performance.now() < until); round++) {
    for (const variant of taking) {
      const earlier = found.get(variant.name) ?? []
      if (problems.has(variant.name) || earlier.some(({ share }) => share < HOPELESS)) continue
      try {
        const measured = await of.measure(variant, scenario, seconds)
        found.set(variant.name, [...earlier, measured])
        console.log(`${scenario.name} ${round + 1}/${most} ${variant.name}: ${short(measured)}`)
      } catch (error) {
        problems.set(variant.name, error instanceof Error ? error.message : String(error))
        console.error(`${scenario.name} ${variant.name}: ${problems.get(variant.name)}`)
      }
    }
  }
  const rows = taking.map(({ name }): Row => {
    const measured = found.get(name) ?? []
    const problem = problems.get(name)
    return {
      variant: name,
      figures: problem === undefined ? medians(measured.map(({ figures }) => figures)) : {},
      rounds: measured.length,
      share: measured.length > 0 ? median(measured.map(({ share }) => share)) : 1,
      ...(problem === undefined ? {} : { problem }),
    }
  })
  return { scenario, rows }
}

function short({ figures, share }: Measured): string {
  const parts = Object.entries(figures).map(([name, value]) => `${name} ${value.toFixed(value < 10 ? 3 : 0)}`)
  return `${parts.join(', ')}${share < ENOUGH ? ` (did ${Math.round(share * 100)} % of what was asked)` : ''}`
}

async function prepare(wanted: readonly Variant[]): Promise<Variant[]> {
  const ready: Variant[] = []
  for (const variant of wanted) {
    const problem = await variant.prepare?.()
    if (!problem) ready.push(variant)
    else if (variant.name === 'gateway') fail(problem)
    else console.log(`Without ${variant.name}: ${problem}`)
  }
  return ready
}

function about({ rounds, seconds }: Flags): string {
  const date = new Date().toISOString().slice(0, 10)
  return `Measured on ${date}: ${describeMachine()}. ${rounds} alternating rounds of ${seconds} s, medians; closed loops of 64 connections (LiteLLM: 16) driven by ${closedLoopTool}. Other processes used ${Math.round(othersShare() * 100)} % of a core meanwhile.`
}

/** Cores that others than the bench and what it started kept busy. The times of a busy machine say little. */
function othersShare(): number {
  const busy = machineCpuSeconds() - begun.machine - (ownCpuSeconds() - begun.own)
  return Math.max(0, busy / ((performance.now() - begun.at) / 1000))
}

function requireTools(): void {
  if (process.platform !== 'linux')
    throw new Error('The bench reads /proc and pins processes to cores: it runs on Linux only.')
  if (!process.features.typescript) throw new Error('Run it with "npm run bench".')
  execFileSync('taskset', ['--version'], { stdio: 'ignore' })
}

function orExit<T>(work: () => T): T {
  try {
    return work()
  } catch (error) {
    return fail(error instanceof Error ? error.message : String(error))
  }
}

function fail(message: string): never {
  console.error(message)
  process.exit(1)
}

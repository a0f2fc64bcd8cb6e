import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep } from './child.ts'
import type { Kind } from './payloads.ts'
import { cpuSeconds, residentMB } from './proc.ts'
import { SCENARIOS } from './scenarios.ts'
import type { Figures, Measure, Measured, Scenario } from './scenarios.ts'
import { startUpstream } from './variants/upstream.ts'
import { callOnce, verify } from './verify.ts'
import type { StartOptions, Started, Variant } from './variants/types.ts'

/** The mock upstream and the variants that run against it. */
export interface Session {
  /** Measures one variant in one scenario, verified before the first time. */
  measure(variant: Variant, scenario: Scenario, seconds: number): Promise<Measured>
  /** Starts a variant and waits for its first answer. */
  start(variant: Variant, options?: Pick<StartOptions, 'nodeFlags'>): Promise<{ started: Started; startMs: number }>
  verified(variant: Variant, started: Started, kind: Kind): Promise<number>
  close(): Promise<void>
}

/** Node's compilers work on for this long: what is measured earlier is their work too. For every variant alike. */
const WARMUP_S = 8
/** The longest that a variant may take to its first answer: Python imports a lot. */
const START_LIMIT_MS = 120_000

export async function openSession(): Promise<Session> {
  const { port: upstreamPort, child } = await startUpstream()
  const temp = mkdtempSync(join(tmpdir(), 'bench-'))
  const started = new Map<string, Started>()
  const warm = new Map<string, number>()
  let count = 0
  process.once('exit', () => rmSync(temp, { recursive: true, force: true }))

  const start: Session['start'] = async (variant, options = {}) => {
    const begun = performance.now()
    const instance = await variant.start({ upstreamPort, folder: join(temp, `${variant.name}-${count++}`), ...options })
    try {
      await firstAnswer(variant, instance)
    } catch (error) {
      await instance.stop()
      throw error
    }
    return { started: instance, startMs: performance.now() - begun }
  }

  const running = async (variant: Variant): Promise<Started> => {
    const known = started.get(variant.name)
    if (known) return known
    const { started: instance } = await start(variant)
    started.set(variant.name, instance)
    return instance
  }

  const verified: Session['verified'] = (variant, instance, kind) => verify(variant, instance, kind, upstreamPort)

  const measureFresh = async (variant: Variant, scenario: Scenario, seconds: number): Promise<Measured> => {
    const { started: instance, startMs } = await start(variant)
    try {
      await sleep(1000)
      const idle = residentMB(instance.pids())
      const bytes = await verified(variant, instance, checkedKind(scenario))
      const { figures, share } = await scenario.measure({ ...options(variant, seconds), started: instance, bytes })
      return { figures: { ...figures, start: startMs, idle } satisfies Figures, share }
    } finally {
      await instance.stop()
    }
  }

  return {
    start,
    verified,
    async measure(variant, scenario, seconds) {
      if (scenario.fresh) return measureFresh(variant, scenario, seconds)
      const instance = await running(variant)
      const key = `${variant.name} ${scenario.name}`
      const first = !warm.has(key)
      const bytes = warm.get(key) ?? (await verified(variant, instance, checkedKind(scenario)))
      warm.set(key, bytes)
      const measure = { ...options(variant, seconds), started: instance, bytes }
      const measured = await tell(instance, async () => {
        if (first && scenario.warmup) await scenario.measure({ ...measure, seconds: Math.max(seconds, WARMUP_S) })
        return scenario.measure(measure)
      })
      if (!(await settled(instance.pids()))) {
        // It still works off what it could not do in time, and would do so beside the next variant.
        started.delete(variant.name)
        for (const { name } of SCENARIOS) warm.delete(`${variant.name} ${name}`)
        await instance.stop()
      }
      return measured
    },
    async close() {
      await Promise.all([...started.values()].map((instance) => instance.stop()))
      await child.stop()
    },
  }
}

/** A variant that takes long for each call gets fewer at once, and time to show some. */
function options(variant: Variant, seconds: number): Pick<Measure, 'seconds' | 'connections'> {
  return variant.slow ? { seconds: Math.max(seconds, 3), connections: 16 } : { seconds, connections: 64 }
}

/** Asks until it answers. A process that ended is not waited for. */
async function firstAnswer(variant: Variant, instance: Started): Promise<void> {
  const limit = performance.now() + START_LIMIT_MS
  let reason = ''
  while (performance.now() < limit) {
    try {
      const { status, text } = await callOnce(instance, 'json', 10_000)
      if (status === 200) return
      reason = `${status} ${text.slice(0, 300)}`
    } catch (error) {
      reason = String(error)
    }
    if (variant.name !== 'upstream' && instance.pids().length === 0) break
    await sleep(2)
  }
  throw new Error(`${variant.name} did not start: ${reason}\n${instance.output()}`)
}

/** Adds to a failure what the process said of it. */
async function tell<T>(instance: Started, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    throw new Error(`${message}\n${instance.output()}`, { cause: error })
  }
}

/** A paced stream is a burst that takes seconds: the same bytes. */
function checkedKind({ kind }: Scenario): Kind {
  return kind.startsWith('paced') ? 'burst' : kind
}

/** Waits until work left over from a measurement is done; false where that takes too long. */
async function settled(pids: readonly number[]): Promise<boolean> {
  if (pids.length === 0) return true
  for (let tries = 0; tries < 20; tries++) {
    const before = cpuSeconds(pids)
    await sleep(200)
    if (cpuSeconds(pids) - before <= 0.02) return true
  }
  return false
}

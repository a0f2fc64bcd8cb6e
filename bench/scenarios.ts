import { chatBody } from './payloads.ts'
import type { Kind } from './payloads.ts'
import { generate, generateFast } from './load/generate.ts'
import type { Job, JobResult } from './load/job.ts'
import type { Started } from './variants/types.ts'

/** What one measurement found, by the names of the scenario's columns. */
export type Figures = Readonly<Record<string, number>>

export interface Measure {
  readonly started: Started
  readonly seconds: number
  /** Of a closed loop. */
  readonly connections: number
  /** Bytes of a whole answer's body, as verified. */
  readonly bytes: number
}

export interface Scenario {
  readonly name: string
  readonly title: string
  readonly kind: Kind
  readonly columns: readonly Column[]
  /** Rounds at most: figures that hardly move. */
  readonly rounds?: number
  /** Measured once without looking before the first time: compiled code settles only under load. */
  readonly warmup?: boolean
  /** A fresh process for every measurement. */
  readonly fresh?: boolean
  measure(measure: Measure): Promise<Measured>
}

export interface Column {
  readonly name: string
  readonly title: string
  readonly digits: number
  /** Also shown as a ratio to these variants. */
  readonly ratios?: readonly string[]
  /** Also shown as the difference to the upstream directly. */
  readonly added?: boolean
  /** The variant `upstream` has no process of its own to look at. */
  readonly own?: boolean
}

export interface Measured {
  readonly figures: Figures
  /** How much of what was asked of it was done; 1 where nothing in particular was asked. */
  readonly share: number
}

const RATE = 1000

/** Below this share of what was asked, a further round would say nothing new. */
export const HOPELESS = 0.5
/** Above it, all was done: the rest is calls that had not ended yet. */
export const ENOUGH = 0.9

export const SCENARIOS: readonly Scenario[] = [
  {
    name: 'memory',
    title:
      'Start and memory: from the start of the process to its first answer; idle, then 1,000 streams of 20 chunks a second',
    kind: 'paced50',
    fresh: true,
    rounds: 3,
    columns: [
      { name: 'start', title: 'first answer, ms', digits: 0, own: true },
      { name: 'idle', title: 'idle, MB', digits: 0, own: true },
      { name: 'loaded', title: '1,000 streams, MB', digits: 0, own: true },
      { name: 'core', title: 'core, %', digits: 0, own: true },
    ],
    measure: (measure) => pacedStreams(measure, { kind: 'paced50', connections: 1000, rampMs: 4050, perSecond: 200 }),
  },
  closed({ name: 'json-1k', title: 'JSON calls, 1 KB body', kind: 'json', bytes: 1024, unit: 'calls/s' }),
  closed({ name: 'json-32k', title: 'JSON calls, 32 KB body', kind: 'json', bytes: 32_768, unit: 'calls/s' }),
  closed({
    name: 'stream',
    title: 'Streams of 100 chunks, same dialect',
    kind: 'burst',
    bytes: 1024,
    unit: 'streams/s',
  }),
  closed({
    name: 'translated',
    title: 'Streams of 100 chunks, from Anthropic’s dialect to OpenAI’s (upstream and nginx pass them untranslated)',
    kind: 'anthropic',
    bytes: 1024,
    unit: 'streams/s',
  }),
  {
    name: 'open-loop',
    title: `JSON calls, 1 KB body, open loop at ${RATE.toLocaleString('en')} calls a second`,
    kind: 'json',
    warmup: true,
    columns: [
      { name: 'p50', title: 'p50, ms', digits: 3, added: true },
      { name: 'p99', title: 'p99, ms', digits: 3, added: true },
      { name: 'cpu', title: 'CPU, µs per call', digits: 0, own: true },
    ],
    async measure(measure) {
      const job = toJob(measure, 'json', 1024)
      const result = await generate({ ...job, mode: 'open', rate: RATE, warmup: 0.5 })
      const share = notFailing(result).calls / result.sent
      return { figures: share < HOPELESS ? {} : { p50: result.p50, p99: result.p99, ...ofProcess(result) }, share }
    },
  },
  {
    name: 'paced',
    title: '200 streams at a time with a chunk every 20 ms (10,000 chunks a second)',
    kind: 'paced20',
    rounds: 3,
    columns: [
      { name: 'core', title: 'core, %', digits: 0, own: true },
      { name: 'ttfb', title: 'first byte p50, ms', digits: 3, added: true },
      { name: 'ttfb99', title: 'first byte p99, ms', digits: 2, added: true },
      { name: 'done', title: 'streams/s', digits: 0 },
    ],
    measure: (measure) => pacedStreams(measure, { kind: 'paced20', connections: 200, rampMs: 2020, perSecond: 100 }),
  },
]

interface ClosedOptions {
  readonly name: string
  readonly title: string
  readonly kind: Kind
  readonly bytes: number
  readonly unit: string
}

/** Connections that each send their next call when the last is answered. */
function closed({ name, title, kind, bytes, unit }: ClosedOptions): Scenario {
  return {
    name,
    title,
    kind,
    warmup: true,
    columns: [
      { name: 'rate', title: unit, digits: 0, ratios: ['upstream'] },
      { name: 'core', title: 'core, %', digits: 0, own: true },
      {
        name: 'capacity',
        title: `${unit} per whole core`,
        digits: 0,
        ratios: ['nginx', 'portkey', 'litellm'],
        own: true,
      },
    ],
    async measure(measure) {
      const job = toJob(measure, kind, bytes)
      const result = answered(await generateFast({ ...job, mode: 'closed', connections: measure.connections }))
      const rate = result.calls / result.seconds
      return { figures: { rate, ...ofProcess(result) }, share: 1 }
    },
  }
}

interface PacedOptions {
  readonly kind: Kind
  readonly connections: number
  /** A period longer than a multiple of it: the streams' chunks are then spread evenly over the period. */
  readonly rampMs: number
  /** Streams that end each second where nothing is late. */
  readonly perSecond: number
}

async function pacedStreams(
  measure: Measure,
  { kind, connections, rampMs, perSecond }: PacedOptions,
): Promise<Measured> {
  const job = toJob(measure, kind, 1024)
  const result = await generate({
    ...job,
    mode: 'closed',
    connections,
    rampMs,
    warmup: 1,
    seconds: Math.max(3, measure.seconds),
  })
  const done = notFailing(result).calls / result.seconds
  return {
    figures: { ttfb: result.ttfbP50, ttfb99: result.ttfbP99, done, loaded: result.rssMB, ...ofProcess(result) },
    share: done / perSecond,
  }
}

function toJob({ started, seconds, bytes }: Measure, kind: Kind, size: number): Omit<Job, 'mode'> {
  const { path, headers, model } = started.request(kind)
  return {
    port: started.port,
    path,
    headers,
    body: chatBody(model, size, kind !== 'json'),
    // Ids and times in the answers make their lengths differ a little.
    minBytes: Math.floor(bytes * 0.95),
    warmup: 0,
    seconds,
    pids: started.pids(),
  }
}

/** Nobody is measured failing. */
function notFailing(result: JobResult): JobResult {
  if (result.failures > result.calls / 1000) throw new Error(`${result.failures} of ${result.calls} calls failed`)
  return result
}

function answered(result: JobResult): JobResult {
  if (result.calls === 0) throw new Error('no call was answered while it was measured')
  return notFailing(result)
}

/** What the process itself used; nothing where it has none or was not called. */
function ofProcess({ cpuSeconds, seconds, calls }: JobResult): Figures {
  if (cpuSeconds === 0 || calls === 0) return {}
  return { core: (cpuSeconds * 100) / seconds, cpu: (cpuSeconds * 1e6) / calls, capacity: calls / cpuSeconds }
}

// The load generator: its own process, raw keep-alive sockets. Job on stdin, result on stdout.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { setPriority } from 'node:os'
import { text } from 'node:stream/consumers'
import { cpuSeconds, residentMB } from '../proc.ts'
import { createReader } from './http-reader.ts'
import { toBytes } from './job.ts'
import type { Job, JobResult } from './job.ts'
import { lookAgain } from './when-due.ts'

interface Connection {
  readonly socket: Socket
  /** When the current request was sent; 0 while idle. */
  sentAt: number
  waitsForFirst: boolean
}

const job = JSON.parse(await text(process.stdin)) as Job
const request = toBytes(job)
const latencies: number[] = []
const firsts: number[] = []
const idle: Connection[] = []
const open = new Set<Connection>()
const seen = { failures: 0, sent: 0, reads: 0, bytes: 0 }
let measuring = false
let stopped = false

function createConnection(): Connection {
  const reader = createReader()
  const socket = connect({ port: job.port, host: '127.0.0.1', noDelay: true })
  const connection: Connection = { socket, sentAt: 0, waitsForFirst: false }
  open.add(connection)
  socket.on('data', (chunk) => {
    const answer = reader.push(chunk as Buffer)
    const at = performance.now()
    if (measuring) seen.reads++
    if (connection.waitsForFirst && (answer || reader.begun)) {
      connection.waitsForFirst = false
      if (measuring) firsts.push(at - connection.sentAt)
    }
    if (!answer) return
    if (measuring) {
      latencies.push(at - connection.sentAt)
      seen.bytes += answer.bytes
      if (answer.status !== 200 || answer.bytes < job.minBytes) seen.failures++
    }
    connection.sentAt = 0
    if (job.mode === 'closed') send(connection)
    else idle.push(connection)
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => replace(connection))
  return connection
}

/** A server may close between two answers; within one, the call has failed. */
function replace(connection: Connection): void {
  open.delete(connection)
  const at = idle.indexOf(connection)
  if (at >= 0) idle.splice(at, 1)
  if (stopped) return
  if (connection.sentAt > 0 && measuring) seen.failures++
  if (job.mode === 'closed') setTimeout(() => !stopped && send(createConnection()), 10)
}

function send(connection: Connection): void {
  if (measuring) seen.sent++
  connection.sentAt = performance.now()
  connection.waitsForFirst = true
  connection.socket.write(request)
}

/** Connections of an open loop at most: one that cannot keep up shows in `sent` against `calls`. */
const MOST = 1000

/**
 * Calls `act` every `stepMs`, `count` times: evenly, not twice at once because a timer came late.
 * Between two of them it looks for answers all the time, so that what is measured is not how fast this process wakes.
 */
function evenly(stepMs: number, count: number, act: () => void): void {
  const started = performance.now()
  let done = 0
  const tick = () => {
    if (stopped) return
    const elapsed = performance.now() - started
    for (; done < count && done * stepMs <= elapsed; done++) act()
    if (done === count) return
    lookAgain(done * stepMs - elapsed, tick)
  }
  tick()
}

/** Sends what is due, whether earlier calls were answered or not. */
function sendAtRate(rate: number): void {
  evenly(1000 / rate, Infinity, () => {
    const connection = idle.pop() ?? (open.size < MOST ? createConnection() : undefined)
    if (connection) send(connection)
    else if (measuring) seen.sent++
  })
}

function quantile(values: readonly number[], q: number): number {
  return values[Math.min(values.length - 1, Math.floor(values.length * q))] ?? 0
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

if (job.mode === 'open') {
  // It does not sleep: whoever shares the core goes first.
  setPriority(10)
  for (let i = 0; i < 32; i++) idle.push(createConnection())
  sendAtRate(job.rate ?? 1000)
} else {
  const connections = job.connections ?? 64
  evenly((job.rampMs ?? 0) / connections, connections, () => send(createConnection()))
}
await sleep((job.rampMs ?? 0) + job.warmup * 1000)
const cpu = cpuSeconds(job.pids)
const started = performance.now()
measuring = true
await sleep(job.seconds * 1000)
measuring = false
const ended = performance.now()
const cpuUsed = cpuSeconds(job.pids) - cpu
const rssMB = residentMB(job.pids)
stopped = true
for (const { socket } of open) socket.destroy()
latencies.sort((a, b) => a - b)
firsts.sort((a, b) => a - b)
const result: JobResult = {
  ...seen,
  calls: latencies.length,
  seconds: (ended - started) / 1000,
  p50: quantile(latencies, 0.5),
  p99: quantile(latencies, 0.99),
  ttfbP50: quantile(firsts, 0.5),
  ttfbP99: quantile(firsts, 0.99),
  cpuSeconds: cpuUsed,
  rssMB,
}
process.stdout.write(JSON.stringify(result), () => process.exit(0))

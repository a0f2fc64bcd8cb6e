// The clients of the soak test: their own process, raw keep-alive sockets at a fixed rate. Job on stdin; counts by IPC.
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { chatBody } from '../payloads.ts'
import { createReader } from '../load/http-reader.ts'
import { toBytes } from '../load/job.ts'

export interface SoakJob {
  readonly port: number
  readonly keys: readonly string[]
  /** Calls per second. */
  readonly rate: number
  readonly seconds: number
}

export interface SoakCounts {
  /** Requests that left whole. */
  sent: number
  /** Whole answers, by status. */
  answers: Record<string, number>
  /** Calls that this side left. */
  left: number
  /** Answers that ended before their end without our doing: streams that their upstream cut. */
  cut: number
}

/** Of all calls: a third streams, a few of them slowly; a tenth with a long prompt; one in twenty is left. */
const STREAMS = 0.28
const PACED = 0.02
const LONG = 0.1
const LEFT = 0.05
/** A client that leaves does so within this time, half of them within the shorter one. */
const LEAVE_MS = [2, 500] as const
/** Calls by whom: end users that come and go. */
const END_USERS = 5000

const job = JSON.parse(await text(process.stdin)) as SoakJob
const idle: Socket[] = []
const counts: SoakCounts = { sent: 0, answers: {}, left: 0, cut: 0 }

const bodies = {
  json: chatBody('soak-burst', 1024, false),
  long: chatBody('soak-burst', 32_768, false),
  burst: chatBody('soak-burst', 1024, true),
  paced: chatBody('soak-paced', 1024, true),
}

function pick(): string {
  const dice = Math.random()
  if (dice < PACED) return bodies.paced
  if (dice < PACED + STREAMS) return bodies.burst
  return dice < PACED + STREAMS + LONG ? bodies.long : bodies.json
}

function call(): void {
  const key = job.keys[Math.floor(Math.random() * job.keys.length)]!
  const body = pick().replace('{', `{"user":"u${Math.floor(Math.random() * END_USERS)}",`)
  const headers = { authorization: `Bearer ${key}` }
  const socket = idle.pop() ?? connect({ port: job.port, host: '127.0.0.1', noDelay: true })
  const reader = createReader()
  let done = false
  let mine = false
  const finish = () => {
    if (done) return
    done = true
    clearTimeout(leaving)
    socket.removeAllListeners()
    socket.on('error', () => socket.destroy())
  }
  const leaving =
    Math.random() < LEFT
      ? setTimeout(
          () => {
            mine = true
            socket.destroy()
          },
          Math.random() * LEAVE_MS[Math.random() < 0.5 ? 0 : 1],
        )
      : undefined
  socket.on('data', (chunk: Buffer) => {
    const answer = reader.push(chunk)
    if (!answer) return
    counts.answers[answer.status] = (counts.answers[answer.status] ?? 0) + 1
    finish()
    socket.once('close', () => {
      const at = idle.indexOf(socket)
      if (at >= 0) idle.splice(at, 1)
    })
    if (!socket.destroyed) idle.push(socket)
  })
  socket.on('error', () => socket.destroy())
  socket.on('close', () => {
    if (done) return
    if (mine) counts.left++
    else counts.cut++
    finish()
  })
  counts.sent++
  socket.write(toBytes({ port: job.port, path: '/v1/chat/completions', headers, body }))
}

const started = performance.now()
let due = 0
const ticker = setInterval(() => {
  const elapsed = (performance.now() - started) / 1000
  for (const until = Math.min(elapsed, job.seconds) * job.rate; due < until; due++) call()
  if (elapsed < job.seconds) return
  clearInterval(ticker)
  // Slow streams take two seconds, and a late upstream one more.
  setTimeout(() => process.send?.(counts, () => process.exit(0)), 6000)
}, 2)
setInterval(() => process.send?.(counts), 5000).unref()

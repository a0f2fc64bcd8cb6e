import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { LOAD_CORE } from '../child.ts'
import { cpuSeconds, residentMB } from '../proc.ts'
import type { Job, JobResult } from './job.ts'

interface Summary {
  readonly requests: number
  readonly micros: number
  readonly bytes: number
  readonly failures: number
  readonly p50: number
  readonly p99: number
}

/** Drives a closed loop with wrk. It counts statuses above 399 and broken connections as failures, and cannot see less. */
export async function runWrk(wrk: string, job: Job): Promise<JobResult> {
  const folder = mkdtempSync(join(tmpdir(), 'bench-wrk-'))
  const script = join(folder, 'post.lua')
  writeFileSync(script, toLua(job))
  const before = cpuSeconds(job.pids)
  const seconds = Math.max(1, Math.round(job.warmup + job.seconds))
  const args = ['-t1', `-c${job.connections ?? 64}`, `-d${seconds}s`, '--timeout', '20s', '-s', script]
  const child = spawn('taskset', ['-c', String(LOAD_CORE), wrk, ...args, `http://127.0.0.1:${job.port}${job.path}`])
  const late = setTimeout(() => child.kill('SIGKILL'), (seconds + 30) * 1000)
  const output = await text(child.stdout)
  clearTimeout(late)
  const used = cpuSeconds(job.pids) - before
  rmSync(folder, { recursive: true })
  const line = /^SUMMARY (.*)$/m.exec(output)?.[1]
  if (!line) throw new Error(`wrk failed: ${output}`)
  const summary = JSON.parse(line) as Summary
  const short = summary.requests > 0 && summary.bytes / summary.requests < job.minBytes
  return {
    calls: summary.requests,
    sent: summary.requests,
    failures: short ? summary.requests : summary.failures,
    seconds: summary.micros / 1e6,
    reads: 0,
    bytes: summary.bytes,
    p50: summary.p50 / 1000,
    p99: summary.p99 / 1000,
    ttfbP50: 0,
    ttfbP99: 0,
    cpuSeconds: used,
    rssMB: residentMB(job.pids),
  }
}

function toLua({ headers, body }: Job): string {
  const lines = Object.entries({ 'content-type': 'application/json', ...headers }).map(
    ([name, value]) => `wrk.headers[${quote(name)}] = ${quote(value)}`,
  )
  return `wrk.method = "POST"
wrk.body = ${quote(body)}
${lines.join('\n')}
function done(summary, latency, requests)
  local e = summary.errors
  io.write(string.format('SUMMARY {"requests":%d,"micros":%d,"bytes":%d,"failures":%d,"p50":%d,"p99":%d}\\n',
    summary.requests, summary.duration, summary.bytes,
    e.connect + e.read + e.write + e.status + e.timeout, latency:percentile(50), latency:percentile(99)))
end
`
}

/** A Lua string whose bytes are all given by number where they could mean something else. */
function quote(value: string): string {
  let out = ''
  for (const byte of Buffer.from(value)) {
    const plain = byte >= 32 && byte < 127 && byte !== 34 && byte !== 92
    out += plain ? String.fromCharCode(byte) : `\\${String(byte).padStart(3, '0')}`
  }
  return `"${out}"`
}

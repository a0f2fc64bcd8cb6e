import { spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { text } from 'node:stream/consumers'
import { LOAD_CORE } from '../child.ts'
import type { Job, JobResult } from './job.ts'
import { runWrk } from './wrk.ts'

const CLIENT = fileURLToPath(new URL('client.ts', import.meta.url))
const WRK = '/usr/bin/wrk'

/** How closed loops are driven here: wrk where it is installed, as it leaves more of the core to the upstream. */
export const closedLoopTool = existsSync(WRK) ? 'wrk' : 'the bench’s own client'

/** Closed loops of whole answers, as fast as they come. Times to the first byte are 0 where wrk drives. */
export function generateFast(job: Job): Promise<JobResult> {
  return existsSync(WRK) ? runWrk(WRK, job) : generate(job)
}

/** Runs a job in a process of its own. */
export async function generate(job: Job): Promise<JobResult> {
  const child = spawn('taskset', ['-c', String(LOAD_CORE), process.execPath, CLIENT], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const limit = (job.warmup + job.seconds + (job.rampMs ?? 0) / 1000 + 15) * 1000
  const late = setTimeout(() => child.kill('SIGKILL'), limit)
  child.stdin.end(JSON.stringify(job))
  const output = await text(child.stdout)
  clearTimeout(late)
  if (!output) throw new Error('the load generator failed')
  return JSON.parse(output) as JobResult
}

import { readFileSync, readdirSync } from 'node:fs'

// Linux counts process times in USER_HZ, which is 100 on every platform Node runs on (proc_pid_stat(5)).
const TICKS_PER_SECOND = 100

/** CPU seconds (user and system) that the processes have used so far. */
export function cpuSeconds(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => sum + ticks(pid), 0) / TICKS_PER_SECOND
}

function ticks(pid: number): number {
  const text = read(`/proc/${pid}/stat`)
  // The second field is the name in parentheses and may hold spaces; utime and stime are fields 14 and 15.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return Number(fields[11] ?? 0) + Number(fields[12] ?? 0)
}

/** CPU seconds that all processes of the machine have used so far. */
export function machineCpuSeconds(): number {
  // user, nice, system, idle, iowait, irq, softirq, steal (proc_stat(5)).
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] = read('/proc/stat')
    .split('\n')[0]!
    .split(/\s+/)
    .slice(1)
    .map(Number)
  return (user + nice + system + irq + softirq) / TICKS_PER_SECOND
}

/** CPU seconds of this process and of those that it started and that have ended. */
export function ownCpuSeconds(): number {
  const text = read('/proc/self/stat')
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
  return fields.slice(11, 15).reduce((sum, ticked) => sum + Number(ticked), 0) / TICKS_PER_SECOND
}

/** Resident memory of the processes, MB. */
export function residentMB(pids: readonly number[]): number {
  return (
    pids.reduce((sum, pid) => sum + Number(/^VmRSS:\s+(\d+)/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0), 0) / 1024
  )
}

/** The process and all that it started. */
export function processTree(pid: number): number[] {
  const children = threadsOf(pid).flatMap((thread) =>
    read(`/proc/${pid}/task/${thread}/children`).split(' ').filter(Boolean).map(Number),
  )
  return [pid, ...children.flatMap(processTree)]
}

function threadsOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/task`)
  } catch {
    return []
  }
}

/** A process that has ended has no files: it counts as nothing. */
function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return ''
  }
}

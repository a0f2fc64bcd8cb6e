import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { createServer } from 'node:net'
import { processTree } from './proc.ts'

/** Load generator and mock upstream run on the first core, what is measured on the second. */
export const LOAD_CORE = 0
export const MEASURED_CORE = 1

export interface Child {
  readonly child: ChildProcess
  /** The process and its own children, now. */
  pids(): number[]
  /** How it ended, if it did, and the end of what it printed; for messages. */
  output(): string
  /** Asks it to end, then makes it. Touches only what was started here. */
  stop(): Promise<void>
}

export interface ChildOptions {
  readonly core: number
  readonly command: string
  readonly args: readonly string[]
  readonly env?: Readonly<Record<string, string>>
  readonly cwd?: string
  /** Opens a channel for `process.send`. */
  readonly ipc?: boolean
}

const running = new Set<Child>()

/** Starts a process on one core. It ends at the latest with the bench itself. */
export function startChild({ core, command, args, env, cwd, ipc }: ChildOptions): Child {
  const child = spawn('taskset', ['-c', String(core), command, ...args], {
    stdio: ['ignore', 'pipe', 'pipe', ...(ipc ? (['ipc'] as const) : [])],
    env: { PATH: process.env['PATH'], HOME: process.env['HOME'], ...env },
    ...(cwd === undefined ? {} : { cwd }),
  })
  let printed = ''
  const keep = (data: Buffer) => {
    printed = (printed + data.toString()).slice(-4000)
  }
  child.stdout?.on('data', keep)
  child.stderr?.on('data', keep)
  child.on('error', (error) => keep(Buffer.from(error.message)))
  const pids = () =>
    child.pid === undefined || child.exitCode !== null || child.signalCode !== null ? [] : processTree(child.pid)
  const handle: Child = {
    child,
    pids,
    output() {
      const { exitCode, signalCode } = child
      const ended = exitCode === null && signalCode === null ? '' : `It ended with ${signalCode ?? exitCode}. `
      return `${ended}${printed.trim()}`
    },
    async stop() {
      running.delete(handle)
      const tree = pids()
      if (tree.length === 0) return
      const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()))
      child.kill('SIGTERM')
      const late = setTimeout(() => tree.forEach(end), 3000)
      await ended
      clearTimeout(late)
    },
  }
  running.add(handle)
  return handle
}

// The last resort, when the bench ends early: children first, as a master that is gone cannot end its workers.
process.on('exit', () => {
  for (const { pids } of running) pids().reverse().forEach(end)
})
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1))

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // It has ended by itself.
  }
}

/** A port that is free now. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer()
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as { port: number }
      server.close(() => resolve(port))
    })
  })
}

export function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}

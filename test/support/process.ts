import { spawn } from 'node:child_process'
import type { ChildProcess, SpawnOptions } from 'node:child_process'

export interface Running {
  readonly child: ChildProcess
  /** Everything printed so far. */
  output(): string
  /** Waits for a text; the match, or an error with what was printed instead. */
  waitFor(pattern: RegExp, ms?: number): Promise<RegExpExecArray>
  /** Ends the process (by SIGINT, which waits for no balancer) and everything it started, and waits for it. Gives its exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>
}

/** Starts a process of one's own, in its own group. */
export function start(command: string, args: readonly string[], options: SpawnOptions = {}): Running {
  const child = spawn(command, args, { ...options, detached: true, stdio: ['ignore', 'pipe', 'pipe'] })
  let text = ''
  const watchers = new Set<() => void>()
  const onData = (chunk: Buffer) => {
    text += chunk.toString()
    for (const watch of watchers) watch()
  }
  child.stdout!.on('data', onData)
  child.stderr!.on('data', onData)
  const exited = new Promise<number | null>((resolve) => child.on('exit', (code) => resolve(code)))
  return {
    child,
    output: () => text,
    waitFor(pattern, ms = 30_000) {
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => done(new Error(`no ${pattern} within ${ms} ms in:\n${text}`)), ms)
        const look = () => {
          const match = pattern.exec(text)
          if (match) done(match)
        }
        const done = (result: RegExpExecArray | Error) => {
          clearTimeout(timer)
          watchers.delete(look)
          if (result instanceof Error) reject(result)
          else resolve(result)
        }
        watchers.add(look)
        void exited.then((code) => done(new Error(`exited with ${code} before ${pattern}:\n${text}`)))
        look()
      })
    },
    async stop(signal = 'SIGINT') {
      if (child.exitCode === null && child.pid !== undefined) {
        try {
          process.kill(-child.pid, signal)
        } catch {
          // Gone already.
        }
      }
      return exited
    },
  }
}

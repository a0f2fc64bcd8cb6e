import { spawnSync } from 'node:child_process'
import { createServer } from 'node:net'
import type { AddressInfo } from 'node:net'
import { start } from './process.ts'

/** A Redis of the test's own, on 127.0.0.1, without persistence. */
export interface TestRedis {
  readonly url: string
  readonly port: number
  /** Stops it at once (SIGKILL), as a crash does. */
  kill(): Promise<void>
  /** Hangs it: its sockets stay open, nothing is answered. */
  pause(): void
  resume(): void
  /** Starts it anew on the same port, empty. */
  restart(): Promise<void>
}

/** Whether this machine can start one; says so where it cannot. */
export function hasRedis(): boolean {
  const found = spawnSync('redis-server', ['--version']).status === 0
  if (!found) console.log('No redis-server on this machine: the tests with a real Redis do not run.')
  return found
}

/** Starts a Redis on a free port. */
export async function startRedis(args: readonly string[] = []): Promise<TestRedis> {
  const port = await freePort()
  const launch = async () => {
    const command = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no', ...args]
    const running = start('redis-server', command)
    await running.waitFor(/Ready to accept connections/)
    return running
  }
  let running = await launch()
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    async kill() {
      await running.stop('SIGKILL')
    },
    pause: () => void process.kill(running.child.pid!, 'SIGSTOP'),
    resume: () => void process.kill(running.child.pid!, 'SIGCONT'),
    async restart() {
      running = await launch()
    },
  }
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}

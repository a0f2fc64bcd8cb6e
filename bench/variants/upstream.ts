import { fileURLToPath } from 'node:url'
import { LOAD_CORE, startChild } from '../child.ts'
import type { Child } from '../child.ts'
import { UPSTREAM_MODEL } from '../payloads.ts'
import type { Kind } from '../payloads.ts'
import type { Variant } from './types.ts'

/** Starts the mock upstream. */
export async function startUpstream(): Promise<{ port: number; child: Child }> {
  const file = fileURLToPath(new URL('../load/upstream.ts', import.meta.url))
  const child = startChild({ core: LOAD_CORE, command: process.execPath, args: [file], ipc: true })
  const port = await new Promise<number>((resolve, reject) => {
    child.child.once('message', (message) => resolve(message as number))
    child.child.once('exit', () => reject(new Error(`the mock upstream did not start: ${child.output()}`)))
  })
  return { port, child }
}

/** Where the upstream answers a kind of call. */
export function upstreamPath(kind: Kind): string {
  return kind === 'anthropic' ? '/anthropic/v1/messages' : `/${kind}/v1/chat/completions`
}

/** The upstream without anything in between: what all others add is measured against it. */
export const upstream: Variant = {
  name: 'upstream',
  relay: true,
  start: ({ upstreamPort }) =>
    Promise.resolve({
      port: upstreamPort,
      pids: () => [],
      output: () => '',
      stop: () => Promise.resolve(),
      request: (kind) => ({ path: upstreamPath(kind), headers: {}, model: UPSTREAM_MODEL }),
    }),
}

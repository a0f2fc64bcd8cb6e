import { execFile } from 'node:child_process'
import { fileURLToPath } from 'node:url'

export interface ChildAnswer {
  status: number
  body: string
  code?: unknown
}

interface ChildOptions {
  times?: number
  /** What the host's name is resolved to. */
  addresses?: string[]
  env?: Record<string, string>
}

/** Runs `one-call.ts`, and waits for its end: all that it was answered. Rejects where it does not end by itself. */
export function callInChild(url: string, { times = 1, addresses = [], env = {} }: ChildOptions = {}) {
  const script = fileURLToPath(new URL('one-call.ts', import.meta.url))
  const args = [script, url, `${times}`, addresses.join()]
  return new Promise<ChildAnswer[]>((resolve, reject) => {
    // Much less than an idle connection is kept.
    const options = { timeout: 8000, env: { ...process.env, NODE_OPTIONS: '', ...env } }
    execFile(process.execPath, args, options, (error, stdout, stderr) => {
      if (error) return reject(new Error(`it did not end by itself: ${stdout}${stderr}`, { cause: error }))
      resolve(
        stdout
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line) as ChildAnswer),
      )
    })
  })
}

import { existsSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { freePort, MEASURED_CORE, sleep, startChild } from '../child.ts'
import { KINDS, MASTER_KEY, PROVIDER_KEY, UPSTREAM_MODEL } from '../payloads.ts'
import type { Kind } from '../payloads.ts'
import type { ClientRequest, StartOptions, Started, Variant } from './types.ts'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))

/** This gateway as built: master key, routing over many models, usage, and a log record per call written to a file. */
export const gateway: Variant = {
  name: 'gateway',
  relay: false,
  prepare: prepareGateway,
  async start(options) {
    const { started, port, records } = await startGateway(options, config(options.upstreamPort))
    return {
      ...started,
      request: (kind) => requestAs(MASTER_KEY, kind),
      check: async (kind) => {
        await checkAuth(port)
        await checkRecord(records, `bench-${kind}`)
      },
    }
  },
}

/** Why it cannot take part, or nothing. */
export function prepareGateway(): Promise<string | undefined> {
  const built = existsSync(join(ROOT, 'dist/src/cli/main.js'))
  return Promise.resolve(built ? undefined : 'dist/ is missing: run without --no-build')
}

export function requestAs(key: string, kind: Kind): ClientRequest {
  return {
    path: '/v1/chat/completions',
    headers: { authorization: `Bearer ${key}` },
    model: `bench-${kind}`,
  }
}

/** `gateway start` with a config, in a project of its own. */
export async function startGateway(
  { folder, nodeFlags = [] }: StartOptions,
  settings: object,
): Promise<{ started: Pick<Started, 'port' | 'pids' | 'output' | 'stop'>; port: number; records: string }> {
  const port = await freePort()
  // The callback as a package of the project that runs.
  mkdirSync(join(folder, 'node_modules'), { recursive: true })
  symlinkSync(join(ROOT, 'bench/write-records.js'), join(folder, 'node_modules/write-records.js'))
  const file = join(folder, 'gateway.config.json')
  const records = join(folder, 'records.log')
  writeFileSync(file, JSON.stringify(settings, null, 2))
  const child = startChild({
    core: MEASURED_CORE,
    command: process.execPath,
    args: [
      ...nodeFlags,
      join(ROOT, 'bin/gateway.js'),
      'start',
      '--config',
      file,
      '--host',
      '127.0.0.1',
      '--port',
      String(port),
    ],
    env: { GATEWAY_DIST: '1', BENCH_RECORDS: records },
    cwd: folder,
  })
  return { started: { port, pids: child.pids, output: child.output, stop: child.stop }, port, records }
}

/** USD per token: every call has a cost. */
export const PRICES = { input_cost_per_token: 0.000_000_15, output_cost_per_token: 0.000_000_6 }

/** Fifty more models than are called: a table of one would flatter the routing. */
export function config(upstreamPort: number): { models: object[]; plugins: Record<string, object>; use: string[] } {
  const base = `http://127.0.0.1:${upstreamPort}`
  const called = KINDS.map((kind) =>
    kind === 'anthropic'
      ? {
          name: `bench-${kind}`,
          model: `anthropic/${UPSTREAM_MODEL}`,
          baseURL: `${base}/anthropic`,
          apiKey: PROVIDER_KEY,
          prices: PRICES,
        }
      : {
          name: `bench-${kind}`,
          model: `openai/${UPSTREAM_MODEL}`,
          baseURL: `${base}/${kind}/v1`,
          apiKey: PROVIDER_KEY,
          prices: PRICES,
        },
  )
  const others = Array.from({ length: 50 }, (_, i) => ({
    name: `other-${i}`,
    model: `openai/other-${i}`,
    baseURL: `${base}/other/v1`,
    apiKey: PROVIDER_KEY,
  }))
  return {
    models: [...called, ...others],
    plugins: { 'master-key': { key: MASTER_KEY } },
    use: ['write-records'],
  }
}

/** A gateway that lets everyone in would be measured for less than its work. */
export async function checkAuth(port: number): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/v1/chat/completions`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: 'Bearer sk-wrong' },
    body: JSON.stringify({ model: 'bench-json', messages: [{ role: 'user', content: 'Hi' }] }),
  })
  if (response.status !== 401) throw new Error(`a wrong key was answered with ${response.status}, not 401`)
  await response.text()
}

/** The last record must be of this model, with the tokens that the upstream reported. */
export async function checkRecord(path: string, model: string): Promise<void> {
  for (let tries = 0; tries < 40; tries++) {
    const lines = existsSync(path) ? readFileSync(path, 'utf8').trim().split('\n') : []
    const found = lines.map(parse).findLast((record) => record?.model === model && record.status === 200)
    if (found?.usage?.input === 250 && (found.usage.output ?? 0) > 90) return
    await sleep(50)
  }
  throw new Error(`no log record of ${model} with its usage`)
}

interface LoggedCall {
  readonly model?: string
  readonly status?: number
  readonly usage?: { readonly input?: number; readonly output?: number }
}

function parse(line: string): LoggedCall | undefined {
  try {
    return JSON.parse(line) as LoggedCall
  } catch {
    return undefined
  }
}

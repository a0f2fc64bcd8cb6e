import { spawnSync } from 'node:child_process'
import { freePort, LOAD_CORE, sleep, startChild } from '../child.ts'
import { MASTER_KEY } from '../payloads.ts'
import { checkRecord, config, prepareGateway, requestAs, startGateway } from './gateway.ts'
import type { StartOptions, Started, Variant } from './types.ts'

const SCENARIOS = ['json-1k', 'stream', 'open-loop']
/** Far above what is measured: every limit and budget is counted, none refuses. */
const LIMITS = {
  rpm_limit: 1_000_000_000,
  tpm_limit: 1_000_000_000_000,
  max_parallel_requests: 1_000_000,
  max_budget: 1_000_000,
  budget_limits: [{ budget_duration: '1d', max_budget: 1_000_000 }],
}

/** The gateway with a virtual key, three limits and two budgets on it, and the ledger in SQLite; counters in memory. */
export const governed: Variant = {
  name: 'governed',
  relay: false,
  scenarios: SCENARIOS,
  prepare: prepareGateway,
  start: (options) => startGoverned(options, {}),
}

/** The same with documents and counters in Redis: one round trip before the upstream, and one after. */
export const governedRedis: Variant = {
  name: 'governed-redis',
  relay: false,
  scenarios: SCENARIOS,
  prepare: async () =>
    spawnSync('redis-server', ['--version']).status === 0 ? prepareGateway() : 'redis-server is not installed',
  async start(options) {
    const port = await freePort()
    const redis = startChild({
      core: LOAD_CORE,
      command: 'redis-server',
      args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--appendonly', 'no'],
    })
    try {
      const storage = { default: { driver: 'redis', url: `redis://127.0.0.1:${port}` } }
      const started = await startGoverned(options, { storage })
      const stop = async () => {
        await started.stop()
        await redis.stop()
      }
      return { ...started, stop }
    } catch (error) {
      await redis.stop()
      throw error
    }
  },
}

async function startGoverned(options: StartOptions, more: object): Promise<Started> {
  const settings = config(options.upstreamPort)
  const plugins = { ...settings.plugins, ledger: {} }
  const { started, port, records } = await startGateway(options, { ...settings, ...more, plugins })
  try {
    const key = await mintKey(port)
    return {
      ...started,
      request: (kind) => requestAs(key, kind),
      check: (kind) => checkRecord(records, `bench-${kind}`),
    }
  } catch (error) {
    await started.stop()
    throw new Error(`${String(error)}\n${started.output()}`)
  }
}

/** Asks for a key until the gateway listens. */
async function mintKey(port: number): Promise<string> {
  for (let tries = 0; tries < 200; tries++) {
    const response = await fetch(`http://127.0.0.1:${port}/key/generate`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${MASTER_KEY}` },
      body: JSON.stringify(LIMITS),
    }).catch(() => undefined)
    if (response?.ok) return ((await response.json()) as { key: string }).key
    if (response) throw new Error(`no key: ${response.status} ${await response.text()}`)
    await sleep(50)
  }
  throw new Error('the gateway does not listen')
}

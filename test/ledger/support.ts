import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { Gateway, GatewayConfig, LogRecord, Principal } from '../../src/index.ts'
import type { CallEntry } from '../../plugins/ledger/entry.ts'
import type { Row } from '../../plugins/ledger/row.ts'
import { createSums } from '../../plugins/ledger/sums.ts'
import type { CallRow } from '../../plugins/ledger/sums.ts'

/** A folder that is gone after the test. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'ledger-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

/** A call as the journal holds it. */
export function entry(changes: Partial<CallEntry> = {}): CallEntry {
  return {
    uid: `test-${changes.id ?? '1'}`,
    id: '1',
    at: Date.UTC(2026, 10, 21, 12),
    wire: 'openai.chat',
    path: '/chat/completions',
    model: 'fast',
    stream: false,
    status: 200,
    aborted: false,
    cacheHit: false,
    key: 'key-1',
    keyAlias: 'first',
    deployment: 'deployment-1',
    group: 'fast',
    provider: 'acme',
    upstreamModel: 'acme-1',
    usage: { input: 100, output: 20 },
    cost: {
      total: 1500,
      input: 1000,
      cacheRead: 0,
      cacheWrite: 0,
      output: 500,
      reasoning: 0,
      other: 0,
      source: 'library',
    },
    ms: 12.5,
    attempts: [{ target: 'deployment-1', provider: 'acme', status: 200, ms: 10 }],
    ...changes,
  }
}

/** A call as the core tells it. */
export const record = (id: string, changes: Partial<LogRecord> = {}): LogRecord => ({
  id,
  at: 0,
  wire: 'openai.chat',
  path: '/chat/completions',
  model: 'm',
  stream: false,
  status: 200,
  aborted: false,
  cacheHit: false,
  ms: 1,
  attempts: [],
  ...changes,
})

/** Who a test's caller is, by the key it shows. */
const PRINCIPALS: Readonly<Record<string, Principal>> = {
  admin: { id: 'admin-key', role: 'admin' },
  alice: { id: 'key-alice', role: 'user', name: 'alice laptop', user: 'alice', team: 'red' },
  bob: { id: 'key-bob', role: 'user', user: 'bob', team: 'red' },
  robot: { id: 'key-robot', role: 'user', team: 'blue' },
  guest: { id: 'key-guest', role: 'user' },
}

/** Makes the key that a caller shows its principal. */
export const callers = definePlugin({
  name: 'callers',
  order: 'pre',
  options: z.object({}),
  setup: () => ({
    auth(ctx) {
      ctx.principal = PRINCIPALS[ctx.call.headers.get('authorization')?.slice('Bearer '.length) ?? '']
    },
  }),
})

export interface TestGateway {
  readonly gateway: Gateway
  chat(as: string, body?: Record<string, unknown>, headers?: Record<string, string>): Promise<Response>
  get(as: string, path: string): Promise<Response>
  json(as: string, path: string): Promise<unknown>
}

/** A gateway with the ledger and a mock whose tokens cost $1 and $2 a million. Closed after the test. */
export async function ledgerGateway(
  ledger: Record<string, unknown>,
  config: GatewayConfig = {},
  root = temporaryFolder(),
): Promise<TestGateway> {
  const gateway = await createGateway(
    {
      models: [
        {
          name: 'fast',
          model: 'mock/mock',
          prices: { input_cost_per_token: 0.000001, output_cost_per_token: 0.000002 },
        },
        { name: 'mock/*', model: 'mock/*' },
      ],
      providers: { mock: { pace: 0, latency: 0 } },
      use: [callers],
      ...config,
      plugins: { retry: { retries: 0 }, ledger: ledger, ...config.plugins },
    },
    { env: {}, root },
  )
  onTestFinished(() => gateway.close())
  const get = (as: string, path: string) =>
    gateway.fetch(`http://gateway${path}`, { headers: { authorization: `Bearer ${as}` } })
  return {
    gateway,
    get,
    json: async (as, path) => (await get(as, path)).json(),
    chat: (as, body = {}, headers = {}) =>
      gateway.fetch('http://gateway/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${as}`, ...headers },
        body: JSON.stringify({ model: 'fast', messages: [{ role: 'user', content: 'Hello' }], ...body }),
      }),
  }
}

/** The daily sums of calls that come one lot after the other. */
export function toSumRows(...lots: readonly (readonly CallRow[])[]): Row[] {
  const sums = createSums()
  for (const lot of lots) sums.add(lot)
  return sums.rows()
}

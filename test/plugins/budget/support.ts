import { onTestFinished } from 'vitest'
import { ByteStream, createGateway, definePlugin, z } from '../../../src/index.ts'
import type {
  Answer,
  Counters,
  Gateway,
  GatewayConfig,
  GatewayEvent,
  LogRecord,
  ModelConfig,
  Principal,
  Scope,
} from '../../../src/index.ts'

/** USD as nano-dollars. */
export const usd = (dollars: number): number => Math.round(dollars * 1e9)

/** A model of the mock: each output token costs 100,000 nano-dollars, each input token one. */
export const priced = (more: Partial<ModelConfig> = {}): ModelConfig => ({
  name: 'm',
  model: 'mock/50-tokens',
  pace: 0,
  latency: 0,
  prices: { input_cost_per_token: 1e-9, output_cost_per_token: 1e-4 },
  ...more,
})

export const keyScope = (more: Partial<Scope> = {}): Scope => ({ kind: 'key', id: 'k1', name: 'my key', ...more })
export const hard = (max: number, more: Record<string, unknown> = {}) => ({ id: 'default', max: usd(max), ...more })

export interface BudgetGateway {
  readonly gateway: Gateway
  readonly counters: Counters
  readonly events: GatewayEvent[]
  readonly records: LogRecord[]
  /** Changes who calls from now on. */
  as(principal: Partial<Principal> | undefined): void
  ask(
    body?: Record<string, unknown>,
    init?: { headers?: Record<string, string>; signal?: AbortSignal },
  ): Promise<Response>
  /** Settled totals. */
  spent(...keys: string[]): Promise<readonly number[]>
  /** Totals with what is reserved. */
  held(...keys: string[]): Promise<readonly number[]>
}

/** A gateway whose callers have the scopes given. */
export async function budgetGateway(scopes: readonly Scope[], config: GatewayConfig = {}): Promise<BudgetGateway> {
  let principal: Principal | undefined = { id: 'k1', role: 'user', scopes }
  let counters: Counters | undefined
  const events: GatewayEvent[] = []
  const records: LogRecord[] = []
  const inline = definePlugin({
    name: 'inline-auth',
    order: 'pre',
    options: z.object({}),
    setup: (_options, gateway) => {
      counters = gateway.counters
      return {
        auth(ctx) {
          ctx.principal = principal
        },
        log: (record) => void records.push(record),
        event: (event) => void events.push(event),
      }
    },
  })
  const gateway = await createGateway(
    {
      models: [priced()],
      ...config,
      plugins: { 'master-key': false, retry: { retries: 0 }, ...config.plugins },
      use: [inline, ...(config.use ?? [])],
    },
    { env: {} },
  )
  onTestFinished(() => gateway.close())
  return {
    gateway,
    counters: counters!,
    events,
    records,
    as(next) {
      principal = next && { id: 'k1', role: 'user', ...next }
    },
    ask: (body = {}, init = {}) =>
      gateway.fetch('http://gateway/v1/chat/completions', {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...init.headers },
        body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 100, ...body }),
        ...(init.signal ? { signal: init.signal } : {}),
      }),
    spent: async (...keys) => counters!.get(keys, 'settled'),
    held: async (...keys) => counters!.get(keys),
  }
}

export const errorOf = async (response: Response) =>
  ((await response.json()) as { error: { message: string; type: string; code: string; param: string | null } }).error

/** What the calls of a gateway have cost by its records. */
export const costOf = (records: readonly LogRecord[]): number =>
  records.reduce((sum, { cost }) => sum + (cost?.total ?? 0), 0)

/** A stream that the test writes to: so many tokens per piece, and what it was told. */
export function written() {
  const stopped: unknown[] = []
  let tokens = 0
  let answer: Answer | undefined
  const finish = () => {
    answer!.usage = { input: 6, output: tokens }
    ;(answer!.body as ByteStream).end()
  }
  const plugin = definePlugin({
    name: 'written',
    order: 'post',
    options: z.object({}),
    setup: () => ({
      async provider(_ctx, target) {
        const body = new ByteStream({ pause() {}, resume() {}, cancel() {} })
        answer = {
          status: 200,
          headers: { 'content-type': 'text/event-stream' },
          body,
          target,
          progress: () => tokens,
          stop(error) {
            stopped.push(error)
            finish()
          },
        }
        return answer
      },
    }),
  })
  return {
    plugin,
    stopped,
    finish,
    started: () => answer !== undefined,
    /** Lets the books catch up, as between two network reads. */
    async write(count: number) {
      tokens += count
      ;(answer!.body as ByteStream).push(new TextEncoder().encode('data: x\n\n'))
      await new Promise((resolve) => setTimeout(resolve, 1))
    },
  }
}

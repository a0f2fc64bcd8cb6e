import { onTestFinished, vi } from 'vitest'
import { createGateway } from '../../src/index.ts'
import type { Gateway, GatewayConfig, Principal, Scope, ScopeKind, ScopeLimits } from '../../src/index.ts'
import { startUpstream } from '../support/upstream.ts'
import type { Upstream, UpstreamHandler } from '../support/upstream.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { sendJson } from '../support/upstream.ts'
import { makeKeys } from './support.ts'

/** A scope with limits. */
export const scope = (kind: ScopeKind, id: string, limits: ScopeLimits, name?: string): Scope => ({
  kind,
  id,
  name,
  limits,
})

/** A caller with these scopes. */
export const caller = (scopes: readonly Scope[], more: Partial<Principal> = {}): Omit<Principal, 'id'> => ({
  role: 'user',
  scopes,
  ...more,
})

export interface Limited {
  readonly gateway: Gateway
  readonly upstream: Upstream
  ask(key: string, more?: Record<string, unknown>, init?: RequestInit): Promise<Response>
  /** Statuses of calls one after the other. */
  statuses(key: string, count: number, more?: Record<string, unknown>): Promise<number[]>
}

/** A gateway before an upstream of this machine; model `m`, key `<name>` for each caller. */
export async function limitedGateway(
  callers: Record<string, Omit<Principal, 'id'>>,
  { config = {}, answer }: { config?: GatewayConfig; answer?: UpstreamHandler } = {},
): Promise<Limited> {
  const upstream = await startUpstream(answer ?? ((_call, response) => sendJson(response, chatAnswer('Hello'))))
  const gateway = await createGateway(
    {
      models: ['m', 'other'].map((name) => ({
        name,
        model: `openai/${name}-upstream`,
        apiKey: 'sk-limited-0123456789',
        baseURL: upstream.url,
        prices: { input_cost_per_token: 0, output_cost_per_token: 0 },
      })),
      use: [makeKeys(callers)],
      ...config,
      plugins: { retry: { retries: 0 }, 'master-key': false, ...config.plugins },
    },
    { env: {} },
  )
  onTestFinished(async () => {
    await upstream.close()
    await gateway.close()
  })
  const ask = (key: string, more: Record<string, unknown> = {}, init: RequestInit = {}) =>
    gateway.fetch('http://gateway/v1/chat/completions', {
      method: 'POST',
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }], ...more }),
      ...init,
      headers: { authorization: `Bearer ${key}`, ...(init.headers as Record<string, string> | undefined) },
    })
  return {
    gateway,
    upstream,
    ask,
    async statuses(key, count, more) {
      const statuses: number[] = []
      for (let i = 0; i < count; i++) {
        const response = await ask(key, more)
        await response.text()
        statuses.push(response.status)
      }
      return statuses
    },
  }
}

/** The clock stands still at a moment, until it is set. */
export function standStill(now: number): (ms: number) => void {
  vi.useFakeTimers({ toFake: ['Date'], now })
  onTestFinished(() => void vi.useRealTimers())
  return (ms) => void vi.setSystemTime(now + ms)
}

/** The headers that speak of limits. */
export function limitHeaders(response: Response): Record<string, string> {
  return Object.fromEntries(
    [...response.headers].filter(([name]) =>
      /ratelimit|rate_limit|reset_at|retry-after|-key-(rpm|tpm|remaining)/.test(name),
    ),
  )
}

export async function errorOf(response: Response): Promise<Record<string, unknown>> {
  return ((await response.json()) as { error: Record<string, unknown> }).error
}

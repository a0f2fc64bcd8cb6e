import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { createGateway } from '../../src/index.ts'
import type { Gateway, ModelConfig } from '../../src/index.ts'

const mock = (limits: Partial<ModelConfig>, more: Partial<ModelConfig> = {}): ModelConfig => ({
  name: 'm',
  model: 'mock/echo',
  pace: 0,
  latency: 0,
  ...limits,
  ...more,
})

async function withGateway(models: ModelConfig[], use: (gateway: Gateway) => Promise<void>): Promise<void> {
  const gateway = await createGateway({ models, plugins: { retry: { retries: 1, minDelay: 0 } } }, { env: {} })
  await use(gateway)
  await gateway.close()
}

const ask = (gateway: Gateway, more: Record<string, unknown> = {}) =>
  gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }], num_retries: 0, ...more }),
  })

describe('deployment limits', () => {
  it('refuses what is over rpm with 429 and retry-after', () =>
    withGateway([mock({ rpm: 2 })], async (gateway) => {
      const statuses = [await ask(gateway), await ask(gateway), await ask(gateway)].map((response) => response.status)
      const refused = await ask(gateway)
      expect(statuses).toEqual([200, 200, 429])
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
      expect(await refused.json()).toMatchObject({
        error: { type: 'rate_limit_error', code: 'deployment_limit_reached' },
      })
    }))

  it('counts over the last minute, not from minute to minute', async () => {
    const edge = Math.ceil(Date.now() / 60_000) * 60_000
    vi.useFakeTimers({ toFake: ['Date'], now: edge - 100 })
    try {
      await withGateway([mock({ rpm: 2 })], async (gateway) => {
        const at = async (ms: number) => {
          vi.setSystemTime(edge + ms)
          return (await ask(gateway)).status
        }
        expect([await at(-100), await at(-50), await at(0), await at(30_000)]).toEqual([200, 200, 429, 429])
        vi.setSystemTime(edge + 40_000)
        expect((await ask(gateway)).headers.get('retry-after')).toBe('20')
        expect([await at(60_500), await at(60_500), await at(60_500)]).toEqual([200, 200, 429])
      })
    } finally {
      vi.useRealTimers()
    }
  })

  it('sends on to the next deployment of the group', () =>
    withGateway([mock({ rpm: 1, order: 1 }), mock({ order: 2 }, { id: 'second' })], async (gateway) => {
      await ask(gateway, { num_retries: 1 })
      const response = await ask(gateway, { num_retries: 1 })
      expect(response.status).toBe(200)
      expect(response.headers.get('x-litellm-model-id')).toBe('second')
    }))

  it('reserves tokens and gives back what was not used', () =>
    withGateway([mock({ tpm: 150 })], async (gateway) => {
      // The reservation of 100 and a text of some 30 tokens fits once at a time; the real usage is far smaller.
      expect((await ask(gateway, { max_tokens: 100 })).status).toBe(200)
      expect((await ask(gateway, { max_tokens: 100 })).status).toBe(200)
      expect((await ask(gateway, { max_tokens: 200 })).status).toBe(429)
    }))

  it('frees parallel slots at the end of a call, a failure and a stream', () =>
    withGateway(
      [
        mock({ maxParallel: 1 }),
        mock({ maxParallel: 1 }, { name: 'bad', model: 'mock/error-500' }),
        mock({ maxParallel: 1 }, { name: 'paced', model: 'mock/20-tokens', pace: 50 }),
      ],
      async (gateway) => {
        const both = await Promise.all([ask(gateway), ask(gateway)])
        expect(both.map((response) => response.status).sort()).toEqual([200, 429])
        expect((await ask(gateway, { model: 'bad' })).status).toBe(500)
        expect((await ask(gateway, { model: 'bad' })).status).toBe(500)
        const stream = await ask(gateway, { model: 'paced', stream: true })
        expect((await ask(gateway, { model: 'paced' })).status).toBe(429)
        await stream.text()
        expect((await ask(gateway, { model: 'paced' })).status).toBe(200)
      },
    ))

  it('keeps the slot of a call for as long as it runs', async () => {
    vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'] })
    onTestFinished(() => void vi.useRealTimers())
    await withGateway([mock({ maxParallel: 1 }, { model: 'mock/20-tokens', pace: 50 })], async (gateway) => {
      const stream = await ask(gateway, { stream: true })
      for (let minute = 0; minute < 30; minute++) await vi.advanceTimersByTimeAsync(60_000)
      expect((await ask(gateway)).status).toBe(429)
      await stream.text()
      expect((await ask(gateway)).status).toBe(200)
    })
  })
})

import { afterAll, beforeAll, describe, expect, onTestFinished, test, vi } from 'vitest'
import { logger } from '../../src/index.ts'
import type { GatewayConfig, Principal } from '../../src/index.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { hasRedis, startRedis } from '../support/redis.ts'
import type { TestRedis } from '../support/redis.ts'
import { sendJson } from '../support/upstream.ts'
import { caller, limitHeaders, limitedGateway, scope } from './limited.ts'

const found = hasRedis()
let redis: TestRedis
let names = 0

beforeAll(async () => {
  vi.spyOn(logger, 'warn').mockImplementation(() => {})
  vi.spyOn(logger, 'info').mockImplementation(() => {})
  if (found) redis = await startRedis()
})
afterAll(async () => {
  if (found) await redis.kill()
})

test('a Redis can be started here, or the log says that there is none', () => {
  expect(typeof found).toBe('boolean')
})

/** A gateway that counts in Redis. A machine under load must not look like a Redis that is away. */
const node = (
  base: string,
  callers: Record<string, Omit<Principal, 'id'>>,
  {
    deadline = 5000,
    ...options
  }: { deadline?: number; plugins?: GatewayConfig['plugins']; answer?: () => unknown } = {},
) =>
  limitedGateway(callers, {
    config: {
      storage: {
        default: { driver: 'memory' },
        counters: { driver: 'redis', url: redis.url, base, deadline, connectionName: `${base}-${++names}` },
      },
      ...(options.plugins ? { plugins: options.plugins } : {}),
    },
    answer: async (_call, response) => {
      await options.answer?.()
      sendJson(response, chatAnswer('Hi'))
    },
  })

if (found) {
  describe('two gateways on one Redis', () => {
    test('keep one limit of requests, exactly', async () => {
      const callers = { k: caller([scope('key', 'k', { rpm: 50 }), scope('team', 't', { rpm: 80 })]) }
      const nodes = [await node('rpm', callers), await node('rpm', callers)]
      const all = await Promise.all(Array.from({ length: 200 }, async (_, i) => (await nodes[i % 2]!.ask('k')).status))
      expect(all.filter((status) => status === 200)).toHaveLength(50)
      expect(all.filter((status) => status === 429)).toHaveLength(150)
      expect(nodes[0]!.upstream.requests.length + nodes[1]!.upstream.requests.length).toBe(50)
      const refused = await nodes[1]!.ask('k')
      // What the key refused, the team has not counted.
      expect(limitHeaders(refused)).toMatchObject({
        'x-ratelimit-api_key-remaining-requests': '0',
        'x-ratelimit-team-remaining-requests': '30',
      })
      expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)
    })

    test('keep one limit of tokens, and give back what was not used', async () => {
      const callers = { k: caller([scope('key', 'k', { tpm: 1000 })]) }
      const nodes = [await node('tpm', callers), await node('tpm', callers)]
      // 400 and the text each: two at a time.
      const first = await Promise.all(Array.from({ length: 6 }, (_, i) => nodes[i % 2]!.ask('k', { max_tokens: 400 })))
      expect(first.filter(({ status }) => status === 200)).toHaveLength(2)
      await vi.waitFor(async () => {
        const next = await nodes[0]!.ask('k', { max_tokens: 900 })
        expect(next.status).toBe(200)
      })
    })

    test('keep one limit of parallel calls', async () => {
      let running = 0
      let most = 0
      const answer = async () => {
        most = Math.max(most, ++running)
        await new Promise((resolve) => setTimeout(resolve, 10))
        running--
      }
      const callers = { k: caller([scope('user', 'u', { parallel: 4 })]) }
      const nodes = [await node('parallel', callers, { answer }), await node('parallel', callers, { answer })]
      const all = await Promise.all(Array.from({ length: 60 }, async (_, i) => (await nodes[i % 2]!.ask('k')).status))
      expect(most).toBe(4)
      expect(new Set(all)).toEqual(new Set([200, 429]))
      await vi.waitFor(async () => {
        const next = await Promise.all([0, 1, 0, 1].map((i) => nodes[i]!.ask('k')))
        expect(next.map(({ status }) => status)).toEqual([200, 200, 200, 200])
      })
    })
  })

  describe('while Redis hangs', () => {
    const callers = { k: caller([scope('key', 'k', { rpm: 1, tpm: 1000, parallel: 1 })]), free: caller([]) }

    test('calls go on uncounted by default, and are counted again when it is back', async () => {
      const { ask, statuses } = await node('open', callers, { deadline: 250 })
      expect(await statuses('k', 2)).toEqual([200, 429])
      redis.pause()
      onTestFinished(() => redis.resume())
      expect(await statuses('k', 3)).toEqual([200, 200, 200])
      redis.resume()
      await vi.waitFor(async () => expect((await ask('k')).status).toBe(429), { timeout: 15_000 })
    })

    test('`closed` refuses those who have limits', async () => {
      const { ask, statuses } = await node('closed', callers, {
        deadline: 250,
        plugins: { 'rate-limit': { whenAway: 'closed' } },
      })
      expect(await statuses('k', 1)).toEqual([200])
      redis.pause()
      onTestFinished(() => redis.resume())
      const refused = await ask('k')
      expect([refused.status, refused.headers.get('retry-after')]).toEqual([503, '1'])
      expect(await refused.json()).toMatchObject({ error: { code: 'store_away' } })
      expect(await statuses('free', 1)).toEqual([200])
    })
  })
}

import { describe, expect, onTestFinished, test, vi } from 'vitest'
import { SLOT_MS, createMemoryCounters, createSlots, logger } from '../../src/index.ts'
import type { LeaseOp } from '../../src/index.ts'
import { chatAnswer, chatEvents } from '../support/openai-answers.ts'
import { sendJson, toEvent } from '../support/upstream.ts'
import { serveGateway } from '../support/serve.ts'
import { makeKeys } from './support.ts'
import { caller, errorOf, limitHeaders, limitedGateway, scope } from './limited.ts'

const one = { k: caller([scope('key', 'k', { parallel: 1 })]) }

describe('parallel calls', () => {
  test('are as many as the limit says, at any time', async () => {
    let running = 0
    let most = 0
    const { ask } = await limitedGateway(
      { k: caller([scope('key', 'k', { parallel: 3 }), scope('team', 't', { parallel: 5 })]) },
      {
        answer: async (_call, response) => {
          most = Math.max(most, ++running)
          await new Promise((resolve) => setTimeout(resolve, 5))
          running--
          sendJson(response, chatAnswer('Hi'))
        },
      },
    )
    for (let round = 0; round < 3; round++) {
      const all = await Promise.all(Array.from({ length: 20 }, async () => (await ask('k')).status))
      expect(all.filter((status) => status === 200)).toHaveLength(3)
      expect(all.filter((status) => status === 429)).toHaveLength(17)
    }
    expect(most).toBe(3)
  })

  test('beyond the limit are refused', async () => {
    const { ask } = await limitedGateway(one, { answer: () => undefined })
    const leaving = new AbortController()
    void ask('k', {}, { signal: leaving.signal }).catch(() => undefined)
    await vi.waitFor(async () => expect((await ask('k', {}, { signal: AbortSignal.timeout(500) })).status).toBe(429))
    const refused = await ask('k')
    expect((await errorOf(refused))['message']).toMatch(
      /^Rate limit exceeded for api_key: k\. Limit type: max_parallel_requests\. Current limit: 1, Remaining: 0\. Limit resets at: \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC$/,
    )
    expect(limitHeaders(refused)).toMatchObject({ 'retry-after': '1', rate_limit_type: 'max_parallel_requests' })
    leaving.abort()
  })

  test('are free again after an answer, a failure, a refusal, a stream and a client that left', async () => {
    const { gateway, upstream, ask } = await limitedGateway(one, {
      answer: (call, response) => {
        const { user } = call.body
        if (user === 'fail') return sendJson(response, { error: {} }, 500)
        if (user === 'hang') return undefined
        if (user !== 'stream') return sendJson(response, chatAnswer('Hi'))
        response.writeHead(200, { 'content-type': 'text/event-stream' })
        response.write(toEvent(chatEvents(['Hello'])[1]))
        if (call.body['seed'] === 1) response.end(toEvent('[DONE]'))
      },
    })
    const status = async (more: Record<string, unknown> = {}) => (await ask('k', more)).status
    expect([await status(), await status()]).toEqual([200, 200])
    expect([await status({ user: 'fail' }), await status({ model: 'no-such-model' }), await status()]).toEqual([
      500, 404, 200,
    ])

    const whole = await ask('k', { user: 'stream', seed: 1, stream: true })
    await whole.text()
    expect(await status()).toBe(200)

    const cut = await ask('k', { user: 'stream', stream: true })
    expect(await status()).toBe(429)
    const reader = cut.body!.getReader()
    await reader.read()
    await reader.cancel()
    await vi.waitFor(() => expect(gateway.inFlight()).toBe(0))
    expect(await status()).toBe(200)

    const leaving = new AbortController()
    const before = upstream.requests.length
    const gone = ask('k', { user: 'hang' }, { signal: leaving.signal }).catch(() => undefined)
    await vi.waitFor(() => expect(upstream.requests).toHaveLength(before + 1))
    leaving.abort()
    await gone
    await vi.waitFor(() => expect(gateway.inFlight()).toBe(0))
    expect(await status()).toBe(200)
  })

  test('a refusal by one limit holds no slot of another', async () => {
    const { statuses } = await limitedGateway({
      k: caller([scope('key', 'k', { parallel: 1 }), scope('user', 'u', { rpm: 1 })]),
      same: caller([scope('key', 'k', { parallel: 1 })]),
    })
    expect(await statuses('k', 3)).toEqual([200, 429, 429])
    expect(await statuses('same', 2)).toEqual([200, 200])
  })

  test('calls that are given the same id by their client have a slot each', async () => {
    const { ask } = await limitedGateway(one, {
      answer: (_call, response) => void setTimeout(() => sendJson(response, chatAnswer('Hi')), 20),
    })
    const init = { headers: { 'x-litellm-call-id': 'mine' } }
    const all = await Promise.all([ask('k', {}, init), ask('k', {}, init), ask('k', {}, init)])
    expect(all.map((response) => response.status).sort()).toEqual([200, 429, 429])
    expect((await ask('k', {}, init)).status).toBe(200)
  })

  test('of all callers together', async () => {
    const { ask } = await limitedGateway(
      { a: caller([]), b: caller([]) },
      {
        config: { plugins: { 'rate-limit': { globalMaxParallel: 1 } } },
        answer: (_call, response) => void setTimeout(() => sendJson(response, chatAnswer('Hi')), 20),
      },
    )
    const both = await Promise.all([ask('a'), ask('b')])
    expect(both.map((response) => response.status).sort()).toEqual([200, 429])
    const refused = both.find((response) => response.status === 429)!
    expect((await errorOf(refused))['message']).toContain('Rate limit exceeded for gateway: all callers.')
    expect(refused.headers.get('x-ratelimit-gateway-limit-max_parallel_requests')).toBe(null)
    expect((await ask('b')).status).toBe(200)
  })
})

test('a socket that is cut frees its slot', async () => {
  const served = await serveGateway({
    models: [{ name: 'm', model: 'mock/timeout' }],
    use: [makeKeys(one)],
    plugins: { 'master-key': false, retry: { retries: 0 } },
  })
  onTestFinished(() => served.close())
  const ask = (signal: AbortSignal) =>
    fetch(`${served.url}/v1/chat/completions`, {
      method: 'POST',
      signal,
      headers: { authorization: 'Bearer k', 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hi' }] }),
    })
  for (let round = 0; round < 3; round++) {
    const leaving = new AbortController()
    const call = ask(leaving.signal).catch(() => undefined)
    await vi.waitFor(() => expect(served.gateway.inFlight()).toBe(1))
    leaving.abort()
    await call
    await vi.waitFor(() => expect(served.gateway.inFlight()).toBe(0))
  }
})

describe('slots', () => {
  const lease = (id: string): LeaseOp => ({ kind: 'lease', key: 's', by: 1, limit: 1, leaseId: id, ttlMs: SLOT_MS })
  const setup = () => {
    vi.useFakeTimers()
    onTestFinished(() => void vi.useRealTimers())
    const counters = createMemoryCounters()
    const slots = createSlots(counters, (error) => logger.error(error))
    onTestFinished(() => slots.close())
    const take = (id: string) => {
      const result = counters.add([lease(id)])
      if ('then' in result) throw new Error('not in memory')
      if (result.ok) slots.hold(id, [lease(id)])
      return result.ok
    }
    return { counters, slots, take }
  }

  test('live as long as their call, and are gone with it', async () => {
    const { slots, take } = setup()
    expect(take('a')).toBe(true)
    for (let minute = 0; minute < 30; minute++) {
      await vi.advanceTimersByTimeAsync(60_000)
      expect(take('b')).toBe(false)
    }
    slots.release('a', [lease('a')])
    expect(take('b')).toBe(true)
    slots.release('b', [lease('b')])
    await vi.advanceTimersByTimeAsync(60_000)
    expect(vi.getTimerCount()).toBe(0)
  })

  test('of a node that died are free after a minute', async () => {
    const { slots, take } = setup()
    expect(take('a')).toBe(true)
    slots.close()
    await vi.advanceTimersByTimeAsync(SLOT_MS - 1)
    expect(take('b')).toBe(false)
    await vi.advanceTimersByTimeAsync(1)
    expect(take('b')).toBe(true)
  })

  test('many are renewed in steps of a hundred', async () => {
    const { counters, slots, take } = setup()
    const add = vi.spyOn(counters, 'add')
    for (let i = 0; i < 250; i++) slots.hold(`x${i}`, [{ ...lease(`x${i}`), key: `k${i}` }])
    await vi.advanceTimersByTimeAsync(20_000)
    expect(add.mock.calls.map(([ops]) => ops.length)).toEqual([100, 100, 50])
    expect(take('a')).toBe(true)
  })

  test('that were given back while others are renewed are not taken anew', async () => {
    const { counters, slots } = setup()
    let answer = () => {}
    const renewed: number[] = []
    vi.spyOn(counters, 'add').mockImplementation((ops) => {
      renewed.push(ops.length)
      return new Promise((resolve) => {
        answer = () => resolve({ ok: true, failed: -1, values: [], resetMs: [], at: 0 })
      })
    })
    for (let i = 0; i < 150; i++) slots.hold(`x${i}`, [lease(`x${i}`)])
    await vi.advanceTimersByTimeAsync(20_000)
    slots.release('x149', [lease('x149')])
    answer()
    await vi.advanceTimersByTimeAsync(0)
    expect(renewed).toEqual([100, 49])
  })
})

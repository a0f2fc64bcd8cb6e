import { describe, expect, it, vi } from 'vitest'
import { budgetGateway, costOf, errorOf, hard, keyScope, priced, usd } from './support.ts'

/** What a call costs: 50 tokens of output, 6 of input. */
const CALL = 5_000_006

describe('reserve and settle', () => {
  it('200 calls at once on a key of $1 overspend by nothing', async () => {
    const under = await budgetGateway([keyScope({ budgets: [hard(1)] })])
    const answers = await Promise.all(Array.from({ length: 200 }, () => under.ask()))
    const ok = answers.filter(({ status }) => status === 200).length
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]))
    // $0.01 and a little for the text are reserved: 99 fit into a dollar at once.
    expect(ok).toBe(99)
    const [spent] = await under.spent('spend:key:k1')
    await vi.waitFor(() => expect(costOf(under.records)).toBe(spent))
    expect(spent).toBe(ok * CALL)
    expect(await under.held('spend:key:k1')).toEqual([spent])
  })

  it('spends a budget to its end and not beyond, call after call', async () => {
    const under = await budgetGateway([keyScope({ budgets: [hard(0.1)] })])
    let calls = 0
    for (;;) {
      const response = await under.ask({ max_tokens: 50 })
      if (response.status !== 200) break
      calls++
    }
    expect(calls).toBe(19)
    const [spent] = await under.held('spend:key:k1')
    expect(spent).toBe(19 * CALL)
    expect(spent).toBeLessThanOrEqual(usd(0.1))
  })

  it('failed calls, refused ones and clients that leave cost nothing and hold nothing', async () => {
    const under = await budgetGateway([keyScope({ budgets: [hard(1)] })], {
      models: [
        priced(),
        priced({ name: 'bad', model: 'mock/error-500' }),
        priced({ name: 'never', model: 'mock/timeout' }),
      ],
    })
    expect((await under.ask({ model: 'bad' })).status).toBe(500)
    expect((await under.ask({ model: 'unknown' })).status).toBe(404)
    expect((await under.ask({ max_tokens: 1_000_000 })).status).toBe(429)
    const leaving = new AbortController()
    const left = under.ask({ model: 'never' }, { signal: leaving.signal }).catch(() => undefined)
    await vi.waitFor(async () => expect((await under.held('spend:key:k1'))[0]).toBeGreaterThan(usd(0.01)))
    leaving.abort()
    await left
    await vi.waitFor(() => expect(under.gateway.inFlight()).toBe(0))
    expect(await under.held('spend:key:k1')).toEqual([0])
  })

  it('a caller cannot share a reservation between calls by giving them one id', async () => {
    const under = await budgetGateway([keyScope({ budgets: [hard(1)] })])
    const headers = { 'x-litellm-call-id': 'same' }
    const answers = await Promise.all(Array.from({ length: 150 }, () => under.ask({}, { headers })))
    const ok = answers.filter(({ status }) => status === 200).length
    expect(ok).toBe(99)
    expect(await under.held('spend:key:k1')).toEqual([ok * CALL])
  })

  it('counts in every scope, also in those without budgets, and takes nothing where one refuses', async () => {
    const scopes = [
      keyScope(),
      { kind: 'team' as const, id: 't1', budgets: [hard(0.02, { window: '1d' })] },
      { kind: 'user' as const, id: 'auth0:7' },
    ]
    const under = await budgetGateway(scopes)
    expect((await under.ask()).status).toBe(200)
    const refused = await under.ask({ max_tokens: 500 })
    expect(refused.status).toBe(429)
    const day = Math.floor(Date.now() / 86_400_000) * 86_400_000
    const keys = ['spend:key:k1', 'spend:team:t1', `spend:team:t1:default:${day}`, 'spend:user:auth0%3A7']
    expect(await under.held(...keys)).toEqual([CALL, CALL, CALL, CALL])
  })

  it('an admin without scopes has only the budget of the whole gateway', async () => {
    const under = await budgetGateway([], { plugins: { budget: { max: 0.02, window: '1mo' } } })
    under.as(undefined)
    expect((await under.ask()).status).toBe(200)
    expect((await under.ask()).status).toBe(200)
    const response = await under.ask()
    expect([response.status, (await errorOf(response)).message]).toEqual([
      429,
      expect.stringContaining('Budget has been exceeded! Gateway Current cost: 0.010000012, Max budget: 0.02'),
    ])
  })

  it('keys that exist from before have their total counted against a budget without a window', async () => {
    const under = await budgetGateway([keyScope()])
    await under.ask()
    await under.ask()
    under.as({ scopes: [keyScope({ budgets: [hard(0.01)] })] })
    const error = await errorOf(await under.ask({ max_tokens: 1 }))
    expect(error).toEqual({
      message: 'Budget has been exceeded! Key=my key Current cost: 0.010000012, Max budget: 0.01.',
      type: 'budget_exceeded',
      param: null,
      code: 'budget_exceeded',
    })
  })
})

describe('refusals', () => {
  it('say that what is left does not cover the call, and when the window ends', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 4, 10, 12) })
    try {
      const token = '0123456789abcdef'.repeat(4)
      const under = await budgetGateway([{ kind: 'key', id: token, budgets: [hard(0.02, { window: '1d' })] }])
      await under.ask()
      const response = await under.ask({ max_tokens: 500 })
      expect(response.status).toBe(429)
      expect(response.headers.get('retry-after')).toBe('43200')
      expect(response.headers.get('rate_limit_type')).toBe('budget')
      expect(response.headers.get('reset_at')).toBe('2026-05-11T00:00:00.000Z')
      const { message } = await errorOf(response)
      expect(message).toBe(
        'Budget has been exceeded! Key=01234567… Current cost: 0.005000006, Max budget: 0.02 per 1d (until ' +
          '2026-05-11T00:00:00.000Z). The $0.014999994 that are left do not cover the worst case of this call ' +
          '($0.050000146): lower max_tokens.',
      )
    } finally {
      vi.useRealTimers()
    }
  })

  it('say that running calls hold what is left', async () => {
    const under = await budgetGateway([keyScope({ budgets: [hard(0.015)] })], {
      models: [priced(), priced({ name: 'never', model: 'mock/timeout' })],
    })
    const leaving = new AbortController()
    const left = under.ask({ model: 'never' }, { signal: leaving.signal }).catch(() => undefined)
    await vi.waitFor(() => expect(under.gateway.inFlight()).toBe(1))
    const response = await under.ask()
    expect(response.headers.get('retry-after')).toBe('1')
    expect((await errorOf(response)).message).toContain('Calls that are running have reserved $0.0100001')
    leaving.abort()
    await left
    await vi.waitFor(async () => expect((await under.ask()).status).toBe(200))
  })
})

describe('windows', () => {
  it('several at once, each by its own clock', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 31, 22, 30) })
    try {
      const budgets = [hard(0.021, { id: 'hour', window: '1h' }), hard(0.032, { id: 'day', window: '1d' })]
      const under = await budgetGateway([keyScope({ budgets })], {
        plugins: { budget: { timezone: 'Europe/Berlin' } },
      })
      const status = async () => (await under.ask()).status
      expect([await status(), await status(), await status()]).toEqual([200, 200, 200])
      expect(await status()).toBe(429)
      // In Berlin the day ends at 23:00 UTC, together with the hour.
      vi.setSystemTime(Date.UTC(2026, 0, 31, 23, 0))
      expect(await status()).toBe(200)
      const hour = Date.UTC(2026, 0, 31, 22)
      const day = Date.UTC(2026, 0, 30, 23)
      expect(
        await under.held(
          `spend:key:k1:hour:${hour}`,
          `spend:key:k1:hour:${hour + 3_600_000}`,
          `spend:key:k1:day:${day}`,
          `spend:key:k1:day:${day + 86_400_000}`,
        ),
      ).toEqual([3 * CALL, CALL, 3 * CALL, CALL])
    } finally {
      vi.useRealTimers()
    }
  })

  it('a call that ends after its window is counted in it', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2026, 0, 31, 23, 59, 59) })
    try {
      const under = await budgetGateway([keyScope({ budgets: [hard(0.02, { window: '1d' })] })], {
        models: [priced({ latency: 50 })],
      })
      const late = under.ask()
      await vi.waitFor(() => expect(under.gateway.inFlight()).toBe(1))
      vi.setSystemTime(Date.UTC(2026, 1, 1, 0, 0, 1))
      expect((await late).status).toBe(200)
      const day = Date.UTC(2026, 0, 31)
      expect(await under.held(`spend:key:k1:default:${day}`, `spend:key:k1:default:${day + 86_400_000}`)).toEqual([
        CALL,
        0,
      ])
    } finally {
      vi.useRealTimers()
    }
  })

  it('an increase counts while it lasts', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: 1_000_000_000_000 })
    try {
      const increase = { by: usd(0.01), until: 1_000_000_060_000 }
      const under = await budgetGateway([keyScope({ budgets: [hard(0.001, { increase })] })])
      const response = await under.ask()
      expect([response.status, response.headers.get('x-litellm-key-max-budget')]).toEqual([200, '0.011'])
      vi.setSystemTime(1_000_000_060_000)
      expect((await under.ask({ max_tokens: 1 })).status).toBe(429)
    } finally {
      vi.useRealTimers()
    }
  })
})

describe('models', () => {
  it('budgets of models count these models only, by the public name, patterns and shared groups', async () => {
    const budgets = [hard(0.012, { id: 'one', models: ['m'] }), hard(0.012, { id: 'group', models: ['x-*', 'y'] })]
    const under = await budgetGateway([keyScope({ budgets })], {
      models: [priced(), priced({ name: 'x-1' }), priced({ name: 'y' }), priced({ name: 'z' })],
      aliases: { other: 'y' },
    })
    const status = async (model: string) => (await under.ask({ model })).status
    expect([await status('m'), await status('m')]).toEqual([200, 429])
    expect([await status('x-1'), await status('other'), await status('y')]).toEqual([200, 429, 429])
    expect([await status('z'), await status('z'), await status('z')]).toEqual([200, 200, 200])
    expect(await under.held('spend:key:k1:one', 'spend:key:k1:group', 'spend:key:k1')).toEqual([CALL, CALL, 5 * CALL])
    const error = await errorOf(await under.ask({ model: 'y' }))
    expect(error.message).toContain('Max budget: 0.012 for x-*, y.')
  })

  it("a caller's own alias does not lead around a budget", async () => {
    const under = await budgetGateway([])
    under.as({ aliases: { mine: 'm' }, scopes: [keyScope({ budgets: [hard(0.012, { id: 'one', models: ['m'] })] })] })
    expect((await under.ask({ model: 'mine' })).status).toBe(200)
    expect((await under.ask({ model: 'mine' })).status).toBe(429)
  })

  it('free models need no budget', async () => {
    const under = await budgetGateway([keyScope({ budgets: [hard(0)] })], {
      models: [priced(), { name: 'free', model: 'mock/50-tokens', pace: 0, latency: 0 }],
    })
    expect((await under.ask({ model: 'free', max_tokens: undefined })).status).toBe(200)
    expect((await under.ask()).status).toBe(429)
    expect(await under.held('spend:key:k1')).toEqual([0])
  })

  it('models of unknown price count 0, or are refused where that is wanted', async () => {
    const { startUpstream, sendJson } = await import('../../support/upstream.ts')
    const { chatAnswer } = await import('../../support/openai-answers.ts')
    const upstream = await startUpstream((_call, response) => sendJson(response, chatAnswer('Hello')))
    const models = [
      { name: 'new', model: 'openai/nobody-knows-it', apiKey: 'sk-test-0123456789', baseURL: upstream.url },
    ]
    const { logger } = await import('../../../src/index.ts')
    const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
    const budgets = [hard(1)]
    const allowing = await budgetGateway([keyScope({ budgets })], { models })
    expect((await allowing.ask({ model: 'new' })).status).toBe(200)
    expect(await allowing.held('spend:key:k1')).toEqual([0])
    expect(warn).toHaveBeenCalledWith(expect.stringContaining('Nobody knows what openai/nobody-knows-it costs'))
    const refusing = await budgetGateway([keyScope({ budgets })], {
      models,
      plugins: { budget: { unknownPrice: 'refuse' } },
    })
    const response = await refusing.ask({ model: 'new' })
    expect([response.status, (await errorOf(response)).code]).toEqual([400, 'price_unknown'])
    refusing.as({ scopes: [keyScope()] })
    expect((await refusing.ask({ model: 'new' })).status).toBe(200)
    expect(upstream.requests).toHaveLength(2)
    await upstream.close()
    warn.mockRestore()
  })
})

describe('headers', () => {
  it('tell what the key has spent with this call, and may spend', async () => {
    const under = await budgetGateway([keyScope({ budgets: [hard(1)] })])
    await under.ask()
    const response = await under.ask()
    expect(response.headers.get('x-litellm-key-spend')).toBe('0.010000012')
    expect(response.headers.get('x-litellm-key-max-budget')).toBe('1')
    const stream = await under.ask({ stream: true })
    expect(stream.headers.get('x-litellm-key-spend')).toBe('0.010000012')
    await stream.text()
    expect(await under.spent('spend:key:k1')).toEqual([3 * CALL])
  })

  it('also for keys without a budget; callers without a key have none', async () => {
    const under = await budgetGateway([keyScope()])
    const response = await under.ask()
    expect(response.headers.get('x-litellm-key-spend')).toBe('0.005000006')
    expect(response.headers.get('x-litellm-key-max-budget')).toBeNull()
    under.as(undefined)
    expect((await under.ask()).headers.get('x-litellm-key-spend')).toBeNull()
  })
})

describe('the whole', () => {
  it('LiteLLM’s settings are the gateway’s budget; 0 is none', async () => {
    const { createGateway } = await import('../../../src/index.ts')
    const ask = async (settings: Record<string, unknown>) => {
      const gateway = await createGateway(
        { models: [priced()], plugins: { 'master-key': false } },
        { env: {}, litellm: settings },
      )
      const body = JSON.stringify({ model: 'm', messages: [{ role: 'user', content: 'Hello' }], max_tokens: 100 })
      const response = await gateway.fetch('http://gateway/v1/chat/completions', { method: 'POST', body })
      await gateway.close()
      return response.status
    }
    const path = 'litellm_settings.'
    expect(await ask({ [`${path}max_budget`]: 0.001, [`${path}budget_duration`]: '30d' })).toBe(429)
    expect(await ask({ [`${path}max_budget`]: 0, [`${path}timezone`]: 'Asia/Tokyo' })).toBe(200)
    await expect(createGateway({ plugins: { budget: { timezone: 'Nowhere' } } }, { env: {} })).rejects.toThrow(
      'plugins.budget.timezone',
    )
  })

  it('an owner that is named twice pays once', async () => {
    const scope = keyScope({ budgets: [hard(0.012)] })
    const under = await budgetGateway([scope, { ...scope }])
    expect((await under.ask()).status).toBe(200)
    expect(await under.held('spend:key:k1')).toEqual([CALL])
  })

  it('many budgets in one step: as many round trips as without', async () => {
    const under = await budgetGateway([
      keyScope({ budgets: [hard(1), hard(1, { id: 'd', window: '1d' }), { id: 's', soft: usd(5), window: '1h' }] }),
      { kind: 'team', id: 't', budgets: [hard(1)] },
    ])
    const add = vi.spyOn(under.counters, 'add')
    const settle = vi.spyOn(under.counters, 'settle')
    expect((await under.ask()).status).toBe(200)
    expect([add.mock.calls.length, settle.mock.calls.length]).toEqual([1, 1])
    expect(add.mock.calls[0]![0]).toHaveLength(4)
  })
})

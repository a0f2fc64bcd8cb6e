import { expect, it, vi } from 'vitest'
import { budgetGateway, costOf, errorOf, hard, keyScope, priced, usd } from './support.ts'

const dear = priced({ name: 'dear', prices: { input_cost_per_token: 1e-9, output_cost_per_token: 1e-3 } })
const failing = priced({ model: 'mock/error-500' })
const fallbacks = { fallback: { fallbacks: [{ m: ['dear'] }] } }

it('a fallback that is dearer is reserved before it is called', async () => {
  const under = await budgetGateway([keyScope({ budgets: [hard(0.2)] })], {
    models: [failing, dear],
    plugins: fallbacks,
  })
  const answer = await under.ask()
  expect(answer.status).toBe(200)
  expect(answer.headers.get('x-litellm-model-group')).toBe('dear')
  expect(await under.held('spend:key:k1')).toEqual([50_000_006])
})

it('and not called where the budget does not cover it', async () => {
  const under = await budgetGateway([keyScope({ budgets: [hard(0.05)] })], {
    models: [failing, dear],
    plugins: fallbacks,
  })
  const answer = await under.ask()
  // The error of a chain that failed is that of its first group.
  expect([answer.status, answer.headers.get('x-ungate-error-origin')]).toEqual([500, 'provider'])
  await vi.waitFor(() => expect(under.records).toHaveLength(1))
  expect(under.records[0]!.attempts).toHaveLength(1)
  expect(await under.held('spend:key:k1')).toEqual([0])
})

it('a fallback counts in the budgets of its own models, and not in those of the model it stands in for', async () => {
  const budgets = [hard(1, { id: 'm', models: ['m'] }), hard(0.11, { id: 'dear', models: ['dear'] })]
  const under = await budgetGateway([keyScope({ budgets })], { models: [failing, dear], plugins: fallbacks })
  expect((await under.ask()).status).toBe(200)
  expect(await under.held('spend:key:k1:m', 'spend:key:k1:dear', 'spend:key:k1')).toEqual([0, 50_000_006, 50_000_006])
  expect((await under.ask()).status).toBe(500)
  expect((await under.ask({ model: 'dear' })).status).toBe(429)
  expect(await under.held('spend:key:k1:m', 'spend:key:k1:dear', 'spend:key:k1')).toEqual([0, 50_000_006, 50_000_006])
})

it('a free model with a fallback that is not', async () => {
  const models = [{ name: 'm', model: 'mock/error-500', pace: 0, latency: 0 }, dear]
  const under = await budgetGateway([keyScope({ budgets: [hard(0.15)] })], { models, plugins: fallbacks })
  expect((await under.ask()).status).toBe(200)
  expect(await under.held('spend:key:k1')).toEqual([50_000_006])
  expect((await under.ask()).status).toBe(500)
  expect(await under.held('spend:key:k1')).toEqual([50_000_006])
})

it('the dearest of several deployments is reserved', async () => {
  const under = await budgetGateway([keyScope({ budgets: [hard(0.05)] })], {
    models: [priced(), { ...dear, name: 'm' }],
  })
  expect((await under.ask()).status).toBe(429)
})

it('a passed-through call that names no model is reserved once its deployment is known', async () => {
  const { startUpstream, sendJson } = await import('../../support/upstream.ts')
  const upstream = await startUpstream((_call, response) =>
    sendJson(response, { id: 'resp_1', usage: { input_tokens: 10, output_tokens: 20, total_tokens: 30 } }),
  )
  const { name, prices } = priced()
  const model = { name, prices: prices!, model: 'openai/x', apiKey: 'sk-test-0123456789', baseURL: upstream.url }
  const under = await budgetGateway([keyScope({ budgets: [hard(0.05)] })], { models: [model] })
  const post = (body: unknown) =>
    under.gateway.fetch('http://gateway/v1/responses', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
  expect((await post({ input: 'Hello', max_output_tokens: 100 })).status).toBe(200)
  expect(await under.held('spend:key:k1')).toEqual([20 * 100_000 + 10])
  // A chat's field says nothing to this endpoint.
  const refused = await post({ input: 'Hello', max_tokens: 100 })
  expect([refused.status, (await errorOf(refused)).code]).toEqual([429, 'budget_exceeded'])
  expect((await post({ model: 'm', input: 'Hello', max_output_tokens: 1000 })).status).toBe(429)
  const files = await under.gateway.fetch('http://gateway/v1/files', { method: 'GET' })
  expect(files.status).toBe(200)
  expect(upstream.requests.map(({ path }) => path)).toEqual(['/responses', '/files'])
  await upstream.close()
})

it('a cached answer costs nothing and holds nothing', async () => {
  const under = await budgetGateway([keyScope({ budgets: [hard(0.012)] })], { plugins: { cache: {} } })
  const statuses = [(await under.ask()).status]
  await vi.waitFor(async () => {
    under.as({ scopes: [keyScope({ budgets: [hard(1)] })] })
    expect((await under.ask()).headers.get('x-litellm-cache-hit')).toBe('True')
  })
  expect(statuses).toEqual([200])
  await vi.waitFor(() => expect(costOf(under.records)).toBeGreaterThan(0))
  expect(await under.held('spend:key:k1')).toEqual([costOf(under.records)])
})

it('a reservation of a node that died ends by itself; that of a call that runs is renewed', async () => {
  vi.useFakeTimers({ toFake: ['Date', 'setInterval', 'clearInterval'], now: 1_000_000_000_000 })
  try {
    const under = await budgetGateway([keyScope({ budgets: [hard(0.015)] })], {
      models: [priced(), priced({ name: 'never', model: 'mock/timeout' })],
    })
    const leaving = new AbortController()
    const left = under.ask({ model: 'never' }, { signal: leaving.signal }).catch(() => undefined)
    await vi.waitFor(async () => expect((await under.held('spend:key:k1'))[0]).toBeGreaterThan(usd(0.01)))
    // Time passes and the renewals run.
    for (let minute = 0; minute < 20; minute++) vi.advanceTimersByTime(60_000)
    expect((await under.ask()).status).toBe(429)
    // Time passes and nobody renews: as after a crash.
    vi.setSystemTime(Date.now() + 301_000)
    expect((await under.ask()).status).toBe(200)
    leaving.abort()
    await left
    await vi.waitFor(() => expect(under.gateway.inFlight()).toBe(0))
    expect(await under.held('spend:key:k1')).toEqual([5_000_006])
  } finally {
    vi.useRealTimers()
  }
})

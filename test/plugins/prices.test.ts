import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { ConfigError } from '../../src/config/problem.ts'
import { createGateway, definePlugin, logger, z } from '../../src/index.ts'
import type { Gateway, GatewayConfig, Principal } from '../../src/index.ts'
import { startUpstream } from '../prices/upstream.ts'

const KEYS = { apiKey: 'sk-test-0000' }
const MODELS = [
  { name: 'smart', model: 'openai/gpt-4o', ...KEYS },
  { name: 'own', model: 'openai/own', ...KEYS, prices: { input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 } },
  { name: 'nobody', model: 'openai/unheard-of', ...KEYS },
]
let gateway: Gateway

async function start(config: GatewayConfig = {}, principal?: Principal) {
  const as = definePlugin({
    name: 'as',
    order: 'pre',
    options: z.object({}),
    setup: () => ({
      auth: (ctx) => {
        if (principal) ctx.principal = principal
      },
    }),
  })
  gateway = await createGateway({ models: MODELS, ...config, use: [as] }, { env: {} })
}

async function post(path: string, body: unknown): Promise<{ status: number; body: Record<string, unknown> }> {
  const response = await gateway.fetch(`http://localhost${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  })
  return { status: response.status, body: (await response.json()) as Record<string, unknown> }
}

const usage = { prompt_tokens: 1000, completion_tokens: 100, prompt_tokens_details: { cached_tokens: 400 } }

beforeEach(() => {
  vi.spyOn(logger, 'warn').mockImplementation(() => {})
})

afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await gateway.close()
})

describe('POST /spend/calculate', () => {
  it('says what a usage, an answer or messages cost', async () => {
    await start()
    expect(await post('/spend/calculate', { model: 'smart', usage })).toEqual({ status: 200, body: { cost: 0.003 } })
    const answer = { model: 'gpt-4o-2024-08-06', usage, choices: [] }
    expect((await post('/spend/calculate', { completion_response: answer })).body).toEqual({ cost: 0.003 })
    expect((await post('/spend/calculate', { model: 'own', completion_response: answer })).body).toEqual({
      cost: 0.0012,
    })
    // 44 characters of JSON, about four a token.
    const messages = [{ role: 'user', content: 'Hello, how are' }]
    expect(JSON.stringify(messages)).toHaveLength(44)
    expect((await post('/spend/calculate', { model: 'own', messages })).body).toEqual({ cost: 0.000011 })
  })

  it('knows models of the price list that are not in the config', async () => {
    await start()
    expect((await post('/spend/calculate', { model: 'anthropic/claude-sonnet-4-5', usage })).body).toEqual({
      cost: 0.00342,
    })
    expect((await post('/spend/calculate', { model: 'together_ai/moonshotai/nothing', usage })).status).toBe(404)
  })

  it('counts the characters of messages, and refuses to call free what it cannot measure', async () => {
    const priced = (name: string, prices: Record<string, number>) => ({ name, model: 'openai/own', ...KEYS, prices })
    await start({
      models: [
        priced('characters', { input_cost_per_character: 1e-6 }),
        priced('pictures', { output_cost_per_image: 0.04 }),
        priced('seconds', { input_cost_per_second: 0.01 }),
        priced('free', { input_cost_per_token: 0, output_cost_per_token: 0 }),
      ],
    })
    const messages = [
      { role: 'user', content: 'Hello' },
      { role: 'user', content: [{ type: 'text', text: 'you' }] },
    ]
    const calculate = (model: string, given: Record<string, unknown>) => post('/spend/calculate', { model, ...given })
    expect((await calculate('characters', { messages })).body).toEqual({ cost: 0.000008 })
    expect((await calculate('seconds', { usage: { type: 'duration', seconds: 3 } })).body).toEqual({ cost: 0.03 })
    expect((await calculate('free', { messages })).body).toEqual({ cost: 0 })
    for (const [model, given] of [
      ['characters', { usage }],
      ['pictures', { messages }],
      ['seconds', { messages }],
    ] as const) {
      const { status, body } = await calculate(model, given)
      expect([model, status, body]).toMatchObject([model, 400, { error: { param: 'model' } }])
    }
  })

  it('refuses what it cannot know', async () => {
    await start()
    expect(await post('/spend/calculate', { model: 'nobody', usage })).toMatchObject({
      status: 404,
      body: { error: { code: 'price_unknown', param: 'model' } },
    })
    expect(await post('/spend/calculate', { model: 'what-is-this', usage })).toMatchObject({
      status: 404,
      body: { error: { code: 'model_not_found' } },
    })
    expect(await post('/spend/calculate', { usage })).toMatchObject({
      status: 400,
      body: { error: { param: 'model' } },
    })
    expect(await post('/spend/calculate', { model: 'smart' })).toMatchObject({
      status: 400,
      body: { error: { param: 'messages' } },
    })
    expect(await post('/spend/calculate', { model: 'smart', usage: { tokens: 3 } })).toMatchObject({
      status: 400,
      body: { error: { param: 'usage' } },
    })
    expect(await post('/spend/calculate', { model: 'smart', messages: 'x' })).toMatchObject({
      status: 400,
      body: { error: { param: 'messages' } },
    })
  })

  it('tells a key only the prices of its own models', async () => {
    await start({}, { id: 'key', role: 'user', models: ['own'] })
    expect((await post('/spend/calculate', { model: 'own', usage })).status).toBe(200)
    expect((await post('/spend/calculate', { model: 'smart', usage })).status).toBe(404)
    expect((await post('/spend/calculate', { model: 'openai/gpt-4o', usage })).status).toBe(404)
  })
})

describe('overrides', () => {
  it('price models in place of the list', async () => {
    const overrides = { 'openai/gpt-4o': { input_cost_per_token: 1e-6, output_cost_per_token: 1e-6 } }
    await start({ plugins: { prices: { overrides } } })
    expect((await post('/spend/calculate', { model: 'smart', usage })).body).toEqual({ cost: 0.0011 })
  })

  it('with a price that does not exist are a mistake of the config', async () => {
    await start()
    const overrides = { 'gpt-4o': { input_cost_per_tokn: 1 } }
    const error = await createGateway({ plugins: { prices: { overrides } } }, { env: {} }).catch(
      (reason: unknown) => reason,
    )
    expect(error).toBeInstanceOf(ConfigError)
    expect((error as Error).message).toContain('plugins.prices.overrides.gpt-4o')
    expect((error as Error).message).toContain('no such price: input_cost_per_tokn')
  })
})

/** Where the price list is fetched from; its only model costs `price`. */
let price = 1
let requests = 0
let status = 200
const list = await startUpstream((_request, response) => {
  requests++
  response.statusCode = status
  response.setHeader('content-type', 'application/json')
  const models = [{ id: 'gpt-4o', match: { equals: 'gpt-4o' }, prices: { input_mtok: price, output_mtok: 0 } }]
  response.end(status === 200 ? JSON.stringify([{ id: 'openai', name: 'OpenAI', api_pattern: 'x', models }]) : '{}')
})
const url = `${list.baseURL}/data.json?token=hush-hush`

describe('refreshing', () => {
  const cost = async () => (await post('/spend/calculate', { model: 'smart', usage })).body['cost']
  afterAll(() => list.close())

  it('happens only on demand unless the config says more', async () => {
    await start({ plugins: { prices: { url } } })
    expect(await cost()).toBe(0.003)
    expect(requests).toBe(0)
    expect(await post('/reload/model_cost_map', {})).toEqual({ status: 200, body: { status: 'success' } })
    expect(await cost()).toBe(0.001)
    expect(requests).toBe(1)
  })

  it('fetches at start, every so many hours and on demand, and prices by what came', async () => {
    vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
    requests = 0
    price = 5
    await start({ plugins: { prices: { refresh: 2, url } } })
    await vi.waitFor(async () => expect(await cost()).toBe(0.005))
    price = 2
    vi.advanceTimersByTime(2 * 3_600_000)
    await vi.waitFor(async () => expect(await cost()).toBe(0.002))
    price = 3
    expect(await post('/reload/model_cost_map', {})).toEqual({ status: 200, body: { status: 'success' } })
    expect(await cost()).toBe(0.003)
    expect(requests).toBe(3)
    await gateway.close()
    vi.advanceTimersByTime(10 * 3_600_000)
    expect(requests).toBe(3)
  })

  it('keeps the prices that it has when the list cannot be fetched, and says no address', async () => {
    price = 4
    await start({ plugins: { prices: { refresh: 2, url } } })
    await vi.waitFor(async () => expect(await cost()).toBe(0.004))
    status = 404
    expect(await post('/reload/model_cost_map', {})).toMatchObject({
      status: 502,
      body: { error: { code: 'price_list_unavailable' } },
    })
    expect(await cost()).toBe(0.004)
    expect(vi.mocked(logger.warn).mock.calls).toEqual([
      ['The price list could not be refreshed, the prices are as before: the server answered 404.'],
    ])
  })

  it('is for admins', async () => {
    status = 200
    await start({ plugins: { prices: { refresh: 2, url } } }, { id: 'key', role: 'user' })
    expect((await post('/reload/model_cost_map', {})).status).toBe(403)
  })
})

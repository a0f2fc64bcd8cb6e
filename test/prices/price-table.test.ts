import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { costOf, createGateway, logger, toPriceKeys } from '../../src/index.ts'
import type { Gateway, GatewayConfig, ModelConfig, Price } from '../../src/index.ts'
import { translateLitellm } from '../../src/config/litellm.ts'
import { createPriceTable } from '../../src/prices/price-table.ts'

const KEYS = { apiKey: 'sk-test-0000' }
let gateway: Gateway | undefined

/** The price table of a gateway with these models, and the price of a name. */
async function pricesOf(models: ModelConfig[], config: GatewayConfig = {}) {
  gateway = await createGateway({ models, ...config }, { env: {} })
  const table = createPriceTable({ deployments: gateway.deployments, definitions: gateway.providers })
  await table.load()
  return { table, of: (name: string): Price => table.of(gateway!.resolve(name)[0]!) }
}

beforeEach(() => {
  vi.spyOn(logger, 'warn').mockImplementation(() => {})
})

afterEach(async () => {
  vi.useRealTimers()
  vi.restoreAllMocks()
  await gateway?.close()
  gateway = undefined
})

const usage = { input: 1_000_000, output: 1_000_000 }

describe('the price table', () => {
  it('finds models in the price list by their provider', async () => {
    const { of } = await pricesOf([
      { name: 'openai/*', model: 'openai/*', ...KEYS },
      { name: 'azure/*', model: 'azure/*', baseURL: 'https://x.openai.azure.com', ...KEYS },
      { name: 'claude', model: 'anthropic/claude-sonnet-4-5-20250929', ...KEYS },
      { name: 'gemini/*', model: 'gemini/*', ...KEYS },
      { name: 'xai/*', model: 'xai/*', ...KEYS },
      { name: 'openrouter/*', model: 'openrouter/*', ...KEYS },
    ])
    const total = (name: string) => costOf(usage, of(name)).total
    expect(of('openai/gpt-4o')).toMatchObject({ source: 'library', listed: 'openai/gpt-4o', free: false })
    expect(total('openai/gpt-4o')).toBe(12_500_000_000)
    expect(total('openai/gpt-4o-2024-08-06')).toBe(12_500_000_000)
    expect(total('openai/gpt-4o-20240806')).toBe(12_500_000_000)
    expect(of('azure/gpt-4o')).toMatchObject({ source: 'library', listed: 'azure/gpt-4o' })
    expect(of('claude').tiers).toMatchObject([
      {
        above: 0,
        input: 3000,
        cacheRead: 300,
        cacheWrite: 3750,
        cacheWrite1h: 6000,
        output: 15_000,
        reasoning: 15_000,
      },
      { above: 200_000, input: 6000, cacheRead: 600, output: 22_500 },
    ])
    expect(of('claude').units.search).toBe(10_000_000)
    expect(of('gemini/gemini-2.5-pro').listed).toBe('google/gemini-2.5-pro')
    expect(of('gemini/models/gemini-2.5-pro').listed).toBe('google/gemini-2.5-pro')
    expect(of('gemini/gemini-2.5-flash-image').tiers[0]).toMatchObject({ output: 2500, imageOutput: 30_000 })
    expect(of('xai/grok-4').source).toBe('library')
    expect(of('openrouter/anthropic/claude-sonnet-4.5').listed).toBe('openrouter/anthropic/claude-sonnet-4.5')
    expect(of('openrouter/meta-llama/llama-3.3-70b-instruct:free')).toMatchObject({ source: 'library', free: true })
    expect(of('openai/whisper-1').units.second).toBe(100_000)
  })

  it('says unknown where nobody knows, also for a provider whose name only resembles one', async () => {
    const { of } = await pricesOf([
      { name: 'nobody', model: 'openai/no-such-model', ...KEYS },
      { name: 'own', model: 'vllm/gpt-4o', baseURL: 'http://127.0.0.1:1/v1', ...KEYS },
      { name: 'pictures', model: 'openai/dall-e-3', ...KEYS },
    ])
    for (const name of ['nobody', 'own', 'pictures']) expect(of(name)).toMatchObject({ source: 'unknown', free: false })
  })

  it('takes the deployment’s prices first', async () => {
    const { of } = await pricesOf([
      { name: 'both', model: 'openai/gpt-4o', ...KEYS, prices: { input_cost_per_token: 0, output_cost_per_token: 0 } },
      { name: 'input', model: 'openai/gpt-4o', ...KEYS, prices: { input_cost_per_token: 1e-6 } },
      { name: 'cache', model: 'openai/gpt-4o', ...KEYS, prices: { cache_read_input_token_cost: 1e-6 } },
      { name: 'info', model: 'openai/own', ...KEYS, info: { input_cost_per_token: 1e-6, mode: 'embedding' } },
    ])
    // Free means free: a cached token has not kept the list's price.
    expect(of('both')).toMatchObject({
      source: 'deployment',
      free: true,
      tiers: [{ input: 0, cacheRead: 0, output: 0 }],
    })
    expect(of('both').units.search).toBe(0)
    expect(of('input').tiers).toMatchObject([{ input: 1000, cacheRead: 1000, output: 10_000 }])
    expect(of('cache').tiers).toMatchObject([{ input: 2500, cacheRead: 1000, output: 10_000 }])
    expect(of('cache').source).toBe('deployment')
    expect(of('info').tiers).toMatchObject([{ input: 1000, output: 0 }])
  })

  it('prices a deployment as the base model that it names', async () => {
    const { of } = await pricesOf([
      {
        name: 'a',
        model: 'azure/my-deployment',
        baseURL: 'https://x.openai.azure.com',
        ...KEYS,
        info: { base_model: 'gpt-4o' },
      },
      { name: 'b', model: 'openai/finetune', ...KEYS, info: { base_model: 'anthropic/claude-sonnet-4-5' } },
      { name: 'c', model: 'mock/x', info: { base_model: 'openai/gpt-4o' } },
    ])
    expect(of('a')).toMatchObject({ source: 'library', listed: 'azure/gpt-4o' })
    expect(of('b').listed).toBe('anthropic/claude-sonnet-4-5')
    expect(of('c').listed).toBe('openai/gpt-4o')
  })

  it('has what runs here for nothing', async () => {
    const { of } = await pricesOf([
      { name: 'm', model: 'mock/echo' },
      { name: 'o', model: 'ollama/llama3.2' },
      { name: 'o2', model: 'ollama/llama3.2', prices: { output_cost_per_token: 1e-6 } },
    ])
    expect(of('m')).toMatchObject({ source: 'deployment', free: true })
    expect(of('o')).toMatchObject({ source: 'deployment', free: true })
    expect(of('o2')).toMatchObject({ free: false, tiers: [{ input: 0, output: 1000 }] })
  })

  it('puts overrides between the deployment and the list, by three names', async () => {
    const { table, of } = await pricesOf([
      { name: 'one', model: 'openai/gpt-4o', ...KEYS },
      { name: 'two', model: 'openai/gpt-4o-mini', ...KEYS },
      { name: 'three', model: 'openai/unheard-of', ...KEYS },
      { name: 'four', model: 'openai/gpt-4o', ...KEYS, prices: { input_cost_per_token: 9e-6 } },
    ])
    expect(of('one').tiers[0]!.input).toBe(2500)
    table.override({
      'openai/gpt-4o': { input_cost_per_token: 1e-6 },
      'gpt-4o-mini': { output_cost_per_token: 2e-6 },
      three: { input_cost_per_token: 3e-6, output_cost_per_token: 4e-6 },
    })
    expect(of('one').tiers[0]).toMatchObject({ input: 1000, output: 10_000 })
    expect(of('two').tiers[0]).toMatchObject({ input: 150, output: 2000 })
    expect(of('three').tiers[0]).toMatchObject({ input: 3000, output: 4000 })
    expect(of('four').tiers[0]).toMatchObject({ input: 9000, output: 10_000 })
    expect(table.find('openai', 'gpt-4o')).toMatchObject({ source: 'deployment', tiers: [{ input: 1000 }] })
  })

  it('names price keys that have no effect, with their place', async () => {
    const { table } = await pricesOf([
      { name: 'm', model: 'openai/gpt-4o', ...KEYS, prices: { input_cost_per_tokn: 1, output_cost_per_token: 1e-6 } },
    ])
    expect(table.warnings).toEqual(['config models[0]: the price input_cost_per_tokn is not known; it has no effect.'])
    expect(gateway!.warnings).toEqual(table.warnings)
  })

  it('takes the price of an output character for none, wherever it stands, and says so', async () => {
    const { table, of } = await pricesOf([
      { name: 'a', model: 'openai/own', ...KEYS, prices: { output_cost_per_character: 2e-6 } },
      {
        name: 'b',
        model: 'openai/own-too',
        ...KEYS,
        info: { input_cost_per_character: 1e-6, output_cost_per_character: 2e-6 },
      },
    ])
    expect(table.warnings).toEqual(
      [0, 1].map((at) => `config models[${at}]: the price output_cost_per_character is not known; it has no effect.`),
    )
    expect(of('a').source).toBe('unknown')
    expect(costOf({ input: 9, output: 9 }, of('b'), { characters: 10 }).total).toBe(10_000)
  })

  it('prices the deployments of a LiteLLM config', async () => {
    const { config, problems } = translateLitellm(
      {
        model_list: [
          { model_name: 'a', litellm_params: { model: 'openai/a', api_key: 'sk-x', input_cost_per_token: '1e-6' } },
          {
            model_name: 'b',
            litellm_params: { model: 'azure/my-b', api_key: 'sk-x', api_base: 'https://x.example' },
            model_info: { base_model: 'azure/gpt-4o' },
          },
          { model_name: 'c', litellm_params: { model: 'openai/c', api_key: 'sk-x', cost_per_second: 0.002 } },
          {
            model_name: 'd',
            litellm_params: { model: 'openai/d', api_key: 'sk-x' },
            model_info: {
              output_cost_per_token: 4e-6,
              tiered_pricing: [
                { range: [0, 1000], input_cost_per_token: 1e-6 },
                { range: [1000, 2000], input_cost_per_token: 3e-6 },
              ],
            },
          },
        ],
      },
      { file: 'config.yaml', env: {} },
    )
    expect(problems).toEqual([])
    const { of } = await pricesOf(config.models!)
    expect(of('a')).toMatchObject({ source: 'deployment', tiers: [{ input: 1000, output: 0 }] })
    expect(of('b')).toMatchObject({ source: 'library', listed: 'azure/gpt-4o' })
    expect(of('c').units.second).toBe(2_000_000)
    expect(of('d').tiers).toMatchObject([
      { above: 0, input: 1000, output: 4000 },
      { above: 1000, input: 3000, output: 4000 },
    ])
  })

  it('finds models that no deployment has', async () => {
    const { table } = await pricesOf([{ name: 'm', model: 'mock/echo' }])
    expect(table.find('anthropic', 'claude-sonnet-4-5').listed).toBe('anthropic/claude-sonnet-4-5')
    expect(table.find('ollama', 'llama3.2').free).toBe(true)
    expect(table.find('vllm', 'gpt-4o').source).toBe('unknown')
  })

  it('tells of a model without a price once', async () => {
    const { table } = await pricesOf([{ name: 'm', model: 'openai/unheard-of', ...KEYS }])
    const target = gateway!.resolve('m')[0]!
    table.reportUnknown(target)
    table.reportUnknown(target)
    expect(vi.mocked(logger.warn).mock.calls).toEqual([
      [
        'Nobody knows what openai/unheard-of costs: its calls are accounted with cost 0, as unknown. ' +
          'Set its `models[].prices` (0 where it is free), or `info.base_model` to price it as another.',
      ],
    ])
  })

  it('says a price in LiteLLM’s names', async () => {
    const { of } = await pricesOf([
      { name: 'claude', model: 'anthropic/claude-sonnet-4-5', ...KEYS, info: {} },
      { name: 'flat', model: 'openai/x', ...KEYS, prices: { input_cost_per_token: 1e-7, output_cost_per_token: 3e-7 } },
      { name: 'nobody', model: 'openai/unheard-of', ...KEYS },
    ])
    expect(toPriceKeys(of('flat'))).toEqual({ input_cost_per_token: 1e-7, output_cost_per_token: 3e-7 })
    expect(toPriceKeys(of('nobody'))).toEqual({})
    const keys = toPriceKeys(of('claude'))
    expect(keys).not.toHaveProperty('input_cost_per_token_cache_hit')
    expect(keys).toMatchObject({
      input_cost_per_token: 3e-6,
      input_cost_per_token_above_200k_tokens: 6e-6,
      cache_read_input_token_cost: 3e-7,
      cache_creation_input_token_cost: 3.75e-6,
      cache_creation_input_token_cost_above_1hr: 6e-6,
      output_cost_per_token: 1.5e-5,
      output_cost_per_token_above_200k_tokens: 2.25e-5,
    })
  })
})

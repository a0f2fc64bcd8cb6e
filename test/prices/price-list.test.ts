import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGateway, logger } from '../../src/index.ts'
import type { Gateway, GatewayConfig, ModelConfig, Price } from '../../src/index.ts'
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

/** Updates are for the whole process: each test says what the list is. */
describe('the price list, updated', () => {
  it('resolves once per target, and anew where the price depends on the hour', async () => {
    vi.useFakeTimers({ toFake: ['Date'], now: Date.UTC(2025, 2, 3, 12, 0, 30) })
    const { table, of } = await pricesOf([
      { name: 'fixed', model: 'openai/gpt-4o', ...KEYS },
      { name: 'hourly', model: 'openai/off-peak', ...KEYS },
    ])
    await table.update([
      {
        id: 'openai',
        name: 'OpenAI',
        api_pattern: 'x',
        models: [
          { id: 'gpt-4o', match: { equals: 'gpt-4o' }, prices: { input_mtok: 1 } },
          {
            id: 'off-peak',
            match: { equals: 'off-peak' },
            prices: [
              { prices: { input_mtok: 4 } },
              {
                constraint: { type: 'time_of_date', start_time: '16:30:00Z', end_time: '18:00:00Z' },
                prices: { input_mtok: 2 },
              },
            ],
          },
        ],
      },
    ])
    expect(of('fixed')).toBe(of('fixed'))
    expect(of('fixed').tiers[0]!.input).toBe(1000)
    expect(of('hourly').tiers[0]!.input).toBe(4000)
    expect(of('hourly')).toBe(of('hourly'))
    vi.setSystemTime(Date.UTC(2025, 2, 3, 16, 30, 1))
    expect(of('hourly').tiers[0]!.input).toBe(2000)
    expect(of('fixed')).toBe(of('fixed'))
  })

  it('keeps its prices where newer data cannot be used', async () => {
    const { table, of } = await pricesOf([{ name: 'm', model: 'openai/gpt-4o', ...KEYS }])
    const before = of('m')
    for (const data of [{}, [], 'no', [{ id: 'openai' }], [{ id: 'openai', models: [{ id: 'gpt-4o' }] }]]) {
      await expect(table.update(data)).rejects.toThrow('not in the form')
    }
    expect(of('m')).toEqual(before)
  })

  it.each([
    ['a price in words', { prices: { input_mtok: '3' } }],
    ['a negative price', { prices: { input_mtok: -3 } }],
    ['a price that is null', { prices: { input_mtok: null } }],
    ['tiers that are missing', { prices: { input_mtok: { base: 3 } } }],
    ['a tier that is none', { prices: { input_mtok: { base: 3, tiers: [null] } } }],
    ['no prices', { prices: null }],
    ['prices at no time', { prices: [] }],
    ['a broken pattern', { match: { regex: '(' } }],
    ['a match that is none', { match: { or: 5 } }],
    ['a match without its text', { match: { or: [{ equals: 5 }] } }],
  ])('is as before where one of its entries has %s: others of the provider have prices', async (_name, broken) => {
    const { table, of } = await pricesOf([{ name: 'm', model: 'openai/gpt-4o', ...KEYS }])
    const list = (...models: object[]) => [{ id: 'openai', name: 'OpenAI', api_pattern: 'x', models }]
    const good = { id: 'gpt-4o', match: { equals: 'gpt-4o' }, prices: { input_mtok: 7, output_mtok: 7 } }
    await table.update(list(good))
    const before = of('m')
    const other = { id: 'other', match: { equals: 'other' }, prices: { input_mtok: 1 }, ...broken }
    await expect(table.update(list(other, { ...good, prices: { input_mtok: 8 } }))).rejects.toThrow(
      'The entry of openai/other is not in the form of the price list.',
    )
    expect(of('m')).toEqual(before)
    expect(before.tiers[0]!.input).toBe(7000)
  })

  it('is newer for every gateway of the process', async () => {
    const list = (price: number) => [
      {
        id: 'openai',
        name: 'OpenAI',
        api_pattern: 'x',
        models: [{ id: 'new', match: { equals: 'new' }, prices: { input_mtok: price } }],
      },
    ]
    const one = await pricesOf([{ name: 'm', model: 'openai/new', ...KEYS }])
    const first = gateway!
    const two = await pricesOf([{ name: 'm', model: 'openai/new', ...KEYS }])
    await one.table.update(list(1))
    const target = first.resolve('m')[0]!
    expect([one.table.of(target).tiers[0]!.input, two.of('m').tiers[0]!.input]).toEqual([1000, 1000])
    await two.table.update(list(2))
    expect([one.table.of(target).tiers[0]!.input, two.of('m').tiers[0]!.input]).toEqual([2000, 2000])
    await first.close()
  })
})

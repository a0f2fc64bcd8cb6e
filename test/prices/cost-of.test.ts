import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { costOf } from '../../src/index.ts'
import type { Cost, Price, TokenRates, Usage } from '../../src/index.ts'
import { readPriceKeys } from '../../src/prices/price-keys.ts'
import { toPrice, UNKNOWN_PRICE } from '../../src/prices/raw-price.ts'

const priced = (prices: Record<string, number>, info: Record<string, unknown> = {}): Price =>
  toPrice(readPriceKeys(prices, info).raw, { source: 'deployment' })

const sonnet = priced({
  input_cost_per_token: 3e-6,
  output_cost_per_token: 15e-6,
  cache_read_input_token_cost: 0.3e-6,
  cache_creation_input_token_cost: 3.75e-6,
  cache_creation_input_token_cost_above_1hr: 6e-6,
  input_cost_per_token_above_200k_tokens: 6e-6,
  output_cost_per_token_above_200k_tokens: 22.5e-6,
  cache_read_input_token_cost_above_200k_tokens: 0.6e-6,
  cache_creation_input_token_cost_above_200k_tokens: 7.5e-6,
  cache_creation_input_token_cost_above_1hr_above_200k_tokens: 12e-6,
})

const none = { input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, other: 0, source: 'deployment' as const }

describe('costOf', () => {
  it('prices input, cached input, written cache and output each by its own rate', () => {
    const usage = { input: 10_000, output: 500, cacheRead: 6000, cacheWrite: 3000, cacheWrite1h: 1000 }
    expect(costOf(usage, sonnet)).toEqual({
      ...none,
      total: 1000 * 3000 + 6000 * 300 + 2000 * 3750 + 1000 * 6000 + 500 * 15_000,
      input: 3_000_000,
      cacheRead: 1_800_000,
      cacheWrite: 13_500_000,
      output: 7_500_000,
    })
  })

  it('prices the whole call by the tier that its input falls into, cached tokens included', () => {
    const at = (input: number) => costOf({ input, output: 10, cacheRead: 100_000 }, sonnet).total
    expect(at(200_000)).toBe(100_000 * 3000 + 100_000 * 300 + 10 * 15_000)
    expect(at(200_001)).toBe(100_001 * 6000 + 100_000 * 600 + 10 * 22_500)
    const written = { input: 300_000, output: 0, cacheWrite: 20, cacheWrite1h: 10 }
    expect(costOf(written, sonnet)).toMatchObject({ input: 299_980 * 6000, cacheWrite: 10 * 7500 + 10 * 12_000 })
  })

  it('prices reasoning inside the output, apart only where it has a price of its own', () => {
    const usage = { input: 0, output: 100, reasoning: 40 }
    expect(costOf(usage, sonnet)).toEqual({ ...none, total: 1_500_000, output: 1_500_000, reasoning: 600_000 })
    const own = priced({ output_cost_per_token: 1e-6, output_cost_per_reasoning_token: 2e-6 })
    expect(costOf(usage, own)).toEqual({ ...none, total: 140_000, output: 140_000, reasoning: 80_000 })
  })

  it('prices audio and picture tokens as parts of input and output', () => {
    const price = priced({
      input_cost_per_token: 1e-6,
      output_cost_per_token: 2e-6,
      input_cost_per_audio_token: 10e-6,
      output_cost_per_audio_token: 20e-6,
      input_cost_per_image_token: 5e-6,
      output_cost_per_image_token: 30e-6,
    })
    const usage = { input: 100, output: 50, audioInput: 30, audioOutput: 20, imageInput: 10, imageOutput: 5 }
    expect(costOf(usage, price)).toMatchObject({
      input: 60 * 1000 + 30 * 10_000 + 10 * 5000,
      output: 25 * 2000 + 20 * 20_000 + 5 * 30_000,
    })
  })

  it('charges a cached token as a fresh one where the cache has no price, never nothing', () => {
    const plain = priced({ input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 })
    expect(costOf({ input: 100, output: 0, cacheRead: 60, cacheWrite: 20 }, plain).total).toBe(100_000)
  })

  it('takes the prices of the service that the call had', () => {
    const price = priced({
      input_cost_per_token: 2e-6,
      output_cost_per_token: 8e-6,
      input_cost_per_token_flex: 1e-6,
      output_cost_per_token_flex: 4e-6,
      input_cost_per_token_priority: 4e-6,
      output_cost_per_token_priority: 16e-6,
      input_cost_per_token_batches: 0.5e-6,
      input_cost_per_token_above_200k_tokens: 3e-6,
    })
    const usage = { input: 10, output: 10 }
    const at = (serviceTier?: string) => costOf(usage, price, { serviceTier }).total
    expect([at(), at('default'), at('flex'), at('priority'), at('batch')]).toEqual([
      100_000, 100_000, 50_000, 200_000, 85_000,
    ])
    expect(costOf({ ...usage, serviceTier: 'flex' }, price).total).toBe(50_000)
    expect(costOf(usage, price, { serviceTier: 'constructor' }).total).toBe(100_000)
    // The discount is stated for short prompts alone.
    expect(costOf({ input: 300_000, output: 0 }, price, { serviceTier: 'flex' }).total).toBe(900_000_000)
  })

  it('reads tiered_pricing as ranges of the input', () => {
    const price = priced(
      { output_cost_per_token: 4e-6 },
      {
        tiered_pricing: [
          { range: [32_000, 128_000], input_cost_per_token: '5e-6', cache_read_input_token_cost: 1e-6 },
          { range: [0, 32_000], input_cost_per_token: 2e-6, output_cost_per_token: 3e-6 },
        ],
      },
    )
    expect(costOf({ input: 32_000, output: 1 }, price).total).toBe(32_000 * 2000 + 3000)
    expect(costOf({ input: 32_001, output: 1, cacheRead: 1 }, price).total).toBe(32_000 * 5000 + 1000 + 4000)
  })

  it('prices what is no token', () => {
    const units = priced(
      {
        input_cost_per_second: 0.0001,
        input_cost_per_character: 15e-6,
        output_cost_per_image: 0.04,
        input_cost_per_image: 0.001,
        input_cost_per_pixel: 1.9e-8,
        input_cost_per_query: 0.005,
      },
      { search_context_cost_per_query: { search_context_size_low: 0.01, search_context_size_medium: 0.02 } },
    )
    const cost = costOf({ input: 0, output: 0, searches: 2 }, units, {
      seconds: 12.5,
      characters: 10,
      images: 2,
      imagesInput: 3,
      pixels: 100,
    })
    const other = 1_250_000 + 150_000 + 80_000_000 + 3_000_000 + 1900 + 5_000_000 + 40_000_000
    expect(cost).toEqual({ ...none, total: other, other })
  })

  it('takes the prices of the request in place of all others of their side', () => {
    const usage = { input: 100, output: 10, cacheRead: 50, reasoning: 5 }
    expect(costOf(usage, sonnet, { requestPrices: { input: 1e-6, output: 2e-6 } })).toEqual({
      total: 120_000,
      input: 50_000,
      cacheRead: 50_000,
      cacheWrite: 0,
      output: 20_000,
      reasoning: 10_000,
      other: 0,
      source: 'request',
    })
    expect(costOf(usage, UNKNOWN_PRICE, { requestPrices: { output: 1e-6 } })).toMatchObject({
      total: 10_000,
      source: 'request',
    })
    expect(costOf(usage, sonnet, { requestPrices: { output: 0 } }).total).toBe(50 * 3000 + 50 * 300)
  })

  it('says unknown, and 0, where there is no price', () => {
    expect(costOf({ input: 100, output: 100 }, UNKNOWN_PRICE)).toEqual({ ...none, total: 0, source: 'unknown' })
  })

  it('rounds to the nearest nano-dollar', () => {
    const price = priced({ input_cost_per_token: 2.5e-10, output_cost_per_token: 1e-10 })
    expect(costOf({ input: 1, output: 4 }, price)).toMatchObject({ input: 0, output: 0, total: 0 })
    expect(costOf({ input: 2, output: 5 }, price)).toMatchObject({ input: 1, output: 1, total: 2 })
  })
})

const tokens = fc.integer({ min: 0, max: 2_000_000 })
const usages: fc.Arbitrary<Usage> = fc.record(
  {
    input: tokens,
    output: tokens,
    cacheRead: tokens,
    cacheWrite: tokens,
    cacheWrite1h: tokens,
    reasoning: tokens,
    audioInput: tokens,
    audioOutput: tokens,
    imageInput: tokens,
    imageOutput: tokens,
    searches: fc.integer({ min: 0, max: 50 }),
  },
  { requiredKeys: ['input', 'output'] },
)
const rate = fc.double({ min: 0, max: 100_000, noNaN: true })
const ratesOf = fc.record({
  input: rate,
  cacheRead: rate,
  cacheWrite: rate,
  cacheWrite1h: rate,
  audioInput: rate,
  imageInput: rate,
  output: rate,
  reasoning: rate,
  audioOutput: rate,
  imageOutput: rate,
} satisfies Record<keyof TokenRates, fc.Arbitrary<number>>)
const units = fc.record({
  request: rate,
  search: rate,
  second: rate,
  image: rate,
  imageInput: rate,
  pixel: rate,
  character: rate,
})
/** Tiers that are dearer the longer the prompt, as all are that exist. */
const prices: fc.Arbitrary<Price> = fc
  .tuple(ratesOf, units, fc.double({ min: 1, max: 3, noNaN: true }))
  .map(([base, unitRates, factor]): Price => ({
    source: 'library',
    tiers: [
      { above: 0, ...base },
      { above: 200_000, ...(mapValues(base, (value) => value * factor) as typeof base) },
    ],
    units: unitRates,
    free: false,
  }))

const parts = (cost: Cost) => cost.input + cost.cacheRead + cost.cacheWrite + cost.output + cost.other

describe('costOf, for any usage and price', () => {
  it('is integers that add up, none below 0, reasoning within the output', () => {
    fc.assert(
      fc.property(usages, prices, (usage, price) => {
        const cost = costOf(usage, price, { seconds: 3.3, characters: 7 })
        const { source: _, ...numbers } = cost
        for (const number of Object.values(numbers)) {
          expect(Number.isInteger(number)).toBe(true)
          expect(number).toBeGreaterThanOrEqual(0)
        }
        expect(cost.total).toBe(parts(cost))
        expect(cost.reasoning).toBeLessThanOrEqual(cost.output)
      }),
    )
  })

  it('does not fall when more is used', () => {
    const more: (keyof Usage)[] = ['input', 'output']
    fc.assert(
      fc.property(
        usages,
        prices,
        fc.constantFrom(...more),
        fc.integer({ min: 1, max: 500_000 }),
        (usage, price, key, by) => {
          const larger = { ...usage, [key]: (usage[key] as number) + by }
          expect(costOf(larger, price).total).toBeGreaterThanOrEqual(costOf(usage, price).total)
        },
      ),
    )
  })

  it('does not rise when cached tokens are cheaper', () => {
    fc.assert(
      fc.property(usages, prices, fc.double({ min: 0, max: 1, noNaN: true }), (usage, price, factor) => {
        const cheap = price.tiers.map((tier) => ({ ...tier, cacheRead: Math.min(tier.cacheRead, tier.input) * factor }))
        expect(costOf(usage, { ...price, tiers: cheap }).total).toBeLessThanOrEqual(costOf(usage, price).total)
      }),
    )
  })

  it('is never NaN, Infinity or negative, whatever a provider reports', () => {
    const nonsense = fc.constantFrom(Number.NaN, Infinity, -Infinity, -5, 1e300, 0.5, undefined, null, '7')
    const odd = fc.record({
      input: nonsense,
      output: nonsense,
      cacheRead: nonsense,
      cacheWrite: nonsense,
      reasoning: nonsense,
      audioInput: nonsense,
      searches: nonsense,
    })
    fc.assert(
      fc.property(odd, prices, nonsense, (usage, price, seconds) => {
        const cost = costOf(usage as unknown as Usage, price, { seconds: seconds as number })
        expect(Number.isFinite(cost.total)).toBe(true)
        expect(cost.total).toBeGreaterThanOrEqual(0)
      }),
    )
  })
})

function mapValues<T extends Record<string, number>>(
  values: T,
  map: (value: number) => number,
): Record<string, number> {
  return Object.fromEntries(Object.entries(values).map(([key, value]) => [key, map(value)]))
}

import type { Price, PricedService, PriceTier, TokenRates, UnitRates } from '../types/prices.ts'

/** `standard` and the ways of serving that have prices of their own. */
export type Service = 'standard' | PricedService

type Known<T> = { -readonly [K in keyof T]?: T[K] }

/** What a source says of a model's prices, before what it leaves out is filled in. Nano-dollars per unit. */
export interface RawPrice {
  /** By service, then by the input tokens above which it counts. */
  readonly tokens: ReadonlyMap<Service, ReadonlyMap<number, Known<TokenRates>>>
  readonly units: Known<UnitRates>
}

/** Collects one {@link RawPrice}. */
export interface RawPriceBuilder extends RawPrice {
  set(
    field: keyof TokenRates,
    rate: number,
    where?: { service?: Service | undefined; above?: number | undefined },
  ): void
  /** Nothing was said that a call could be charged by. */
  readonly empty: boolean
}

const INPUT: readonly (keyof TokenRates)[] = [
  'input',
  'cacheRead',
  'cacheWrite',
  'cacheWrite1h',
  'audioInput',
  'imageInput',
]
const OUTPUT: readonly (keyof TokenRates)[] = ['output', 'reasoning', 'audioOutput', 'imageOutput']
const SERVICES: readonly PricedService[] = ['batch', 'flex', 'priority']
const NO_UNITS: UnitRates = { request: 0, search: 0, second: 0, image: 0, imageInput: 0, pixel: 0, character: 0 }

/** A price to be filled in. Rates that are not finite or below 0 are not taken. */
export function createRawPrice(): RawPriceBuilder {
  const tokens = new Map<Service, Map<number, Known<TokenRates>>>()
  const units: Known<UnitRates> = {}
  return {
    tokens,
    units,
    set(field, rate, { service = 'standard', above = 0 } = {}) {
      if (!isRate(rate)) return
      let tiers = tokens.get(service)
      if (!tiers) tokens.set(service, (tiers = new Map()))
      let rates = tiers.get(above)
      if (!rates) tiers.set(above, (rates = {}))
      rates[field] = exact(rate)
    },
    get empty() {
      return tokens.size === 0 && Object.keys(units).length === 0
    },
  }
}

/**
 * One source over another. Who states the price of input states that of all input: a cached token does not keep a price
 * that belongs to another one's. Who states both input and output has said everything.
 */
export function overlay(below: RawPrice, above: RawPrice): RawPrice {
  const input = states(above, INPUT)
  const output = states(above, OUTPUT)
  if (input && output) return above
  const dropped = new Set([...(input ? INPUT : []), ...(output ? OUTPUT : [])])
  const merged = createRawPrice()
  for (const [service, tiers] of below.tokens) {
    for (const [threshold, rates] of tiers) {
      for (const [field, rate] of fieldsOf(rates)) {
        if (!dropped.has(field)) merged.set(field, rate, { service, above: threshold })
      }
    }
  }
  for (const [service, tiers] of above.tokens) {
    for (const [threshold, rates] of tiers) {
      for (const [field, rate] of fieldsOf(rates)) merged.set(field, rate, { service, above: threshold })
    }
  }
  Object.assign(merged.units, below.units, above.units)
  return merged
}

/** True where both token prices are given: nothing else needs to be asked. */
export function statesAll(raw: RawPrice): boolean {
  return states(raw, INPUT) && states(raw, OUTPUT)
}

/** Fills in what is left out, and lays the tiers out for {@link costOf}. */
export function toPrice(
  raw: RawPrice,
  { source, listed, contextWindow }: Pick<Price, 'source' | 'listed' | 'contextWindow'>,
): Price {
  const tiers = tiersOf(raw, 'standard')
  const services: Partial<Record<PricedService, readonly PriceTier[]>> = {}
  for (const service of SERVICES) if (raw.tokens.has(service)) services[service] = tiersOf(raw, service)
  const units = { ...NO_UNITS }
  for (const [unit, rate] of Object.entries(raw.units)) if (isRate(rate)) units[unit as keyof UnitRates] = exact(rate)
  const rates = [tiers, ...Object.values(services)].flat().map((tier) => ({ ...tier, above: 0 }))
  const free = [...rates, units].every((each) => Object.values(each).every((rate) => rate === 0))
  return {
    source,
    listed,
    tiers,
    services: Object.keys(services).length > 0 ? services : undefined,
    units,
    free: free && source !== 'unknown',
    contextWindow,
  }
}

/** Where nobody knows what a model costs. */
export const UNKNOWN_PRICE: Price = toPrice(createRawPrice(), { source: 'unknown' })

/**
 * A service's tiers lie among the standard ones: at each threshold the standard's word counts, then the service's. So a
 * discount that is stated for short prompts alone is not given to long ones.
 */
function tiersOf(raw: RawPrice, service: Service): PriceTier[] {
  const standard = raw.tokens.get('standard')
  const own = service === 'standard' ? undefined : raw.tokens.get(service)
  const thresholds = new Set([0, ...(standard?.keys() ?? []), ...(own?.keys() ?? [])])
  let known: Known<TokenRates> = {}
  return [...thresholds]
    .sort((a, b) => a - b)
    .map((above) => {
      known = { ...known, ...standard?.get(above), ...own?.get(above) }
      return { above, ...complete(known) }
    })
}

/** What has no price of its own costs what the tokens cost that it is part of. */
function complete(known: Known<TokenRates>): TokenRates {
  const { input = 0, output = 0 } = known
  const { cacheWrite = input } = known
  return {
    input,
    cacheRead: known.cacheRead ?? input,
    cacheWrite,
    cacheWrite1h: known.cacheWrite1h ?? cacheWrite,
    audioInput: known.audioInput ?? input,
    imageInput: known.imageInput ?? input,
    output,
    reasoning: known.reasoning ?? output,
    audioOutput: known.audioOutput ?? output,
    imageOutput: known.imageOutput ?? output,
  }
}

function states(raw: RawPrice, [base]: readonly (keyof TokenRates)[]): boolean {
  return [...(raw.tokens.get('standard')?.values() ?? [])].some((rates) => rates[base!] !== undefined)
}

function fieldsOf(rates: Known<TokenRates>): [keyof TokenRates, number][] {
  return Object.entries(rates) as [keyof TokenRates, number][]
}

function isRate(rate: unknown): rate is number {
  return typeof rate === 'number' && Number.isFinite(rate) && rate >= 0
}

/** 2.5e-6 × 10⁹ is 2500.0000000000005: prices have no digits beyond a millionth of a nano-dollar. */
function exact(rate: number): number {
  return Math.round(rate * 1e6) / 1e6
}

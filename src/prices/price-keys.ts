import type { Price, TokenRates, UnitRates } from '../types/prices.ts'
import type { RawPrice, Service } from './raw-price.ts'
import { createRawPrice } from './raw-price.ts'

/** LiteLLM's names of token prices, USD per token (its model cost map). */
const TOKENS: Readonly<Record<string, keyof TokenRates>> = {
  input_cost_per_token: 'input',
  cache_read_input_token_cost: 'cacheRead',
  cache_creation_input_token_cost: 'cacheWrite',
  cache_creation_input_token_cost_above_1hr: 'cacheWrite1h',
  input_cost_per_audio_token: 'audioInput',
  input_cost_per_image_token: 'imageInput',
  output_cost_per_token: 'output',
  output_cost_per_reasoning_token: 'reasoning',
  output_cost_per_audio_token: 'audioOutput',
  output_cost_per_image_token: 'imageOutput',
}

/** Another name that some of LiteLLM's entries have. */
const OTHER_NAMES: Readonly<Record<string, keyof TokenRates>> = { input_cost_per_token_cache_hit: 'cacheRead' }

/** The other prices, USD per unit. Of several names for one unit the first that is given counts: it is charged once. */
const UNITS: Readonly<Record<keyof UnitRates, readonly string[]>> = {
  request: ['input_cost_per_query', 'input_cost_per_request'],
  search: [],
  second: ['cost_per_second', 'input_cost_per_second', 'output_cost_per_second'],
  image: ['output_cost_per_image'],
  imageInput: ['input_cost_per_image'],
  pixel: ['output_cost_per_pixel', 'input_cost_per_pixel'],
  character: ['input_cost_per_character'],
}
const UNIT_KEYS = new Set(Object.values(UNITS).flat())
/** LiteLLM's, but not built: the text of answers is not counted. Taken for none, so that it is warned of. */
const NOT_BUILT = new Set(['output_cost_per_character'])

const SERVICES: Readonly<Record<string, Service>> = { batches: 'batch', flex: 'flex', priority: 'priority' }
/** `input_cost_per_token_above_200k_tokens_priority`: which price, for which size, for which service. */
const KEY = /^(.+?)(?:_above_(\d+)k_tokens)?(?:_(batches|flex|priority))?$/
const NANO = 1e9

/** Prices by LiteLLM's names. */
export interface PriceKeys {
  readonly raw: RawPrice
  /** No key says anything of a price. */
  readonly empty: boolean
  /** Price keys that have no effect. */
  readonly unused: readonly string[]
}

/**
 * Reads LiteLLM's price keys: a deployment's `prices`, and in its `info` those that are tables (`tiered_pricing`,
 * `search_context_cost_per_query`) or stand there as numbers.
 */
export function readPriceKeys(
  prices: Readonly<Record<string, unknown>> | undefined,
  info: Readonly<Record<string, unknown>> = {},
): PriceKeys {
  const raw = createRawPrice()
  const unused: string[] = []
  const keys = { ...pricesAmong(info), ...prices }
  for (const [key, value] of Object.entries(keys)) {
    if (key === 'tiered_pricing') continue
    if (key === 'search_context_cost_per_query') readSearch(raw, value)
    else if (!readToken(raw, key, Number(value)) && !UNIT_KEYS.has(key)) unused.push(key)
  }
  readTiers(raw, keys['tiered_pricing'])
  for (const [unit, names] of Object.entries(UNITS)) {
    const name = names.find((candidate) => keys[candidate] !== undefined)
    if (name !== undefined) raw.units[unit as keyof UnitRates] = Number(keys[name]) * NANO
  }
  return { raw, empty: raw.empty, unused }
}

/** Names that are no price keys. */
export function unknownPriceKeys(prices: Readonly<Record<string, unknown>>): readonly string[] {
  return readPriceKeys(prices).unused
}

/** A price in LiteLLM's names, for `/model/info`: what is charged apart, up to the first tier. */
export function toPriceKeys(price: Price): Record<string, number> {
  if (price.source === 'unknown') return {}
  const out: Record<string, number> = {}
  const usd = (rate: number) => Number((rate / NANO).toPrecision(12))
  for (const tier of price.tiers) {
    const suffix = tier.above === 0 ? '' : `_above_${Math.round(tier.above / 1000)}k_tokens`
    for (const [key, field] of Object.entries(TOKENS)) {
      if (isStated(tier, field)) out[key + suffix] = usd(tier[field])
    }
  }
  for (const [unit, [name]] of Object.entries(UNITS)) {
    const rate = price.units[unit as keyof UnitRates]
    if (name !== undefined && rate > 0) out[name] = usd(rate)
  }
  if (price.contextWindow !== undefined) out['max_input_tokens'] = price.contextWindow
  return out
}

function fieldNamed(name: string): keyof TokenRates | undefined {
  if (Object.hasOwn(TOKENS, name)) return TOKENS[name]
  return Object.hasOwn(OTHER_NAMES, name) ? OTHER_NAMES[name] : undefined
}

function isStated(tier: TokenRates, field: keyof TokenRates): boolean {
  if (field === 'input' || field === 'output') return true
  if (field === 'cacheWrite1h') return tier.cacheWrite1h !== tier.cacheWrite
  const base = field === 'reasoning' || field.endsWith('Output') ? tier.output : tier.input
  return tier[field] !== base
}

function readToken(raw: ReturnType<typeof createRawPrice>, key: string, usd: number): boolean {
  const [, name = '', thousands, service] = KEY.exec(key) ?? []
  const field = fieldNamed(name)
  if (!field) return false
  raw.set(field, usd * NANO, {
    service: service === undefined ? undefined : SERVICES[service],
    above: thousands === undefined ? 0 : Number(thousands) * 1000,
  })
  return true
}

/**
 * `[{ range: [0, 32000], input_cost_per_token, … }, …]`: the tier that the input falls into prices the whole call. What
 * it leaves out is as the model's own prices say.
 */
function readTiers(raw: ReturnType<typeof createRawPrice>, list: unknown): void {
  const base = Object.entries({ ...raw.tokens.get('standard')?.get(0) }) as [keyof TokenRates, number][]
  for (const tier of Array.isArray(list) ? (list as unknown[]) : []) {
    if (!isRecord(tier)) continue
    const above = Array.isArray(tier['range']) ? Number(tier['range'][0]) : 0
    if (!(above >= 0)) continue
    for (const [field, rate] of base) raw.set(field, rate, { above })
    for (const [key, value] of Object.entries(tier)) {
      const field = fieldNamed(key)
      if (field) raw.set(field, Number(value) * NANO, { above })
    }
  }
}

/** One price per search, or one per size of its context; which size a call had is not reported, so the middle one. */
function readSearch(raw: RawPrice, value: unknown): void {
  const usd = isRecord(value)
    ? (value['search_context_size_medium'] ?? Math.max(...Object.values(value).map(Number)))
    : value
  const rate = Number(usd) * NANO
  if (rate >= 0 && Number.isFinite(rate)) raw.units.search = rate
}

function pricesAmong(info: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(
    Object.entries(info).filter(([key, value]) => {
      if (key === 'tiered_pricing' || key === 'search_context_cost_per_query') return true
      const isPrice = UNIT_KEYS.has(key) || NOT_BUILT.has(key) || fieldNamed(KEY.exec(key)?.[1] ?? '') !== undefined
      return isPrice && value !== null && Number.isFinite(Number(value))
    }),
  )
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

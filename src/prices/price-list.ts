import type { ModelPrice, TieredPrices } from '@pydantic/genai-prices'
import type { TokenRates, UnitRates } from '../types/prices.ts'
import { checkPriceList } from './check-price-list.ts'
import type { RawPrice } from './raw-price.ts'
import { createRawPrice } from './raw-price.ts'

/** One model of the price list. */
export interface ListedPrice {
  readonly raw: RawPrice
  /** The list's name of the model. */
  readonly id: string
  readonly contextWindow: number | undefined
  /** Its price depends on the date or the time of day. */
  readonly changes: boolean
}

/** The price list that comes with the package (`@pydantic/genai-prices`), or newer data of it. One per process: all gateways in it see its updates. */
export interface PriceList {
  /** Undefined where the list has no such provider, no such model, or no price that a call could be charged by. */
  find(provider: string, model: string): ListedPrice | undefined
  update(data: unknown): Promise<void>
  /** Where newer data is published. */
  readonly url: string
}

/** The list's units (its `units.yml`): the field, and the nano-dollars that one USD of the unit's price is. */
const TOKENS: Readonly<Record<string, keyof TokenRates>> = {
  input_mtok: 'input',
  cache_read_mtok: 'cacheRead',
  cache_write_mtok: 'cacheWrite',
  cache_write_1h_mtok: 'cacheWrite1h',
  input_audio_mtok: 'audioInput',
  input_image_mtok: 'imageInput',
  output_mtok: 'output',
  output_reasoning_mtok: 'reasoning',
  output_audio_mtok: 'audioOutput',
  output_image_mtok: 'imageOutput',
}
const UNITS: Readonly<Record<string, readonly [keyof UnitRates, number]>> = {
  requests_kcount: ['request', 1e6],
  web_searches_kcount: ['search', 1e6],
  input_audio_hours: ['second', 1e9 / 3600],
  audio_hours: ['second', 1e9 / 3600],
}
/** USD per million tokens, in nano-dollars per token. */
const PER_MILLION = 1e3

let loading: Promise<PriceList> | undefined
let loaded: PriceList | undefined
let version = 0

/** Reads the list, once per process: it is large, and many gateways need none of it. */
export function loadPriceList(): Promise<PriceList> {
  loading ??= import('@pydantic/genai-prices').then((library) => {
    version++
    return (loaded = createPriceList(library))
  })
  return loading
}

/** Counts the list's changes: what was looked up under another number is to be looked up anew. */
export function priceListVersion(): number {
  return version
}

/** The list, where it has been read. */
export function loadedPriceList(): PriceList | undefined {
  return loaded
}

function createPriceList(library: typeof import('@pydantic/genai-prices')): PriceList {
  return {
    url: library.REMOTE_DATA_JSON_URL,
    find(provider, model) {
      // The library also guesses by parts of a name; a provider of another name has its own prices.
      if (model === '' || library.findProvider({ providerId: provider })?.id !== provider) return undefined
      const found = library.calcPrice({}, model, { providerId: provider })
      if (!found) return undefined
      const raw = toRawPrice(found.model_price)
      if (raw.empty && Object.keys(found.model_price).length > 0) return undefined
      const { id, context_window: contextWindow, prices } = found.model
      return { raw, id: `${found.provider.id}/${id}`, contextWindow, changes: Array.isArray(prices) }
    },
    async update(data) {
      checkPriceList(data)
      library.updatePrices(({ setProviderData }) => setProviderData(data))
      await library.waitForUpdate()
      version++
    },
  }
}

function toRawPrice(prices: ModelPrice): ReturnType<typeof createRawPrice> {
  const raw = createRawPrice()
  for (const [key, price] of Object.entries(prices)) {
    if (price === undefined) continue
    const field = Object.hasOwn(TOKENS, key) ? TOKENS[key] : undefined
    const unit = Object.hasOwn(UNITS, key) ? UNITS[key] : undefined
    if (field) {
      raw.set(field, baseOf(price) * PER_MILLION)
      for (const { start, price: rate } of tiersOf(price)) raw.set(field, rate * PER_MILLION, { above: start })
    } else if (unit) raw.units[unit[0]] = baseOf(price) * unit[1]
  }
  return raw
}

function baseOf(price: number | TieredPrices): number {
  return typeof price === 'number' ? price : price.base
}

function tiersOf(price: number | TieredPrices): TieredPrices['tiers'] {
  return typeof price === 'number' ? [] : price.tiers
}

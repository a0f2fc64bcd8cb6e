import type { Deployment } from '../types/config.ts'
import type { Price, PricedDeployment, PriceTable } from '../types/prices.ts'
import type { ProviderDefinition, Target } from '../types/provider.ts'
import type { PriceList } from './price-list.ts'
import type { RawPrice } from './raw-price.ts'
import { logger } from '../logger.ts'
import { readPriceKeys } from './price-keys.ts'
import type { PriceKeys } from './price-keys.ts'
import { loadedPriceList, loadPriceList, priceListVersion } from './price-list.ts'
import { createRawPrice, overlay, statesAll, toPrice, UNKNOWN_PRICE } from './raw-price.ts'

export interface PriceTableInput {
  readonly deployments: readonly Deployment[]
  readonly definitions: ReadonlyMap<string, ProviderDefinition>
}

/** A price, and how long it may be used without asking again. */
interface Kept {
  readonly price: Price
  readonly until: number
  /** The price list's version that it is of. */
  readonly version: number
}

/** What the price list says of a model. */
interface Listed extends Kept {
  readonly raw: RawPrice | undefined
}

const MINUTE_MS = 60_000
const FOUND_LIMIT = 5000
const REPORTED_LIMIT = 1000

/**
 * What models cost. A target's price is put together at its first call and kept: its deployment's own prices, the
 * config's `overrides`, the provider's, the price list's, each over the next. Prices that depend on the time of day are
 * looked up anew every minute.
 */
export function createPriceTable({ deployments, definitions }: PriceTableInput): PriceTable {
  let byTarget = new WeakMap<Target, Kept>()
  const byModel = new Map<string, Listed>()
  let overrides = new Map<string, PriceKeys>()
  const reported = new Set<string>()

  /** Kept, because the list is searched through model by model. */
  const listed = (provider: string, model: string): Listed => {
    const key = `${provider}/${model}`
    const known = byModel.get(key)
    if (known && isFresh(known)) return known
    const list = loadedPriceList()
    const found = list && findListed(list, definitions.get(provider) ?? provider, model)
    const price = found
      ? toPrice(found.raw, { source: 'library', listed: found.id, contextWindow: found.contextWindow })
      : UNKNOWN_PRICE
    const until = found?.changes ? nextMinute() : Infinity
    const entry = { raw: found?.raw, price, until, version: priceListVersion() }
    if (byModel.size >= FOUND_LIMIT) byModel.clear()
    byModel.set(key, entry)
    return entry
  }

  const combine = (own: RawPrice | undefined, list: { provider: string; model: string }): Kept => {
    if (own && statesAll(own)) {
      return { price: toPrice(own, { source: 'deployment' }), until: Infinity, version: priceListVersion() }
    }
    const below = listed(list.provider, list.model)
    if (!own) return below
    const raw = below.raw ? overlay(below.raw, own) : own
    return { ...below, price: toPrice(raw, { ...below.price, source: 'deployment' }) }
  }

  const resolve = ({ deployment, model, group }: Target): Kept => {
    const { provider } = deployment
    const override = overrides.get(`${provider}/${model}`) ?? overrides.get(model) ?? overrides.get(group)
    const own = ownPrices(deployment, definitions.get(provider), override)
    return combine(own, baseModelOf(deployment, model, definitions))
  }

  const warnings = deployments.flatMap(({ source, prices, info }) =>
    readPriceKeys(prices, info).unused.map((key) => `${source}: the price ${key} is not known; it has no effect.`),
  )

  return {
    costInStreams: false,
    warnings,
    of(target) {
      let kept = byTarget.get(target)
      if (!kept || !isFresh(kept)) {
        kept = resolve(target)
        byTarget.set(target, kept)
      }
      return kept.price
    },
    find(provider, model) {
      const override = overrides.get(`${provider}/${model}`) ?? overrides.get(model)
      const own = ownPrices({ info: {} }, definitions.get(provider), override)
      return combine(own, { provider, model }).price
    },
    async load(list) {
      if (loadedPriceList()) return
      const needed = list ? list.some((deployment) => mayBeListed(deployment, definitions)) : true
      if (needed) await loadPriceList()
    },
    override(models) {
      overrides = new Map(Object.entries(models).map(([name, keys]) => [name, readPriceKeys(keys)]))
      byTarget = new WeakMap()
    },
    async update(data) {
      const list = await loadPriceList()
      await list.update(data)
    },
    reportUnknown(target) {
      const name = `${target.deployment.provider}/${target.model}`
      if (reported.has(name) || reported.size >= REPORTED_LIMIT) return
      reported.add(name)
      logger.warn(
        `Nobody knows what ${name} costs: its calls are accounted with cost 0, as unknown. ` +
          'Set its `models[].prices` (0 where it is free), or `info.base_model` to price it as another.',
      )
    },
  }
}

/** The deployment's prices over the config's over the provider's; undefined where none of them says anything. */
function ownPrices(
  deployment: Omit<PricedDeployment, 'provider'>,
  definition: ProviderDefinition | undefined,
  override?: PriceKeys,
): RawPrice | undefined {
  // A deployment that says which model it is has that model's price, also at a provider that is free.
  const free = deployment.info['base_model'] === undefined ? definition?.prices : undefined
  const sources = [readPriceKeys(free), override, readPriceKeys(deployment.prices, deployment.info)]
  const saying = sources.filter((keys): keys is PriceKeys => keys !== undefined && !keys.empty)
  if (saying.length === 0) return undefined
  return saying.reduce<RawPrice>((below, { raw }) => overlay(below, raw), createRawPrice())
}

/** False where the price list is certain not to be asked: reading it takes 40 ms. */
function mayBeListed(deployment: PricedDeployment, definitions: ReadonlyMap<string, ProviderDefinition>): boolean {
  const definition = definitions.get(deployment.provider)
  const own = ownPrices(deployment, definition)
  if (own && statesAll(own)) return false
  return definition?.priceProvider !== false || typeof deployment.info['base_model'] === 'string'
}

/** `base_model: azure/gpt-4o` says under which name a model is listed; without a provider it is the deployment's own. */
function baseModelOf(
  { provider, info }: Deployment,
  model: string,
  definitions: ReadonlyMap<string, ProviderDefinition>,
): { provider: string; model: string } {
  const base = info['base_model']
  if (typeof base !== 'string' || base === '') return { provider, model }
  const slash = base.indexOf('/')
  const prefix = base.slice(0, Math.max(slash, 0))
  const named = [...definitions.values()].find(({ name, aliases }) => name === prefix || aliases?.includes(prefix))
  return named ? { provider: named.name, model: base.slice(slash + 1) } : { provider, model: base }
}

function findListed(list: PriceList, definition: ProviderDefinition | string, model: string) {
  if (typeof definition === 'string') return list.find(definition, model)
  const { name, priceProvider } = definition
  if (priceProvider === false) return undefined
  const provider = priceProvider ?? name
  // `models/gemini-…` is the long form of the same name (Gemini API, "Models").
  return list.find(provider, model) ?? (model.startsWith('models/') ? list.find(provider, model.slice(7)) : undefined)
}

function isFresh({ version, until }: Kept): boolean {
  return version === priceListVersion() && (until === Infinity || until > Date.now())
}

function nextMinute(): number {
  return (Math.floor(Date.now() / MINUTE_MS) + 1) * MINUTE_MS
}

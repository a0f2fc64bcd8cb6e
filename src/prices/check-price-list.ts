import type { Provider } from '@pydantic/genai-prices'

/**
 * Looks at what came over the network before it prices anything. The list's library reads entries when a model is looked
 * up, and one that it cannot read fails all models of the provider: a list is taken whole or not at all.
 * @throws Error that names the entry
 */
export function checkPriceList(data: unknown): asserts data is Provider[] {
  if (!Array.isArray(data) || data.length === 0) throw new Error(NO_LIST)
  for (const provider of data as unknown[]) {
    if (!isMap(provider) || !isText(provider['id']) || !Array.isArray(provider['models'])) throw new Error(NO_LIST)
    const { id, api_pattern, provider_match, model_match, fallback_model_providers: others } = provider
    if (
      (api_pattern !== undefined && !isPattern(api_pattern)) ||
      ![provider_match, model_match].every((match) => isNothing(match) || isMatch(match)) ||
      !(isNothing(others) || (Array.isArray(others) && others.every(isText)))
    )
      throw bad(id)
    for (const model of provider['models'] as unknown[]) {
      if (!isMap(model) || !isText(model['id']) || !isMatch(model['match']) || !isPriced(model['prices']))
        throw bad(id, isMap(model) ? model['id'] : undefined)
    }
  }
}

const NO_LIST = 'The data is not in the form of the price list.'

function bad(provider: string, model?: unknown): Error {
  const name = isText(model) ? `${provider}/${model}` : provider
  return new Error(`The entry of ${name.slice(0, 100)} is not in the form of the price list.`)
}

/** A map of prices, or several that hold at different times; the library checks the times. */
function isPriced(prices: unknown): boolean {
  if (!Array.isArray(prices)) return isPrices(prices)
  return prices.length > 0 && prices.every((each) => isMap(each) && isPrices(each['prices']))
}

function isPrices(prices: unknown): boolean {
  return isMap(prices) && Object.values(prices).every((price) => isAmount(price) || isTiered(price))
}

function isTiered(price: unknown): boolean {
  return isMap(price) && isAmount(price['base']) && Array.isArray(price['tiers']) && price['tiers'].every(isTier)
}

function isTier(tier: unknown): boolean {
  return isMap(tier) && isAmount(tier['price']) && Number.isSafeInteger(tier['start']) && isAmount(tier['start'])
}

const TEXTS = ['equals', 'starts_with', 'ends_with', 'contains'] as const

/** Of the ways to match that the library knows the first counts; in others it finds nothing. */
function isMatch(match: unknown): boolean {
  if (!isMap(match)) return false
  for (const name of ['or', 'and']) {
    if (name in match) return Array.isArray(match[name]) && match[name].every(isMatch)
  }
  for (const name of TEXTS) if (name in match) return isText(match[name])
  return !('regex' in match) || isPattern(match['regex'])
}

function isPattern(text: unknown): boolean {
  if (!isText(text)) return false
  try {
    new RegExp(text)
    return true
  } catch {
    return false
  }
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0
}

function isText(value: unknown): value is string {
  return typeof value === 'string'
}

function isNothing(value: unknown): boolean {
  return value === undefined || value === null
}

function isMap(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

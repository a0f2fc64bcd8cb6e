import type { Cost, Usage } from '../types/call.ts'
import type { CostOptions, Price, PriceTier, PricedService, RequestPrices, TokenRates } from '../types/prices.ts'

/** More than any call has; keeps nonsense from a provider (`Infinity`) out of the books. */
const MOST = 1e12

/**
 * What a call cost, in integer nano-dollars. Each part is rounded to the nearest, and `total` is their sum. Parts of the
 * usage that are larger than the whole are cut to it; what is no number counts as 0.
 */
export function costOf(usage: Usage | undefined, price: Price, options: CostOptions = {}): Cost {
  const { requestPrices } = options
  const rated = requestPrices ? withRequestPrices(price, requestPrices) : price
  const input = count(usage?.input)
  const output = count(usage?.output)
  const rates = tierOf(rated, input, options.serviceTier ?? usage?.serviceTier)

  const read = Math.min(count(usage?.cacheRead), input)
  const written = Math.min(count(usage?.cacheWrite), input - read)
  const written1h = Math.min(count(usage?.cacheWrite1h), written)
  const fresh = input - read - written
  const heard = Math.min(count(usage?.audioInput), fresh)
  const seen = Math.min(count(usage?.imageInput), fresh - heard)
  const spoken = Math.min(count(usage?.audioOutput), output)
  const drawn = Math.min(count(usage?.imageOutput), output - spoken)
  const thought = Math.min(count(usage?.reasoning), output - spoken - drawn)

  const inputCost = Math.round(
    (fresh - heard - seen) * rates.input + heard * rates.audioInput + seen * rates.imageInput,
  )
  const readCost = Math.round(read * rates.cacheRead)
  const writeCost = Math.round((written - written1h) * rates.cacheWrite + written1h * rates.cacheWrite1h)
  const outputCost = Math.round(
    (output - spoken - drawn - thought) * rates.output +
      thought * rates.reasoning +
      spoken * rates.audioOutput +
      drawn * rates.imageOutput,
  )
  const other = unitsCost(usage, rated, options)
  return {
    total: inputCost + readCost + writeCost + outputCost + other,
    input: inputCost,
    cacheRead: readCost,
    cacheWrite: writeCost,
    output: outputCost,
    reasoning: Math.min(Math.round(thought * rates.reasoning), outputCost),
    other,
    source: rated.source,
  }
}

/** Prices of a caller who may set them: each replaces all of its side. Both given, nothing else is charged. */
function withRequestPrices(price: Price, { input, output }: RequestPrices): Price {
  const given: Partial<TokenRates> = {
    ...(input === undefined ? {} : inputSide(input * 1e9)),
    ...(output === undefined ? {} : outputSide(output * 1e9)),
  }
  const whole = input !== undefined && output !== undefined
  const over = (tiers: readonly PriceTier[]): PriceTier[] => tiers.map((tier) => ({ ...tier, ...given }))
  const services = Object.entries(price.services ?? {}).map(([service, tiers]) => [service, over(tiers)])
  return {
    source: 'request',
    tiers: over(price.tiers),
    services: whole ? undefined : (Object.fromEntries(services) as Price['services']),
    units: whole ? NOTHING : price.units,
    free: false,
  }
}

const NOTHING = { request: 0, search: 0, second: 0, image: 0, imageInput: 0, pixel: 0, character: 0 }

function inputSide(rate: number): Partial<TokenRates> {
  return { input: rate, cacheRead: rate, cacheWrite: rate, cacheWrite1h: rate, audioInput: rate, imageInput: rate }
}

function outputSide(rate: number): Partial<TokenRates> {
  return { output: rate, reasoning: rate, audioOutput: rate, imageOutput: rate }
}

/** The whole call is priced by the tier that its input falls into, as providers bill it. */
function tierOf({ tiers, services }: Price, input: number, service: string | null | undefined): PriceTier {
  const own = services && service && Object.hasOwn(services, service) ? services[service as PricedService] : undefined
  const list = own ?? tiers
  for (let i = list.length - 1; i > 0; i--) if (input > list[i]!.above) return list[i]!
  return list[0]!
}

function unitsCost(usage: Usage | undefined, { units }: Price, options: CostOptions): number {
  return Math.round(
    units.request +
      count(usage?.searches) * units.search +
      count(options.seconds ?? usage?.seconds) * units.second +
      count(options.images) * units.image +
      count(options.imagesInput) * units.imageInput +
      count(options.pixels) * units.pixel +
      count(options.characters) * units.character,
  )
}

function count(value: number | null | undefined): number {
  return typeof value === 'number' && value > 0 ? Math.min(value, MOST) : 0
}

import { pixelsOf, requestPricesOf } from '../../src/index.ts'
import type { Context, PriceTable, Target } from '../../src/index.ts'
import { fieldFor } from './call-size.ts'
import type { CallSize } from './call-size.ts'
import { outputBound, picturesOf } from './output-tokens.ts'
import { dearestRates } from './rates.ts'

/** What a call can cost at most, at one target. */
export interface WorstCase {
  /** Integer nano-dollars. 0 where nobody knows the price. */
  readonly cost: number
  /** Output tokens that are in it, and what each of them costs. */
  readonly outputTokens: number
  readonly outputRate: number
  /** No maximum is set: a stream has to be watched. */
  readonly open: boolean
  readonly unknown: boolean
  readonly free: boolean
}

export interface WorstCaseOptions {
  readonly defaultOutputTokens: number
  readonly imageTokens: number
  /** Seconds of a whole call, where nothing else says. */
  readonly timeout: number
}

/** Input of a model whose window nobody knows, where only the window bounds it. */
const UNKNOWN_WINDOW = 200_000
/** Searches of one call, where it does not say how many it allows. */
const SEARCHES = 10
/** `costOf` rounds each of five parts. */
const ROUNDING = 5
const TIMED = new Set(['chat', 'completions', 'vectors'])

/** The most that a call can cost at a target. */
export function worstCase(
  ctx: Context,
  target: Target,
  { size, prices, options }: { size: CallSize; prices: PriceTable; options: WorstCaseOptions },
): WorstCase {
  const { call } = ctx
  const price = prices.of(target)
  const request = requestPricesOf(ctx)
  const output = outputBound(call, target, { size, defaultTokens: options.defaultOutputTokens })
  const text = size.text + (target.deployment.params ? JSON.stringify(target.deployment.params).length : 0)
  const images = size.images * options.imageTokens
  const input = size.elsewhere ? windowOf(target, price.contextWindow) : text + images + size.audio
  const rates = dearestRates(price, { input, service: fieldFor(call, target, 'service_tier'), request })
  const read = size.elsewhere
    ? input * Math.max(rates.text, rates.image, rates.audio)
    : text * rates.text + images * rates.image + size.audio * rates.audio
  const whole = request?.input !== undefined && request.output !== undefined
  const nothing = size.kind === 'nothing'
  const units = whole || nothing ? 0 : unitsOf(ctx, target, { size, units: price.units, timeout: options.timeout })
  const exact = nothing ? 0 : read + output.tokens * rates.output + units
  return {
    cost: exact > 0 ? Math.min(Math.ceil(exact) + ROUNDING, Number.MAX_SAFE_INTEGER) : 0,
    outputTokens: output.tokens,
    outputRate: rates.output,
    open: output.open,
    unknown: price.source === 'unknown' && !request && !nothing,
    free: price.free && !request,
  }
}

function windowOf({ deployment: { info } }: Target, listed: number | undefined): number {
  const own = info['max_input_tokens']
  return typeof own === 'number' && own > 0 ? own : (listed ?? UNKNOWN_WINDOW)
}

interface Units {
  readonly size: CallSize
  readonly units: ReturnType<PriceTable['of']>['units']
  readonly timeout: number
}

/** What is charged besides tokens, as the core will count it. */
function unitsOf({ call }: Context, target: Target, { size, units, timeout }: Units): number {
  const pictures = size.kind === 'images' ? picturesOf(call) : 0
  const perPicture = units.image > 0 ? units.image : units.imageInput
  const asked = call.headers.get('x-litellm-timeout') ?? call.body['timeout']
  const timed = TIMED.has(size.kind) ? (secondsOf(asked) ?? target.deployment.timeout ?? timeout) : 0
  const seconds = Math.max(size.seconds, timed)
  return (
    units.request +
    (units.search > 0 ? units.search * searchesOf(call.body) : 0) +
    (units.second > 0 ? units.second * seconds : 0) +
    size.images * units.imageInput +
    pictures * (perPicture + units.pixel * pixelsOf(call.body['size'])) +
    units.character * size.bytes
  )
}

function secondsOf(value: unknown): number | undefined {
  const seconds = Number(value)
  return seconds > 0 && Number.isFinite(seconds) ? seconds : undefined
}

/** One even where none is asked for: some models search unasked (Perplexity's). */
function searchesOf({ tools, web_search_options: asked }: Readonly<Record<string, unknown>>): number {
  const searching = (Array.isArray(tools) ? (tools as unknown[]) : []).filter((tool) =>
    String((tool as { type?: unknown } | null)?.type).includes('search'),
  ) as { max_uses?: unknown }[]
  if (searching.length === 0) return asked === undefined || asked === null ? 1 : SEARCHES
  return searching.reduce(
    (sum, { max_uses: most }) => sum + (typeof most === 'number' && most > 0 ? most : SEARCHES),
    0,
  )
}

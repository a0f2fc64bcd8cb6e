import type { Call, Cost, Usage } from '../types/call.ts'
import type { Answer, Context } from '../types/lifecycle.ts'
import type { CostOptions, Price, PriceTable, RequestPrices } from '../types/prices.ts'
import type { Target } from '../types/provider.ts'
import { formFields } from '../form.ts'
import { costOf } from './cost-of.ts'
import { isWork } from './work.ts'

/** Wires whose calls may be billed by the time they take, where a deployment has no token prices. */
const TIMED = new Set(['openai.chat', 'openai.completions', 'openai.embeddings'])
/** Of one call (OpenAI API reference, "Create image", `n`). Nobody checks the forms of edits. */
const MOST_PICTURES = 10
const REQUEST_KEYS = ['input_cost_per_token', 'output_cost_per_token'] as const

/**
 * What an answered call cost. Undefined where nothing was measured that could be priced (no usage came, a file was
 * fetched); `unknown` where something was and nobody knows the price, which is told once per model.
 * @param ms how long the call took
 */
export function callCost(ctx: Context, answer: Answer, prices: PriceTable, ms: number): Cost | undefined {
  if (answer.status >= 400) return undefined
  const target = answer.target ?? (ctx.cacheHit ? cachedTarget(ctx, answer) : undefined)
  if (!target) return undefined
  const cost = priceCall(ctx, target, prices, { usage: answer.usage, ms })
  return cost && ctx.cacheHit ? toSaved(cost) : cost
}

/** The cost of a usage at a target's price. */
function priceCall(
  ctx: Context,
  target: Target,
  prices: PriceTable,
  { usage, ms }: { usage: Usage | undefined; ms: number },
): Cost | undefined {
  const price = prices.of(target)
  const options = measure(ctx.call, usage, price, ms)
  const requestPrices = requestPricesOf(ctx)
  const unknown = price.source === 'unknown' && !requestPrices
  if (!usage && !isKnown(ctx.call, price, options) && !(unknown && isGenerated(ctx.call))) return undefined
  if (unknown) prices.reportUnknown(target)
  return costOf(usage, price, requestPrices ? { ...options, requestPrices } : options)
}

/** What the usage chunk of a call's stream says of its cost, in USD; undefined where that is not wanted. */
export function streamCost(
  ctx: Context,
  target: Target,
  prices: PriceTable,
): ((usage: Usage) => number | undefined) | undefined {
  if (!prices.costInStreams || !ctx.call.stream) return undefined
  return (usage) => {
    const cost = priceCall(ctx, target, prices, { usage, ms: Date.now() - ctx.startedAt })
    return cost && cost.source !== 'unknown' ? cost.total / 1e9 : undefined
  }
}

/** Prices that the caller sets for this call. Only an admin may: others could call for nothing. */
export function requestPricesOf({ call, principal }: Context): RequestPrices | undefined {
  const input = rate(call.body[REQUEST_KEYS[0]])
  const output = rate(call.body[REQUEST_KEYS[1]])
  if ((input === undefined && output === undefined) || principal?.role !== 'admin') return undefined
  return { input, output }
}

/** Reports prices that have no effect, because the caller may not set them or they are no prices. */
export function dropRequestPrices(ctx: Context): void {
  const prices = requestPricesOf(ctx)
  for (const key of REQUEST_KEYS) {
    if (ctx.call.body[key] === undefined || ctx.dropped.includes(key)) continue
    const taken = key === 'input_cost_per_token' ? prices?.input : prices?.output
    if (taken === undefined) ctx.dropped.push(key)
  }
}

/** What else than tokens a price is by. Looked for only where the price has such a part. */
function measure(call: Call, usage: Usage | undefined, price: Price, ms: number): CostOptions | undefined {
  const { units, services } = price
  if (price.source === 'unknown') return undefined
  let options: { -readonly [K in keyof CostOptions]: CostOptions[K] } | undefined
  if (services && usage?.serviceTier === undefined && typeof call.body['service_tier'] === 'string') {
    options = { serviceTier: call.body['service_tier'] }
  }
  if (units.image > 0 || units.imageInput > 0 || units.pixel > 0) {
    options = {
      ...options,
      ...(makesImages(call) ? imagesMade(call, price) : { imagesInput: imagesIn(call) }),
    }
  }
  if (units.character > 0) options = { ...options, characters: charactersIn(call) }
  if (units.second > 0 && usage?.seconds === undefined && TIMED.has(call.wire) && !hasTokenPrices(price)) {
    options = { ...options, seconds: ms / 1000 }
  }
  return options
}

/** What it costs is certain without any tokens: something else was counted, each request has a price, or all is free. */
function isKnown(call: Call, { units, free }: Price, options: CostOptions | undefined): boolean {
  if ((options?.pixels ?? options?.characters ?? options?.seconds) !== undefined) return true
  return (free || units.request > 0) && isWork(call)
}

/** A model worked for it, whether or not it said how much. */
function isGenerated({ wire, path }: Call): boolean {
  return wire !== 'openai.*' || path.startsWith('/audio/')
}

function hasTokenPrices({ tiers }: Price): boolean {
  return tiers.some((tier) => tier.input > 0 || tier.output > 0)
}

/** `1024x1792`; a square of 1024 where nothing is said (OpenAI API reference, "Create image"). */
export function pixelsOf(size: unknown): number {
  const [, width, height] = (typeof size === 'string' && /^(\d{1,5})x(\d{1,5})$/.exec(size)) || []
  return width === undefined ? 1024 * 1024 : Number(width) * Number(height)
}

/** Edits and variations are passed through. */
function makesImages({ wire, method, path }: Call): boolean {
  return wire === 'openai.images' || (method === 'POST' && /^\/images\/(edits|variations)$/.test(path))
}

/** Some price lists know one price per picture and put it on the input's side. */
function imagesMade(call: Call, { units }: Price): CostOptions {
  const asked = Math.trunc(Number(fieldOf(call, 'n') ?? 1)) || 1
  const made = Math.min(Math.max(1, asked), MOST_PICTURES)
  return {
    ...(units.image > 0 ? { images: made } : { imagesInput: made }),
    pixels: made * pixelsOf(fieldOf(call, 'size')),
  }
}

/** A field of a JSON body or a form. */
function fieldOf({ body, raw, headers }: Call, name: string): unknown {
  if (!(raw instanceof Uint8Array)) return body[name]
  return formFields(raw, headers.get('content-type') ?? '', [name])[name]
}

function imagesIn({ body }: Call): number {
  let images = 0
  for (const message of listOf(body['messages'])) {
    const { content } = (message ?? {}) as { content?: unknown }
    for (const part of listOf(content)) {
      if ((part as { type?: unknown } | null)?.type === 'image_url') images++
    }
  }
  return images
}

/** The text that is spoken (`/audio/speech`), or that a model billed by characters is given. */
function charactersIn({ path, body }: Call): number | undefined {
  if (path.endsWith('/audio/speech')) return typeof body['input'] === 'string' ? body['input'].length : undefined
  return charactersOf(body['messages']) || undefined
}

/** Characters of the text in messages, as models that are billed by them count it. */
export function charactersOf(messages: unknown): number {
  let characters = 0
  for (const message of listOf(messages)) {
    const { content } = (message ?? {}) as { content?: unknown }
    if (typeof content === 'string') characters += content.length
    for (const part of listOf(content) as ({ text?: unknown } | null)[]) {
      if (typeof part?.text === 'string') characters += part.text.length
    }
  }
  return characters
}

/** A cached answer names its deployment in a header; that one would have been paid, and is what the books name. */
export function cachedTarget(ctx: Context, answer: Answer): Target | undefined {
  const id = answer.headers['x-litellm-model-id']
  return ctx.targets.find((target) => target.id === id) ?? ctx.targets[0]
}

function toSaved({ total, source }: Cost): Cost {
  return { total: 0, input: 0, cacheRead: 0, cacheWrite: 0, output: 0, reasoning: 0, other: 0, source, saved: total }
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

function rate(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isFinite(value) && value >= 0 ? value : undefined
}

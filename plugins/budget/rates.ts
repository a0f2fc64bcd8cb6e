import type { Price, PriceTier, RequestPrices } from '../../src/index.ts'

/** The dearest that one token can cost, in nano-dollars. */
export interface DearestRates {
  readonly text: number
  readonly image: number
  readonly audio: number
  readonly output: number
}

interface Step extends DearestRates {
  readonly above: number
}

interface Steps {
  readonly usual: readonly Step[]
  /** With what providers charge for serving a call first. */
  readonly urgent: readonly Step[]
}

const compiled = new WeakMap<Price, Steps>()
/** Asking for one of these, nobody is served dearer. */
const NEVER_DEARER = new Set<unknown>(['default', 'flex', 'batch'])

/**
 * The dearest rates of a price for a call of at most so many input tokens: of its tiers, of every way that the provider may
 * serve it (a project's setting can make calls `priority` that did not ask for it), and of what a token may turn out to be
 * (written to a cache, reasoning, a sound).
 */
export function dearestRates(
  price: Price,
  { input, service, request }: { input: number; service: unknown; request?: RequestPrices | undefined },
): DearestRates {
  let steps = compiled.get(price)
  if (!steps) compiled.set(price, (steps = compile(price)))
  const list = NEVER_DEARER.has(service) ? steps.usual : steps.urgent
  let text = 0
  let image = 0
  let audio = 0
  let output = 0
  for (const step of list) {
    if (step.above > 0 && step.above >= input) continue
    text = Math.max(text, step.text)
    image = Math.max(image, step.image)
    audio = Math.max(audio, step.audio)
    output = Math.max(output, step.output)
  }
  if (request?.input !== undefined) text = image = audio = request.input * 1e9
  if (request?.output !== undefined) output = request.output * 1e9
  return { text, image, audio, output }
}

function compile({ tiers, services = {} }: Price): Steps {
  const { priority = [], flex = [], batch = [] } = services
  const usual = [...tiers, ...flex, ...batch].map(toStep)
  return { usual, urgent: [...usual, ...priority.map(toStep)] }
}

function toStep(tier: PriceTier): Step {
  const text = Math.max(tier.input, tier.cacheRead, tier.cacheWrite, tier.cacheWrite1h)
  return {
    above: tier.above,
    text,
    image: Math.max(text, tier.imageInput),
    audio: Math.max(text, tier.audioInput),
    output: Math.max(tier.output, tier.reasoning, tier.audioOutput, tier.imageOutput),
  }
}

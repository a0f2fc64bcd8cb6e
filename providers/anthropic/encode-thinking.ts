import { invalidRequest, type Translation } from '../../src/index.ts'
import { isObject, textOf, type Json } from './json.ts'
import type { ModelFeatures } from './model-features.ts'

/** How the request thinks. Each mode has its own rules for sampling and forced tools. */
export interface Thinking {
  mode: 'off' | 'budget' | 'adaptive'
  /** The field `thinking`; absent: the model's default. */
  thinking?: Json
  /** `output_config.effort` */
  effort?: string
  max_tokens: unknown
}

/** What decides about thinking besides the request. */
export interface ThinkingContext {
  features: ModelFeatures
  translation: Translation
  /** The option `maxTokens`. */
  maxTokens: number | undefined
}

/** Answer tokens where the client sets no limit; the Messages API demands one. */
const DEFAULT_MAX_TOKENS = 4096
/** Anthropic's least budget. */
const MIN_BUDGET = 1024
const BUDGETS: Json = { minimal: 1024, low: 1024, medium: 2048, high: 4096, xhigh: 8192, max: 16_384 }
/** Thinking counts towards `max_tokens`: room for it besides the answer, where the model sets its own measure. */
const ROOM: Json = { low: 4096, medium: 8192, high: 16_384, xhigh: 32_768, max: 32_768 }

/**
 * `reasoning_effort` and `thinking` as the model's generation takes them: a token budget up to Claude 4.5, adaptive
 * thinking with an effort since 4.6. A `thinking` object is passed as it is and wins. The client's token limit is
 * never raised: a budget shrinks to half of it.
 */
export function encodeThinking(body: Readonly<Json>, context: ThinkingContext): Thinking {
  const limit = body['max_completion_tokens'] ?? body['max_tokens'] ?? undefined
  const max = context.maxTokens ?? DEFAULT_MAX_TOKENS
  const effort = readEffort(body['reasoning_effort'])
  const given = body['thinking'] ?? undefined
  if (given !== undefined) return fromObject(given, { ...context, limit, max, effort })
  if (effort === 'none') return turnOff({ ...context, limit, max })
  if (effort === undefined) return { mode: 'off', max_tokens: limit ?? unaskedLimit(context) }
  if (context.features.thinking === 'none') {
    context.translation.unsupported('reasoning_effort', 'this model does not think')
    return { mode: 'off', max_tokens: limit ?? max }
  }
  if (context.features.thinking === 'adaptive') {
    const level = toLevel(effort, context.features)
    const thinking: Json = { type: 'adaptive' }
    if (context.features.hidesThinking) thinking['display'] = 'summarized'
    return { mode: 'adaptive', thinking, effort: level, max_tokens: limit ?? max + Number(ROOM[level]) }
  }
  return fromBudget(effort, { ...context, limit, max })
}

interface Limits extends ThinkingContext {
  limit: unknown
  max: number
}

function fromObject(given: unknown, at: Limits & { effort: string | undefined }): Thinking {
  if (!isObject(given)) throw invalidRequest('thinking must be an object', 'thinking')
  const mode = given['type'] === 'enabled' ? 'budget' : given['type'] === 'adaptive' ? 'adaptive' : 'off'
  const budget = typeof given['budget_tokens'] === 'number' ? given['budget_tokens'] : 0
  const out: Thinking = { mode, thinking: given, max_tokens: at.limit ?? at.max + budget }
  if (mode === 'adaptive' && at.effort && at.effort !== 'none') out.effort = toLevel(at.effort, at.features)
  return out
}

function turnOff({ features, translation, limit, max }: Limits): Thinking {
  const out: Thinking = { mode: 'off', max_tokens: limit ?? max }
  if (features.thinkingOff) out.thinking = features.thinkingOff
  if (features.thinkingOff === undefined) {
    translation.unsupported('reasoning_effort', 'the thinking of this model cannot be turned off')
  }
  return out
}

function fromBudget(effort: string, { translation, limit, max }: Limits): Thinking {
  const wanted = Number(BUDGETS[effort])
  if (typeof limit !== 'number') {
    return { mode: 'budget', thinking: budgetOf(wanted), max_tokens: limit ?? max + wanted }
  }
  if (limit <= MIN_BUDGET) {
    translation.unsupported('reasoning_effort', `thinking needs a token limit above ${MIN_BUDGET}`)
    return { mode: 'off', max_tokens: limit }
  }
  const budget = Math.min(wanted, Math.max(MIN_BUDGET, Math.floor(limit / 2)))
  return { mode: 'budget', thinking: budgetOf(budget), max_tokens: limit }
}

function budgetOf(tokens: number): Json {
  return { type: 'enabled', budget_tokens: tokens }
}

/** Newer models think unasked, within `max_tokens`: 4096 alone would often end before the answer begins. */
function unaskedLimit({ features, maxTokens }: ThinkingContext): number {
  return maxTokens ?? DEFAULT_MAX_TOKENS + (features.thinksUnasked ? Number(ROOM['medium']) : 0)
}

function readEffort(value: unknown): string | undefined {
  const effort = isObject(value) ? value['effort'] : value
  if (effort === undefined || effort === null) return undefined
  if (effort === 'none' || effort === 'disable') return 'none'
  if (Object.hasOwn(BUDGETS, textOf(effort))) return textOf(effort)
  throw invalidRequest(`Unknown reasoning effort: ${JSON.stringify(effort)}`, 'reasoning_effort')
}

/** Effort levels: `low` to `high` and `max`, since 4.7 also `xhigh`. */
function toLevel(effort: string, { xhigh }: ModelFeatures): string {
  if (effort === 'minimal') return 'low'
  return effort === 'xhigh' && !xhigh ? 'max' : effort
}

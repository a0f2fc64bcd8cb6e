import { invalidRequest } from '../../src/index.ts'
import type { EncodeContext } from './dialect.ts'
import { isObject, type Json } from './json.ts'
import { LEVELS, type ModelFeatures, type ThinkingLevel } from './model-features.ts'

/** Tokens for OpenAI's efforts, as gateways commonly set them. */
const BUDGETS = new Map<unknown, number>([
  ['minimal', 512],
  ['low', 1024],
  ['medium', 2048],
  ['high', 4096],
  ['xhigh', 8192],
  ['max', 24_576],
])

/**
 * `thinking` (`{ type, budget_tokens }`), else `reasoning_effort`, as `thinkingConfig`: a budget up to Gemini 2.5, a level
 * since Gemini 3. Budgets are kept within the model's limits; a level that the model lacks becomes the next higher one,
 * and models that always think are told to do so as little as they can where none is asked for. Undefined leaves it to
 * the model.
 */
export function encodeThinking(body: Readonly<Json>, { features, translation }: EncodeContext): Json | undefined {
  const field = body['thinking'] == null ? 'reasoning_effort' : 'thinking'
  const wish = field === 'thinking' ? readThinking(body['thinking']) : readEffort(body['reasoning_effort'])
  if (wish === 'unknown') {
    translation.unsupported(field, 'Gemini can be told none, minimal, low, medium, high, xhigh and max')
    return undefined
  }
  if (wish === undefined) return undefined
  if (features.thinking === 'none') {
    if (wish !== 'off') translation.unsupported(field, 'this model does not think')
    return undefined
  }
  if (wish === 'off') return turnOff(features)
  if (wish === 'dynamic') return { includeThoughts: true }
  if (features.thinking === 'level') return { thinkingLevel: toLevel(wish, features), includeThoughts: true }
  const { min, max } = features.budget
  return { thinkingBudget: Math.min(Math.max(wish, min), max), includeThoughts: true }
}

/** What is asked for: a number of tokens, no thinking, thinking as the model likes, or nothing. */
type Wish = number | 'off' | 'dynamic' | 'unknown' | undefined

function readEffort(effort: unknown): Wish {
  if (effort === undefined || effort === null || effort === 'default' || effort === 'auto') return undefined
  if (effort === 'none' || effort === 'disable') return 'off'
  return BUDGETS.get(effort) ?? 'unknown'
}

function readThinking(thinking: unknown): Wish {
  if (!isObject(thinking)) throw invalidRequest('`thinking` must be an object', 'thinking')
  const { type, budget_tokens: budget } = thinking
  if (type === 'disabled') return 'off'
  if (type === 'adaptive') return 'dynamic'
  if (type !== 'enabled') throw invalidRequest('`thinking.type` must be enabled, disabled or adaptive', 'thinking.type')
  if (budget === undefined || budget === null) return 'dynamic'
  if (typeof budget !== 'number' || !Number.isInteger(budget) || budget < 0) {
    throw invalidRequest('`thinking.budget_tokens` must be a whole number', 'thinking.budget_tokens')
  }
  return budget === 0 ? 'off' : budget
}

// No `includeThoughts`: it is refused where nothing is thought.
function turnOff({ thinking, levels, budget }: ModelFeatures): Json {
  return thinking === 'level' ? { thinkingLevel: levels[0] } : { thinkingBudget: budget.off }
}

function toLevel(tokens: number, { levels }: ModelFeatures): ThinkingLevel {
  const wanted = tokens <= 512 ? 'MINIMAL' : tokens <= 1024 ? 'LOW' : tokens <= 2048 ? 'MEDIUM' : 'HIGH'
  return LEVELS.slice(LEVELS.indexOf(wanted)).find((level) => levels.includes(level)) ?? 'HIGH'
}

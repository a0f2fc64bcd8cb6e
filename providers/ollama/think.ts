import type { Translation } from '../../src/index.ts'
import { given, isRecord } from './fields.ts'
import type { Fields } from './fields.ts'

/** The request fields that {@link toThink} reads. */
export const THINK_FIELDS: readonly string[] = ['think', 'reasoning_effort', 'thinking']

// Ollama knows three levels and `max` (docs "Thinking"); models without levels take any level as true.
const EFFORTS = new Map<unknown, boolean | string>([
  ['none', false],
  ['disable', false],
  ['minimal', 'low'],
  ['low', 'low'],
  ['medium', 'medium'],
  ['high', 'high'],
  ['xhigh', 'max'],
  ['max', 'max'],
])

/**
 * How much to think, as Ollama's `think`: Ollama's own field, else OpenAI's `reasoning_effort`, else `thinking`
 * (`{ type: 'enabled' | 'disabled' | 'adaptive', budget_tokens }`). Undefined leaves it to the model.
 */
export function toThink(fields: Fields, translation: Translation): boolean | string | undefined {
  const own = given(fields, 'think')
  if (typeof own === 'boolean' || typeof own === 'string') return own
  if (own !== undefined) translation.unsupported('think', 'it must be true, false or a level')

  const effort = given(fields, 'reasoning_effort')
  const think = EFFORTS.get(effort)
  if (think !== undefined) return think
  if (effort !== undefined) translation.unsupported('reasoning_effort', 'Ollama knows none, low, medium, high and max')

  const thinking = given(fields, 'thinking')
  if (thinking === undefined || typeof thinking === 'boolean') return thinking
  const type = isRecord(thinking) ? thinking['type'] : undefined
  if (type === 'disabled') return false
  if (type === 'adaptive') return true
  if (isRecord(thinking) && type === 'enabled') return toLevel(thinking['budget_tokens'])
  translation.unsupported('thinking')
  return undefined
}

/** Ollama has no budgets: the nearest level, by the budgets that gateways commonly give to low, medium and high. */
function toLevel(budget: unknown): boolean | string {
  if (typeof budget !== 'number') return true
  if (budget <= 1024) return 'low'
  return budget <= 2048 ? 'medium' : 'high'
}

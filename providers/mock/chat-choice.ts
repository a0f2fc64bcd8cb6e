import type { ChatToolCall } from '../../src/index.ts'
import { integerField, maxTokens } from './checks.ts'
import { lastText, records, textOf } from './fields.ts'
import { limitText } from './limit-text.ts'
import { chatLogprobs } from './logprobs.ts'
import type { MockRequest } from './request.ts'
import { planToolCalls } from './tools.ts'
import { writeReasoning, writeText } from './write-text.ts'

/** One choice of an answer, in the mock's tokens. */
export interface ChatChoice {
  readonly reasoning: readonly string[]
  readonly text: readonly string[]
  readonly calls: readonly ChatToolCall[]
  readonly finish: 'stop' | 'length' | 'tool_calls'
}

/** What one choice says: reasoning, then either tool calls or text. Throws a 400. */
export function planChoice(request: MockRequest, choice: number): ChatChoice {
  const { body, behaviour } = request
  const last = records(body['messages']).at(-1)
  const occasion = {
    behaviour,
    body,
    prompt: lastText(body['messages'], 'user'),
    toolResult: last?.['role'] === 'tool' ? textOf(last['content']) : undefined,
    choice,
  }
  const max = maxTokens(body)
  const effort = body['reasoning_effort'] ?? 'none'
  const thinks = behaviour.name === 'reasoning' || effort !== 'none'
  const thoughts = limitText(thinks ? writeReasoning(occasion) : '', undefined, max)
  if (thoughts.finish === 'length') return { reasoning: thoughts.tokens, text: [], calls: [], finish: 'length' }
  const calls = planToolCalls(request, choice)
  if (calls.length > 0) return { reasoning: thoughts.tokens, text: [], calls, finish: 'tool_calls' }
  const text = limitText(writeText(occasion), body['stop'], max - thoughts.tokens.length)
  return { reasoning: thoughts.tokens, text: text.tokens, calls: [], finish: text.finish }
}

/** Log probabilities of text tokens where the request asks for them, else null. */
export function logprobsOf({ body }: MockRequest, tokens: readonly string[]): unknown {
  if (body['logprobs'] !== true) return null
  return chatLogprobs(tokens, integerField(body, 'top_logprobs', { min: 0, max: 20, default: 0 }))
}

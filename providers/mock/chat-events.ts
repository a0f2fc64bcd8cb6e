import { logprobsOf } from './chat-choice.ts'
import type { ChatChoice } from './chat-choice.ts'
import { wantsUsage } from './checks.ts'
import { DONE, interleave } from './events.ts'
import type { MockEvent } from './events.ts'
import type { MockRequest } from './request.ts'
import { tokenize } from './tokens.ts'

/**
 * The answer as chunks (OpenAI API reference, "The chat completion chunk object"): the role first, then one token per
 * chunk, one finish per choice, usage last if asked for.
 */
export function chatEvents(request: MockRequest, choices: readonly ChatChoice[], usage: unknown): MockEvent[] {
  const head = {
    id: `chatcmpl-${request.id}`,
    object: 'chat.completion.chunk',
    created: request.created,
    model: request.model,
    system_fingerprint: 'fp_mock',
  }
  const chunk = (choice: Record<string, unknown>, tokens: number): MockEvent => ({
    data: JSON.stringify({ ...head, choices: [choice] }),
    tokens,
  })
  const perChoice = choices.map((choice, index) => {
    const delta = (value: Record<string, unknown>, tokens: number, logprobs: unknown = null) =>
      chunk({ index, delta: value, logprobs, finish_reason: null }, tokens)
    return [
      delta({ role: 'assistant', content: '', refusal: null }, 0),
      ...choice.reasoning.map((token) => delta({ reasoning_content: token }, 1)),
      ...choice.text.map((token) => delta({ content: token }, 1, logprobsOf(request, [token]))),
      ...choice.calls.flatMap((call, at) => [
        delta({ tool_calls: [{ index: at, ...call, function: { name: call.function.name, arguments: '' } }] }, 1),
        ...tokenize(call.function.arguments).map((piece) =>
          delta({ tool_calls: [{ index: at, function: { arguments: piece } }] }, 1),
        ),
      ]),
      chunk({ index, delta: {}, logprobs: null, finish_reason: choice.finish }, 0),
    ]
  })
  const last = wantsUsage(request.body) ? [{ data: JSON.stringify({ ...head, choices: [], usage }), tokens: 0 }] : []
  return [...interleave(perChoice), ...last, DONE]
}

import { invalidRequest } from '../../src/index.ts'
import type { ChatToolCall } from '../../src/index.ts'
import { chatEvents } from './chat-events.ts'
import { logprobsOf, planChoice } from './chat-choice.ts'
import type { ChatChoice } from './chat-choice.ts'
import { integerField } from './checks.ts'
import type { MockAnswer } from './events.ts'
import { records } from './fields.ts'
import type { MockRequest } from './request.ts'
import { tokenize } from './tokens.ts'
import { countPrompt, makeUsage } from './usage.ts'

/** Answers `POST /chat/completions` (OpenAI API reference, "Create chat completion"). Throws a 400. */
export function answerChat(request: MockRequest): MockAnswer {
  const { body } = request
  if (records(body['messages']).length === 0) {
    throw invalidRequest('`messages` must be a list with at least one message.', 'messages')
  }
  const n = integerField(body, 'n', { min: 1, max: 128, default: 1 })
  const choices = Array.from({ length: n }, (_, choice) => planChoice(request, choice))
  const reasoning = choices.reduce((sum, choice) => sum + choice.reasoning.length, 0)
  const rest = choices.reduce((sum, choice) => sum + choice.text.length + callTokens(choice.calls), 0)
  const usage = makeUsage(countPrompt(body), reasoning + rest, reasoning)
  if (body['stream'] === true) return { events: chatEvents(request, choices, usage) }
  return {
    tokens: reasoning + rest,
    json: {
      id: `chatcmpl-${request.id}`,
      object: 'chat.completion',
      created: request.created,
      model: request.model,
      choices: choices.map((choice, index) => ({
        index,
        message: toMessage(choice),
        logprobs: logprobsOf(request, choice.text),
        finish_reason: choice.finish,
      })),
      usage,
      system_fingerprint: 'fp_mock',
    },
  }
}

function toMessage({ reasoning, text, calls }: ChatChoice): Record<string, unknown> {
  return {
    role: 'assistant',
    content: calls.length > 0 ? null : text.join(''),
    refusal: null,
    annotations: [],
    ...(reasoning.length > 0 ? { reasoning_content: reasoning.join('') } : {}),
    ...(calls.length > 0 ? { tool_calls: calls } : {}),
  }
}

function callTokens(calls: readonly ChatToolCall[]): number {
  return calls.reduce((sum, { function: called }) => sum + tokenize(called.name + called.arguments).length, 0)
}

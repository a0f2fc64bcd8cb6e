import type { Call, ChatCompletion, ChatMessage, Target } from '../../src/index.ts'
import { newId, toAnswer, toChatUsage, toCreated, toFinishReason } from './answer.ts'
import { isRecord } from './fields.ts'
import { toChatLogprobs, toCompletionLogprobs } from './logprobs.ts'
import { toChatToolCalls } from './tool-calls.ts'

/** An answer of `/api/chat` as OpenAI's chat completion. Throws a 502 where it is no answer. */
export function decodeChat(body: unknown, _call: Call, target: Target): ChatCompletion {
  const answer = toAnswer(body)
  const message = isRecord(answer['message']) ? answer['message'] : {}
  const calls = toChatToolCalls(message['tool_calls'])
  const text = typeof message['content'] === 'string' ? message['content'] : ''
  const result: ChatMessage = { role: 'assistant', content: text === '' && calls.length > 0 ? null : text }
  if (typeof message['thinking'] === 'string' && message['thinking'] !== '') {
    result.reasoning_content = message['thinking']
  }
  if (calls.length > 0) result.tool_calls = calls
  const usage = toChatUsage(answer)
  return {
    id: newId('chatcmpl-'),
    object: 'chat.completion',
    created: toCreated(answer),
    model: target.model,
    choices: [
      {
        index: 0,
        message: result,
        logprobs: toChatLogprobs(answer['logprobs']),
        finish_reason: toFinishReason(answer['done_reason'], calls.length > 0),
      },
    ],
    ...(usage ? { usage } : {}),
  }
}

/** An answer of `/api/generate` as OpenAI's text completion. Throws a 502 where it is no answer. */
export function decodeCompletion(body: unknown, _call: Call, target: Target): Record<string, unknown> {
  const answer = toAnswer(body)
  const usage = toChatUsage(answer)
  return {
    id: newId('cmpl-'),
    object: 'text_completion',
    created: toCreated(answer),
    model: target.model,
    choices: [
      {
        index: 0,
        text: typeof answer['response'] === 'string' ? answer['response'] : '',
        logprobs: toCompletionLogprobs(answer['logprobs']),
        finish_reason: toFinishReason(answer['done_reason'], false),
      },
    ],
    ...(usage ? { usage } : {}),
  }
}

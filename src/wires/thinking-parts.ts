import type { ChatCompletion, ChatMessage } from '../types/chat.ts'
import { GatewayError } from '../error.ts'
import { reportedError } from '../openai-error.ts'
import { contentText } from './content-text.ts'

/**
 * Mistral's form of what its models think: a part of a message's content, beside those of its text
 * (docs.mistral.ai, "Reasoning"; ThinkChunk of its API reference).
 */
interface ThinkingPart {
  readonly type: 'thinking'
  readonly thinking: readonly { readonly type?: string; readonly text?: string }[]
}

/** What a part of a content thinks; undefined where it is none of these parts. */
export function thoughtOf(part: unknown): string | undefined {
  const { type, thinking } = (part ?? {}) as { type?: unknown; thinking?: unknown }
  return type === 'thinking' ? contentText(thinking) : undefined
}

/**
 * A chat answer whose messages may think in parts of their content, as OpenAI's dialect says it.
 * @throws {GatewayError} where it is none
 */
export function fromThinkingParts(answer: unknown): unknown {
  const reported = reportedError(answer)
  if (reported) throw new GatewayError(reported.status, reported.message, reported)
  const { choices } = answer as ChatCompletion
  return { ...(answer as ChatCompletion), choices: choices.map(fromChoice) }
}

function fromChoice(choice: ChatCompletion['choices'][number]): ChatCompletion['choices'][number] {
  const content: unknown = choice.message.content
  if (!Array.isArray(content)) return choice
  const reasoning = content.map((part) => thoughtOf(part) ?? '').join('')
  const text = contentText(content)
  const message: ChatMessage = { ...choice.message, content: text === '' && choice.message.tool_calls ? null : text }
  if (reasoning !== '') message.reasoning_content = reasoning
  return { ...choice, message }
}

/** The content of an assistant's message with what it thought; undefined where it says nothing of that. */
export function toThinkingParts(message: Readonly<Record<string, unknown>>): unknown[] | undefined {
  const { content, reasoning_content: reasoning } = message
  if (typeof reasoning !== 'string' || reasoning === '') return undefined
  const thinking: ThinkingPart = { type: 'thinking', thinking: [{ type: 'text', text: reasoning }] }
  if (Array.isArray(content))
    return content.some((part) => thoughtOf(part) !== undefined) ? undefined : [thinking, ...content]
  return typeof content === 'string' && content !== '' ? [thinking, { type: 'text', text: content }] : [thinking]
}

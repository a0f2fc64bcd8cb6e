import type { ChatSink, ChatUsage, FinishReason, StreamDecoder } from '../types/chat.ts'
import { readOpenAIError } from '../openai-error.ts'

interface Chunk {
  choices?: { index?: number; delta?: Record<string, unknown>; text?: string; finish_reason?: FinishReason | null }[]
  usage?: ChatUsage | null
  error?: unknown
}

/** Reads an OpenAI chat (or completions) stream into a sink, for clients that speak another dialect. */
export function createOpenAIChatDecoder(sink: ChatSink): StreamDecoder {
  return {
    event(event) {
      if (event.data === '[DONE]') return
      const chunk = JSON.parse(event.data) as Chunk
      if (chunk.error !== undefined && chunk.error !== null) return sink.fail(readOpenAIError(500, event.data))
      for (const choice of chunk.choices ?? []) readChoice(sink, choice)
      if (chunk.usage) sink.usage(chunk.usage)
    },
  }
}

function readChoice(sink: ChatSink, choice: NonNullable<Chunk['choices']>[number]): void {
  const index = choice.index ?? 0
  if (typeof choice.text === 'string') sink.text(choice.text, index)
  if (choice.delta) {
    const { role: _role, content, reasoning_content, ...rest } = choice.delta
    if (typeof reasoning_content === 'string') sink.reasoning(reasoning_content, index)
    if (typeof content === 'string') sink.text(content, index)
    if (Object.keys(rest).length > 0) sink.delta(rest, index)
  }
  if (choice.finish_reason) sink.finish(choice.finish_reason, index)
}

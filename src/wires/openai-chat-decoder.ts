import type { ChatSink, ChatUsage, FinishReason, StreamDecoder } from '../types/chat.ts'
import { readOpenAIError } from '../openai-error.ts'
import { contentText } from './content-text.ts'
import { thoughtOf } from './thinking-parts.ts'

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
      const chunk = parse(event.data)
      if (!chunk) return sink.fail(UNREADABLE)
      if (chunk.error !== undefined && chunk.error !== null) return sink.fail(readOpenAIError(500, event.data))
      for (const choice of Array.isArray(chunk.choices) ? chunk.choices : []) if (choice) readChoice(sink, choice)
      if (chunk.usage) sink.usage(chunk.usage)
    },
  }
}

// Not thrown: what a cut leaves of an event is read at the stream's end.
const UNREADABLE = { status: 502, message: 'sent a stream that could not be read', code: 'bad_upstream_answer' }

function parse(data: string): Chunk | undefined {
  try {
    const value: unknown = JSON.parse(data)
    return typeof value === 'object' && value !== null ? value : undefined
  } catch {
    return undefined
  }
}

function readChoice(sink: ChatSink, choice: NonNullable<Chunk['choices']>[number]): void {
  const index = choice.index ?? 0
  if (typeof choice.text === 'string') sink.text(choice.text, index)
  if (choice.delta) {
    const { role: _role, content, reasoning_content, ...rest } = choice.delta
    if (typeof reasoning_content === 'string') sink.reasoning(reasoning_content, index)
    if (typeof content === 'string') sink.text(content, index)
    else if (Array.isArray(content)) readParts(sink, content, index)
    if (Object.keys(rest).length > 0) sink.delta(rest, index)
  }
  if (choice.finish_reason) sink.finish(choice.finish_reason, index)
}

/** In their order: what is thought and what is said may come in one piece. */
function readParts(sink: ChatSink, parts: readonly unknown[], index: number): void {
  for (const part of parts) {
    const thought = thoughtOf(part)
    if (thought === undefined) sink.text(contentText([part]), index)
    else sink.reasoning(thought, index)
  }
}

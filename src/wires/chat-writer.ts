import type { ChatSink, ChatUsage, ErrorShape, FinishReason } from '../types/chat.ts'
import { toOpenAIError } from '../error.ts'

/** A sink that renders what it is told in a client's dialect. */
export interface StreamWriter extends ChatSink {
  /** Takes what was written since the last call; empty when nothing was. */
  take(): string
  /** The provider's stream ended as it should: writes what ends the client's. */
  close(): void
  /** The stream broke: writes an error event. No end marker follows, so no client takes it for a whole answer. */
  error(shape: ErrorShape): void
  // Methods, not accessors: V8 keeps an accessor's closure for every object literal made, and each call makes one.
  lastUsage(): ChatUsage | undefined
  failure(): ErrorShape | undefined
  finished(): boolean
}

export interface StreamWriterOptions {
  id: string
  model: string
  created: number
  /** The client asked for `stream_options.include_usage`. */
  includeUsage: boolean
}

/**
 * Writes OpenAI chat chunks (API reference, "Chat completion chunk object"): one id, the role first in every choice,
 * one finish per choice, the usage chunk with empty `choices` last and only if asked for, then `[DONE]`.
 * Text deltas, which are nearly all of a stream, are put together from prepared parts instead of serialised.
 */
export function createChatWriter(options: StreamWriterOptions): StreamWriter {
  const head = `data: {"id":${JSON.stringify(options.id)},"object":"chat.completion.chunk","created":${options.created},"model":${JSON.stringify(options.model)},`
  const tail = ',"finish_reason":null}]}\n\n'
  const first = `${head}"choices":[{"index":0,"delta":{"content":`
  const opened = new Set<number>()
  const finishes = new Map<number, FinishReason>()
  let out = ''
  let zeroOpen = false
  let usage: ChatUsage | undefined
  let failure: ErrorShape | undefined
  let closed = false

  const open = (choice: number) => {
    if (opened.has(choice)) return
    opened.add(choice)
    if (choice === 0) zeroOpen = true
    out += `${head}"choices":[{"index":${choice},"delta":{"role":"assistant","content":""}${tail}`
  }
  const writeDelta = (delta: string, choice: number) => {
    open(choice)
    out += `${head}"choices":[{"index":${choice},"delta":${delta}${tail}`
  }

  return {
    text(text, choice = 0) {
      if (text === '') return open(choice)
      if (choice === 0 && zeroOpen) out += `${first}${JSON.stringify(text)}}${tail}`
      else writeDelta(`{"content":${JSON.stringify(text)}}`, choice)
    },
    reasoning(text, choice = 0) {
      if (text !== '') writeDelta(`{"reasoning_content":${JSON.stringify(text)}}`, choice)
    },
    delta(delta, choice = 0) {
      writeDelta(JSON.stringify(delta), choice)
    },
    finish(reason, choice = 0) {
      open(choice)
      finishes.set(choice, reason)
    },
    usage(value) {
      usage = value
    },
    fail(error) {
      failure ??= error
    },
    take() {
      const text = out
      out = ''
      return text
    },
    close() {
      if (closed) return
      closed = true
      if (opened.size === 0) open(0)
      for (const choice of opened) {
        const reason = finishes.get(choice) ?? 'stop'
        out += `${head}"choices":[{"index":${choice},"delta":{},"finish_reason":"${reason}"}]}\n\n`
      }
      if (options.includeUsage && usage) out += `${head}"choices":[],"usage":${JSON.stringify(usage)}}\n\n`
      out += 'data: [DONE]\n\n'
    },
    error(shape) {
      if (closed) return
      closed = true
      out += `data: ${toOpenAIError(shape)}\n\n`
    },
    lastUsage() {
      return usage
    },
    failure() {
      return failure
    },
    finished() {
      return finishes.size > 0
    },
  }
}

import type { ChatSink, ChatUsage, ErrorShape, FinishReason } from '../types/chat.ts'
import type { Usage } from '../types/call.ts'
import { toOpenAIError } from '../error.ts'
import { toUsage } from '../usage.ts'

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
  /** Bytes of text written so far, or nearly: characters. */
  generated(): number
  /** Those of them that the last usage says nothing of; none once the answer is finished. */
  uncounted(): number
}

export interface StreamWriterOptions {
  id: string
  model: string
  created: number
  /** The client asked for `stream_options.include_usage`. */
  includeUsage: boolean
  /** What the usage chunk is to say of the cost, in USD. */
  costOf?: ((usage: Usage) => number | undefined) | undefined
}

/** What OpenAI's two chunk dialects share: the finishes, the usage chunk with empty `choices`, `[DONE]`, the error event. */
export interface WriterBase extends Omit<StreamWriter, 'text' | 'reasoning' | 'delta'> {
  /** @param generated how much of it is text that was generated */
  write(text: string, generated?: number): void
}

export interface WriterDialect {
  /** The beginning of every chunk, up to its `choices`. */
  readonly head: string
  readonly includeUsage: boolean
  readonly costOf: StreamWriterOptions['costOf']
  /** A choice is spoken of: its first chunk is written, where the dialect has one. */
  open(choice: number): void
  /** The choices spoken of so far. */
  readonly choices: ReadonlySet<number>
  /** A choice without its finish reason: `{"index":0,"delta":{}`. */
  last(choice: number): string
}

/** The part of a writer that knows no dialect but its chunks' head and last choice. */
export function createWriterBase(dialect: WriterDialect): WriterBase {
  const finishes = new Map<number, FinishReason>()
  let out = ''
  let usage: ChatUsage | undefined
  let failure: ErrorShape | undefined
  let generated = 0
  let counted = 0
  let closed = false
  return {
    write(text, length = 0) {
      out += text
      generated += length
    },
    finish(reason, choice = 0) {
      dialect.open(choice)
      finishes.set(choice, reason)
    },
    usage(value) {
      usage = value
      if (value.completion_tokens > 0) counted = generated
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
      if (dialect.choices.size === 0) dialect.open(0)
      for (const choice of dialect.choices) {
        const reason = finishes.get(choice) ?? 'stop'
        out += `${dialect.head}"choices":[${dialect.last(choice)},"finish_reason":"${reason}"}]}\n\n`
      }
      if (dialect.includeUsage && usage) {
        out += `${dialect.head}"choices":[],"usage":${writeUsage(usage, dialect.costOf)}}\n\n`
      }
      out += 'data: [DONE]\n\n'
    },
    error(shape) {
      if (closed) return
      closed = true
      out += `data: ${toOpenAIError(shape)}\n\n`
    },
    lastUsage: () => usage,
    failure: () => failure,
    finished: () => finishes.size > 0,
    generated: () => generated,
    uncounted: () => (finishes.size > 0 ? 0 : generated - counted),
  }
}

/** The usage as JSON, with its cost where that is wanted and known. */
function writeUsage(usage: ChatUsage, costOf: StreamWriterOptions['costOf']): string {
  const counted = costOf && toUsage(usage)
  const cost = counted && costOf(counted)
  return JSON.stringify(cost === undefined ? usage : { ...usage, cost })
}

/**
 * The pivot of all translations: OpenAI's chat form (API reference, "Chat completions") with the documented extensions
 * `reasoning_content`, `thinking_blocks` (with signatures), `annotations` and `provider_specific_fields`.
 */
export type FinishReason = 'stop' | 'length' | 'tool_calls' | 'content_filter' | 'function_call'

export interface ChatToolCall {
  id: string
  type: 'function'
  function: { name: string; arguments: string }
  /** Carried for providers whose calls are signed (Gemini thought signatures). */
  provider_specific_fields?: Record<string, unknown>
  /** The same as Google's own OpenAI endpoint says it. */
  extra_content?: { google: { thought_signature: string } }
}

/** A signed piece of reasoning; must be sent back unchanged when tools are used (Anthropic, "Extended thinking"). */
export type ThinkingBlock =
  | { type: 'thinking'; thinking: string; signature?: string }
  | { type: 'redacted_thinking'; data: string }

export interface ChatMessage {
  role: 'assistant'
  content: string | null
  refusal?: string | null
  tool_calls?: ChatToolCall[]
  reasoning_content?: string
  thinking_blocks?: ThinkingBlock[]
  annotations?: unknown[]
  /** Generated pictures, as `{ type: 'image_url', image_url: { url } }` with data URIs. */
  images?: unknown[]
  audio?: unknown
  provider_specific_fields?: Record<string, unknown>
}

/** OpenAI's usage object: `prompt_tokens` includes cached tokens, `completion_tokens` includes reasoning. */
export interface ChatUsage {
  prompt_tokens: number
  completion_tokens: number
  total_tokens: number
  prompt_tokens_details?: { cached_tokens?: number; cache_creation_tokens?: number; audio_tokens?: number }
  completion_tokens_details?: { reasoning_tokens?: number; audio_tokens?: number }
  cache_creation_input_tokens?: number
  cache_read_input_tokens?: number
}

export interface ChatCompletion {
  id: string
  object: 'chat.completion'
  created: number
  model: string
  choices: { index: number; message: ChatMessage; finish_reason: FinishReason; logprobs?: unknown }[]
  usage?: ChatUsage
  [field: string]: unknown
}

export interface EmbeddingList {
  object: 'list'
  data: { object: 'embedding'; index: number; embedding: number[] | string }[]
  model: string
  usage: { prompt_tokens: number; total_tokens: number }
}

/**
 * Where a stream decoder writes what it reads. The gateway owns the other side: it stamps one id on every chunk, sends
 * the role first, one finish per choice, the usage chunk only if asked for, and renders the client's dialect.
 * Every method is synchronous and cheap; `choice` defaults to 0.
 */
export interface ChatSink {
  /** A piece of the visible answer. */
  text(text: string, choice?: number): void
  /** A piece of reasoning (`delta.reasoning_content`). */
  reasoning(text: string, choice?: number): void
  /**
   * Any other delta: `{ tool_calls: [{ index, id, type, function }] }`, `{ thinking_blocks }`, `{ annotations }`, `{ refusal }`.
   * Lists whose entries have no `index` are to be written once per choice, whole: of several, the helpers of OpenAI's SDKs
   * keep the last (Node), or fail (Python).
   */
  delta(delta: Record<string, unknown>, choice?: number): void
  finish(reason: FinishReason, choice?: number): void
  /** The running totals; the last call wins. */
  usage(usage: ChatUsage): void
  /** The provider reported an error inside its stream: the client gets an error event and the call fails. */
  fail(error: ErrorShape): void
}

/** Reads a provider's stream event by event. Synchronous: all that one network read brought is written at once. */
export interface StreamDecoder {
  event(event: SseEvent): void
  /** The upstream's body ended. Called once, also when no event came. */
  end?(): void
}

/** One server-sent event (WHATWG HTML, "Server-sent events"), or one line of an NDJSON stream as `data`. */
export interface SseEvent {
  readonly event?: string | undefined
  readonly data: string
}

/** A provider's or the gateway's error, in the parts that every dialect can say. */
export interface ErrorShape {
  readonly status: number
  readonly message: string
  readonly type?: string | undefined
  readonly code?: string | null | undefined
  readonly param?: string | null | undefined
  /** Seconds after which the provider wants to be asked again, where its body says so. */
  readonly retryAfter?: number | undefined
}

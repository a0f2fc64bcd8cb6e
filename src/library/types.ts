import type { Usage } from '../types/call.ts'
import type {
  ChatCompletion,
  ChatToolCall,
  ChatUsage,
  EmbeddingList,
  FinishReason,
  ThinkingBlock,
} from '../types/chat.ts'

/**
 * The fields of T, and any others. Both ways of saying so are needed: literals may have other fields only beside an index
 * signature, and what is declared as an interface (an answer's message, the types of OpenAI's SDK) fits into none.
 */
type Open<T> = T extends unknown ? T | (T & { [extra: string]: unknown }) : never

/** A part of a message's content, as OpenAI's API reference has it. */
export type ContentPart = Open<
  | { type: 'text'; text: string }
  | { type: 'image_url'; image_url: Open<{ url: string; detail?: 'auto' | 'low' | 'high' | 'original' }> }
  | { type: 'input_audio'; input_audio: { data: string; format: string } }
  | { type: 'file'; file: Open<{ file_id?: string; file_data?: string; filename?: string }> }
  | { type: 'refusal'; refusal: string }
>

/** A message of the conversation so far: also one of an answer, as it is. */
export type ChatMessageParam = Open<
  | { role: 'system' | 'developer' | 'user'; content: string | ContentPart[]; name?: string }
  | {
      role: 'assistant'
      content?: string | ContentPart[] | null
      name?: string
      refusal?: string | null
      tool_calls?: (ChatToolCall | { id: string; type: 'custom'; custom: { name: string; input: string } })[]
      reasoning_content?: string
      thinking_blocks?: ThinkingBlock[]
    }
  | { role: 'tool'; content: string | ContentPart[]; tool_call_id: string }
  | { role: 'function'; content: string | null; name: string }
>

export type ChatTool = Open<{
  type: 'function' | (string & {})
  function?: { name: string; description?: string; parameters?: Record<string, unknown>; strict?: boolean | null }
}>

/** What every function of the library takes besides the API's own parameters. */
export interface GatewayOptions {
  /** The provider's key. Default: the gateway's, from its config or the environment. */
  apiKey?: string | undefined
  /** The provider's base URL, without an endpoint's path. */
  baseURL?: string | undefined
  apiVersion?: string | undefined
  organization?: string | undefined
  /** Any other option of the provider, by its name. */
  providerOptions?: Record<string, unknown> | undefined
  /** Seconds for one attempt. Default 600. */
  timeout?: number | undefined
  /** Seconds to a stream's first piece. */
  streamTimeout?: number | undefined
  /** Tries after the first one on rate limits, timeouts, connection failures and 5xx. One layer: no product of the two. */
  numRetries?: number | undefined
  /** The same, by OpenAI's name; `numRetries` wins. */
  maxRetries?: number | undefined
  /** Models that stand in, in this order, when the model fails for good. */
  fallbacks?: Fallback[] | undefined
  /** Models that stand in when the prompt is too long. */
  contextWindowFallbacks?: Fallback[] | undefined
  /** Models that stand in when the provider's content policy refuses. */
  contentPolicyFallbacks?: Fallback[] | undefined
  disableFallbacks?: boolean | undefined
  /** Use the response cache for this call (true) or not (false). Default: as the cache is configured. */
  caching?: boolean | undefined
  cache?: CacheControls | undefined
  /**
   * The answer, without asking any provider: a text, a list of numbers (embeddings), a URL (images), an Error to throw,
   * or an error's name (`RateLimitError`).
   */
  mockResponse?: unknown
  mockToolCalls?: ChatToolCall[] | undefined
  /** Waits `timeout` seconds, then throws {@link Timeout}. */
  mockTimeout?: boolean | undefined
  /** USD per token, for {@link GatewayInfo.cost}. */
  inputCostPerToken?: number | undefined
  outputCostPerToken?: number | undefined
  /** Extra headers for the provider. */
  extraHeaders?: Record<string, string> | undefined
  /** Drop parameters that the provider cannot carry instead of refusing the call. */
  dropParams?: boolean | undefined
  /** Parameters that are never sent. */
  additionalDropParams?: string[] | undefined
  tags?: string[] | undefined
  /** Aborting closes the provider's connection; the call then rejects with the signal's reason. */
  signal?: AbortSignal | undefined
}

/** A model's name, or a model with what is different for it: its key, its base, any parameter. */
export type Fallback = string | ({ model: string; [override: string]: unknown } & ProviderAccess)

/** How a provider is reached. */
export type ProviderAccess = Pick<
  GatewayOptions,
  'apiKey' | 'baseURL' | 'apiVersion' | 'organization' | 'providerOptions' | 'extraHeaders'
>

/** LiteLLM's cache controls. */
export interface CacheControls {
  /** Seconds that a stored answer may be used. */
  ttl?: number
  /** Seconds: a stored answer that is older is not taken. */
  's-maxage'?: number
  /** Do not read, but store. */
  'no-cache'?: boolean
  /** Do not store. */
  'no-store'?: boolean
  'use-cache'?: boolean
  namespace?: string
}

/** Parameters of {@link Completion}: OpenAI's, the gateway's, and anything else that the provider knows. */
export interface CompletionParams extends GatewayOptions {
  /** `provider/model`, a name of the gateway's config, or a bare name that a provider claims (`gpt-4o`). */
  model: string
  messages: ChatMessageParam[]
  stream?: boolean | null | undefined
  stream_options?: Open<{ include_usage?: boolean }> | null | undefined
  temperature?: number | null | undefined
  top_p?: number | null | undefined
  n?: number | null | undefined
  stop?: string | string[] | null | undefined
  max_tokens?: number | null | undefined
  max_completion_tokens?: number | null | undefined
  presence_penalty?: number | null | undefined
  frequency_penalty?: number | null | undefined
  logit_bias?: Record<string, number> | null | undefined
  logprobs?: boolean | null | undefined
  top_logprobs?: number | null | undefined
  seed?: number | null | undefined
  tools?: ChatTool[] | null | undefined
  tool_choice?: 'none' | 'auto' | 'required' | Open<{ type: string; function?: { name: string } }> | null | undefined
  parallel_tool_calls?: boolean | null | undefined
  functions?: { name: string; description?: string; parameters?: Record<string, unknown> }[] | null | undefined
  function_call?: 'none' | 'auto' | { name: string } | null | undefined
  response_format?: Open<{ type: string; json_schema?: object }> | null | undefined
  reasoning_effort?: 'none' | 'minimal' | 'low' | 'medium' | 'high' | (string & {}) | null | undefined
  verbosity?: 'low' | 'medium' | 'high' | (string & {}) | null | undefined
  thinking?: { type: string; budget_tokens?: number; [extra: string]: unknown } | null | undefined
  modalities?: string[] | null | undefined
  audio?: object | null | undefined
  prediction?: object | null | undefined
  web_search_options?: object | null | undefined
  service_tier?: string | null | undefined
  safety_identifier?: string | null | undefined
  prompt_cache_key?: string | null | undefined
  store?: boolean | null | undefined
  metadata?: Record<string, unknown> | null | undefined
  user?: string | null | undefined
  [extra: string]: unknown
}

export interface EmbeddingParams extends GatewayOptions {
  model: string
  /** A text, texts, tokens or lists of tokens. */
  input: string | string[] | number[] | number[][]
  dimensions?: number | null | undefined
  encoding_format?: 'float' | 'base64' | null | undefined
  user?: string | null | undefined
  metadata?: Record<string, unknown> | null | undefined
  [extra: string]: unknown
}

export interface ImageParams extends GatewayOptions {
  model: string
  prompt: string
  n?: number | null | undefined
  size?: string | null | undefined
  quality?: 'standard' | 'hd' | 'low' | 'medium' | 'high' | 'auto' | (string & {}) | null | undefined
  style?: 'vivid' | 'natural' | (string & {}) | null | undefined
  response_format?: 'url' | 'b64_json' | null | undefined
  user?: string | null | undefined
  [extra: string]: unknown
}

/** One piece of a streamed answer. */
export interface ChatCompletionChunk {
  id: string
  object: 'chat.completion.chunk'
  created: number
  model: string
  choices: {
    index: number
    delta: {
      role?: 'assistant'
      content?: string | null
      refusal?: string | null
      reasoning_content?: string
      tool_calls?: { index: number; id?: string; type?: 'function'; function?: { name?: string; arguments?: string } }[]
      [extra: string]: unknown
    }
    finish_reason: FinishReason | null
    logprobs?: unknown
  }[]
  usage?: ChatUsage | null
  [field: string]: unknown
}

export interface ImageList {
  created: number
  data: { url?: string; b64_json?: string; revised_prompt?: string }[]
  usage?: Record<string, unknown>
  [field: string]: unknown
}

/** What the gateway knows of an answer. Not enumerable on the answer, so that it is not serialised with it. */
export interface GatewayInfo {
  /** The call's id, as in the logs. */
  readonly id: string
  /** Id of the deployment that answered. */
  readonly deployment: string | undefined
  /** Absent for answers from the cache. */
  readonly provider: string | undefined
  /** The model group that answered: another one than asked for after a fallback. */
  readonly group: string | undefined
  readonly cacheHit: boolean
  /** Parameters that were dropped because the provider cannot carry them, as asked for. */
  readonly dropped: readonly string[]
  readonly headers: Readonly<Record<string, string>>
  /** Of a stream: known when it has ended. */
  readonly usage: Usage | undefined
  /** Nano-dollars (1e-9 USD), integer; 0 for answers from the cache. Undefined where no price is known. */
  readonly cost: number | undefined
}

export type WithGateway<T> = T & { readonly gateway: GatewayInfo }

/** A streamed answer. Breaking out of the loop closes the provider's connection. Can be read once. */
export interface CompletionStream extends AsyncIterable<ChatCompletionChunk> {
  /** Aborting it ends the loop quietly and closes the provider's connection. */
  readonly controller: AbortController
  readonly gateway: GatewayInfo
}

/** A stream that may be iterated at once, or awaited first, so that errors before its first piece show there. */
export type PendingStream = Promise<CompletionStream> & AsyncIterable<ChatCompletionChunk>

/** LiteLLM's `completion()`. Throws typed errors (`APIError` and below). */
export interface Completion {
  (params: CompletionParams & { stream: true }): PendingStream
  (params: CompletionParams & { stream?: false | null | undefined }): Promise<WithGateway<ChatCompletion>>
  (params: CompletionParams): Promise<WithGateway<ChatCompletion>> | PendingStream
}

/** The library's functions, bound to one gateway. */
export interface Library {
  readonly completion: Completion
  embedding(params: EmbeddingParams): Promise<WithGateway<EmbeddingList>>
  imageGeneration(params: ImageParams): Promise<WithGateway<ImageList>>
}

import type { z } from 'zod'
import type { Awaitable, Call, Wire } from './call.ts'
import type { ChatSink, ErrorShape, StreamDecoder } from './chat.ts'
import type { Deployment, ModelConfig } from './config.ts'

/** One deployment, ready to be called: a provider made with that deployment's options. */
export interface Target {
  /** `model_info.id`, or a stable hash of the deployment. */
  readonly id: string
  /** The public model name (model group) it serves. */
  readonly group: string
  /** The name the provider knows the model by. */
  readonly model: string
  readonly provider: Provider
  readonly deployment: Deployment
  /** Set on candidates that are only for a failure of this kind of an earlier group. */
  readonly fallbackFor?: FallbackKind | undefined
}

export type FallbackKind = 'general' | 'context_window' | 'content_policy'

/** The body of a request: whole, in the pieces of a whole (`rewriteBytes` makes them), or as it comes. */
export type UpstreamBody = string | Uint8Array | readonly (string | Uint8Array)[] | AsyncIterable<Uint8Array>

/** What is sent to a provider. Built by `encode`, which does no I/O. */
export interface UpstreamRequest {
  readonly url: string
  /** Default `POST`. */
  readonly method?: string | undefined
  readonly headers: Record<string, string>
  readonly body?: UpstreamBody | undefined
  /** How a streamed answer is framed. Default `sse`. */
  readonly framing?: 'sse' | 'ndjson' | undefined
}

/** A request whose body is in one piece or comes as it comes: what a provider that answers in process is given. */
export interface PlainRequest extends Omit<UpstreamRequest, 'body'> {
  readonly body?: Exclude<UpstreamBody, readonly unknown[]> | undefined
}

/** What `encode` is told besides the call, and where it says what it cannot carry. */
export interface Translation {
  readonly target: Target
  /**
   * The provider's dialect has no place for this field. Throws a 400 `unsupported_parameter` naming it, unless dropping
   * was asked for (`drop_params`, `additional_drop_params`): then returns, and the drop is reported to the client in
   * the `x-ungate-dropped-params` header.
   * @param param path of the field: `logit_bias`, `messages[2].content[0].input_audio`
   */
  unsupported(param: string, reason?: string): void
}

/**
 * How a provider serves one wire. Without `decode` and `decodeStream` the answer's bytes are passed on untouched.
 * All functions are pure.
 */
export interface Endpoint {
  /** False for models that this wire does not reach. Looked at for text completions, which become chats then. Default: all. */
  serves?(model: string): boolean
  encode(call: Call, translation: Translation): Awaitable<UpstreamRequest>
  /** What serves some calls instead: those alone whose answers have to be translated, where the others' bytes pass. */
  variant?(call: Call, target: Target): Endpoint | undefined
  /** Turns the provider's parsed JSON answer into the wire's own (`openai.chat` → {@link ChatCompletion}). */
  decode?(body: unknown, call: Call, target: Target): unknown
  /** Reads the provider's stream into a sink (wires that stream chat). */
  decodeStream?(sink: ChatSink, call: Call, target: Target): StreamDecoder
}

/** A provider with its options applied. */
export interface Provider {
  readonly name: string
  /** By wire; `openai.*` serves every OpenAI path that has no entry of its own (bytes through). */
  readonly endpoints: Readonly<Partial<Record<Wire, Endpoint>>>
  /** Reads an error answer. Default: OpenAI's `{"error":{…}}`, else the text. */
  error?(status: number, body: string): ErrorShape
  /** Lists the upstream's model names, for wildcards and local servers. Absent: unknown. */
  models?(): { request: PlainRequest; names(body: unknown): string[] }
  /** The upstream's base URL without credentials or query, for headers and `gateway check`. */
  readonly baseURL?: string | undefined
  /** Answers in process instead of over the network (the `mock` provider, test doubles). */
  respond?(request: PlainRequest, signal: AbortSignal): Awaitable<Response>
}

/** A discovered provider. `options` is the one source of types, checks, defaults and documentation. */
export interface ProviderDefinition<S extends z.ZodType = z.ZodType> {
  readonly kind: 'provider'
  readonly name: string
  /** One line for `gateway check` and the docs. */
  readonly description?: string | undefined
  readonly options: S
  /** Environment variables that fill options left out: `{ apiKey: 'ACME_API_KEY' }`. First one set wins. */
  readonly env?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** Options that must come from the config or the environment before the provider is usable without a config. */
  readonly required?: readonly string[] | undefined
  /** Other prefixes it answers to (`together_ai` for `together`). */
  readonly aliases?: readonly string[] | undefined
  /** Bare model names it claims when no config names them: `['gpt-*', 'o3*']`. */
  readonly claims?: readonly string[] | undefined
  /** Deployments that are there when no config names any (the `mock` provider's). */
  readonly builtin?: readonly ModelConfig[] | undefined
  /** Its name in the price list, where that is another one; false where the list cannot have its models. */
  readonly priceProvider?: string | false | undefined
  /** Prices of all its models by LiteLLM's names, under those of deployments: 0 where nobody is billed. */
  readonly prices?: Readonly<Record<string, number>> | undefined
  /** A server on this machine: taken when no config names any models and it answers `models()`. */
  readonly local?: boolean | undefined
  setup(options: z.output<S>): Omit<Provider, 'name'>
}

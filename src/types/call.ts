/**
 * A value or a promise of it. Stages may be synchronous; the lifecycle only awaits what is a promise.
 */
export type Awaitable<T> = T | PromiseLike<T>

/**
 * The dialect of one side: what the bytes mean. Client and provider each speak some; the same wire on both sides means
 * that bytes pass through untouched. `openai.*` is any other OpenAI path (files, audio, images …), passed through whole.
 */
export type Wire =
  | 'openai.chat'
  | 'openai.completions'
  | 'openai.embeddings'
  | 'openai.images'
  | 'openai.*'
  | (string & {})

/** Reads request headers by lower-case name. */
export interface HeaderReader {
  get(name: string): string | null
}

/** What the client asked for. Read and parsed once; `raw` lets an unchanged body be forwarded as it came. */
export interface Call {
  readonly wire: Wire
  /** HTTP method, upper case. */
  readonly method: string
  /** Path below the API's base, without `/v1` and query: `/chat/completions`, `/files/file-1/content`. */
  readonly path: string
  /** Query string with its `?`, or empty. */
  readonly search: string
  /** The model as the client named it (after URL and header overrides). Empty where a pass-through names none. */
  readonly model: string
  readonly stream: boolean
  /** The parsed JSON body; `{}` where the body is not JSON. Never mutate it. */
  readonly body: Readonly<Record<string, unknown>>
  /** The body's bytes as text (JSON), as bytes (multipart, binary), or as a stream that is read once. */
  readonly raw: string | Uint8Array | AsyncIterable<Uint8Array>
  readonly headers: HeaderReader
}

/** Token counts of one call, in one normal form for every provider. */
export interface Usage {
  /** All prompt tokens, cached ones included. */
  input: number
  /** All generated tokens, reasoning included. */
  output: number
  /** Part of `input` that was read from the provider's prompt cache. */
  cacheRead?: number | undefined
  /** Part of `input` that was written to the provider's prompt cache. */
  cacheWrite?: number | undefined
  /** Part of `output` spent on reasoning. */
  reasoning?: number | undefined
  /** Audio parts of `input` and `output`. */
  audioInput?: number | undefined
  audioOutput?: number | undefined
  /** True where the gateway estimated the figures because the provider gave none. */
  estimated?: boolean | undefined
}

/** What a call cost, in integer nano-dollars (10⁻⁹ USD). `total` is the sum of the parts but `reasoning`, which is inside `output`. */
export interface Cost {
  readonly total: number
  /** Input tokens that came from no cache. */
  readonly input: number
  readonly cacheRead: number
  readonly cacheWrite: number
  readonly output: number
  readonly reasoning: number
  /** Images, seconds, searches and other things that are not tokens. */
  readonly other: number
  /** Where the price came from; `unknown` means that nobody knows it and `total` is 0. */
  readonly source: 'request' | 'deployment' | 'library' | 'unknown'
}

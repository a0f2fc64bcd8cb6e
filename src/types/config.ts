import type { ProviderDefinition } from './provider.ts'
import type { AnyPluginDefinition, BuiltinPluginOptions } from './plugin.ts'

/** One entry of the model list after checking: what is called, with which limits and defaults. */
export interface Deployment {
  readonly id: string
  /** The public name; may contain `*`. */
  readonly name: string
  /** The provider definition's name. */
  readonly provider: string
  /** The upstream's model name; `*` takes what the public name's `*` matched. */
  readonly model: string
  /** The provider's own options (`apiKey`, `baseURL`, …). Holds secrets: never log it. */
  readonly options: Readonly<Record<string, unknown>>
  readonly weight?: number | undefined
  /** Lower is tried first. */
  readonly order?: number | undefined
  /** Requests and tokens per minute. */
  readonly rpm?: number | undefined
  readonly tpm?: number | undefined
  readonly maxParallel?: number | undefined
  /** Seconds: whole call, to the first chunk of a stream, between two chunks. */
  readonly timeout?: number | undefined
  readonly streamTimeout?: number | undefined
  readonly idleTimeout?: number | undefined
  /** Body fields sent when the client does not give them (`temperature`, `max_tokens`). */
  readonly params?: Readonly<Record<string, unknown>> | undefined
  /** Extra headers for the upstream. */
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** Drop fields that the provider cannot carry instead of refusing the call. */
  readonly dropParams?: boolean | undefined
  /** Fields that are always removed. */
  readonly additionalDropParams?: readonly string[] | undefined
  readonly tags?: readonly string[] | undefined
  /** Free facts, shown by `/model/info`: mode, limits, base_model, access_groups … */
  readonly info: Readonly<Record<string, unknown>>
  /** Prices by LiteLLM's names (`input_cost_per_token` …), USD. */
  readonly prices?: Readonly<Record<string, number>> | undefined
  /** Where it was declared: `gateway.config.ts models[2]`, `environment`. */
  readonly source: string
}

/** One entry of `models` as written in a config. Keys not listed are the provider's own options. */
export interface ModelConfig {
  /** Public name, exact or with `*`. */
  name: string
  /** `provider/model`, or the upstream's name together with `provider`. */
  model: string
  provider?: string
  id?: string
  apiKey?: string
  baseURL?: string
  weight?: number
  order?: number
  rpm?: number
  tpm?: number
  maxParallel?: number
  /** Seconds. */
  timeout?: number
  streamTimeout?: number
  idleTimeout?: number
  params?: Record<string, unknown>
  headers?: Record<string, string>
  dropParams?: boolean
  additionalDropParams?: string[]
  tags?: string[]
  info?: Record<string, unknown>
  prices?: Record<string, number>
  [providerOption: string]: unknown
}

/** `gateway.config.ts`. Every key is optional. */
export interface GatewayConfig {
  /** Default 4000. */
  port?: number
  /** Default `127.0.0.1` without a master key, `0.0.0.0` with one. */
  host?: string
  models?: ModelConfig[]
  /** Other names for models: `{ fast: 'groq/llama-3.3-70b' }`. */
  aliases?: Record<string, string>
  /** Options of plugins by name; `false` turns one off, `{}` turns an optional one on. */
  plugins?: BuiltinPluginOptions & Record<string, unknown>
  /** Options of providers by name, for all their deployments. */
  providers?: Record<string, Record<string, unknown>>
  /** Plugins and providers besides the discovered ones: paths, package names, definitions. Later wins by name. */
  use?: (string | AnyPluginDefinition | ProviderDefinition)[]
  /** Folders to discover, relative to the config. Default `plugins`, `providers`, `callbacks`. */
  folders?: { plugins?: string; providers?: string; callbacks?: string }
  /** Take the providers whose keys are in the environment. Default: only when `models` is empty. */
  environment?: boolean
  /** Drop fields that a provider cannot carry instead of refusing (LiteLLM's `drop_params`). Default false. */
  dropParams?: boolean
  /** Seconds for a whole call. Default 600. */
  timeout?: number
  /** Seconds of silence after which a stream gets an SSE comment, so that no balancer cuts it; 0 never. Default 15. */
  heartbeat?: number
  limits?: {
    /** Bytes of a JSON body. Default 10 MiB. */
    body?: number
    /** Bytes of a multipart or binary body. Default 64 MiB. */
    upload?: number
    /** Depth of JSON. Default 64. */
    depth?: number
    /** Calls in progress; further ones get 503. Default unlimited. */
    calls?: number
    /** Clients' connections to the gateway's own server. Default half of the descriptors that the process may open. */
    connections?: number
    /** The gateway's own server refuses calls while it cannot keep up. Default true. See docs/overload.md. */
    overload?: boolean
  }
  /** Where documents are kept: unstorage mounts by name, `default` is the root. See docs/storage.md. */
  storage?: Record<string, { driver: string; ttl?: number; [option: string]: unknown }>
  /** Numbers that race: in the Redis of the mount `counters` or `default`, else in memory. */
  counters?: {
    /** Spend survives a restart where counters are in memory: `.data/counters.journal`. Default true. */
    journal?: boolean
  }
  /** Which deployment serves OpenAI paths that name no model (files, batches …): a model name or deployment id. */
  passThrough?: { default?: string; routes?: Record<string, string> }
  /** Upstream connections per origin. Default unlimited. */
  connections?: number
}

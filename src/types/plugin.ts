import type { H3 } from 'h3'
import type { Storage } from 'unstorage'
import type { z } from 'zod'
import type { Answer, Context, LogRecord, Principal } from './lifecycle.ts'
import type { Awaitable, Wire } from './call.ts'
import type { Counters } from './counters.ts'
import type { GatewayEvent } from './events.ts'
import type { Deployment, GatewayConfig } from './config.ts'
import type { ProviderDefinition, Target } from './provider.ts'

/** Returns nothing to go on, an Answer to stop here, or throws a GatewayError to refuse. */
export type Gate = (ctx: Context) => Awaitable<Answer | void>

/** Wraps the attempts of a call, onion style: retry, cache, circuit breaker. */
export type Around = (ctx: Context, target: Target, next: (target: Target) => Promise<Answer>) => Promise<Answer>

/** The lifecycle in running order. Each stage is one array of functions, built once at start. */
export interface Lifecycle {
  /** Who is calling: sets `ctx.principal`. */
  auth: Gate
  rateLimit: Gate
  budget: Gate
  /** Where to: fills `ctx.targets`. */
  route: Gate
  /** Around the call of a target. */
  provider: Around
  /**
   * Takes the books of a call: after all settle closures, and before the first byte of a whole answer or the last of a
   * stream leaves. For what must not be lost; it is in the answer's way, so it takes microseconds. An answer that is no
   * stream waits for a promise that is returned; that of a stream is only looked at for errors.
   */
  record: Recorder
  /** Beside the answer, never in its way: a failure here is counted and dropped. */
  log: (record: LogRecord) => Awaitable<void>
  /** Beside everything, as `log`: something happened that people want to be told (a budget is nearly spent). */
  event: (event: GatewayEvent) => Awaitable<void>
}

/** `answer` is absent where the call failed. Of a stream, what follows can still be watched with `tap`. */
export type Recorder = (record: LogRecord, ctx: Context, answer: Answer | undefined) => Promise<void> | void

export interface GatewayPlugin extends Partial<Lifecycle> {
  /** This plugin checks credentials: the server may then bind beyond loopback. */
  readonly authenticates?: boolean
  /** Runs when the gateway closes or is replaced by a reload, after the last call and log record. It has 20 s. */
  close?(): Awaitable<void>
}

/**
 * A discovered plugin. `options` is the one source of the option types, their check, their defaults, their
 * documentation and the config's JSON Schema.
 */
export interface PluginDefinition<S extends z.ZodType = z.ZodType> {
  readonly kind: 'plugin'
  readonly name: string
  /** One line for `gateway check` and the docs. */
  readonly description?: string | undefined
  /** Before or after the plugins of the same stage. Default: between. */
  readonly order?: 'pre' | 'post' | undefined
  /** `false`: only on when the config names it. Default true. */
  readonly default?: boolean | undefined
  readonly options: S
  /** Environment variables that fill options left out: `{ key: 'GATEWAY_MASTER_KEY' }`. First one set wins. */
  readonly env?: Readonly<Record<string, string | readonly string[]>> | undefined
  /** LiteLLM settings that fill options: `{ 'general_settings.master_key': 'key' }`. */
  readonly litellm?: Readonly<Record<string, string>> | undefined
  setup(options: z.output<S>, gateway: GatewayContext): Awaitable<GatewayPlugin | void>
}

// oxlint-disable-next-line typescript/no-explicit-any -- a list of definitions with different option schemas
export type AnyPluginDefinition = PluginDefinition<any>

/** Options of plugins by name; built-in ones are filled in by the generated registry, yours by declaration merging. */
export interface BuiltinPluginOptions {}

/** A route that a plugin adds. Its errors are rendered, its access checked and its description put into OpenAPI. */
export interface RouteDefinition {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  /** h3 (rou3) patterns: `/health`, `/models/**`. */
  readonly path: string | readonly string[]
  /**
   * `public`: anyone; `key`: any accepted key; `viewer`: who may see everything (an admin, or a `proxy_admin_viewer`);
   * `admin`: the master key or an admin role.
   */
  readonly access: 'public' | 'key' | 'viewer' | 'admin'
  /** The operation's name in OpenAPI; default: from method and path. Paths after the first get a number. */
  readonly operationId?: string | undefined
  readonly summary?: string | undefined
  readonly tags?: readonly string[] | undefined
  readonly body?: z.ZodType | undefined
  readonly query?: z.ZodType | undefined
  readonly response?: z.ZodType | undefined
  /** The media type of the answer; default `application/json`. */
  readonly contentType?: string | undefined
  /** Statuses besides 200 with which it answers the same shape. */
  readonly statuses?: readonly number[] | undefined
  /** Returns a JSON value, a string (HTML when it starts with `<`), or a Response. */
  handler(request: RouteRequest): Awaitable<unknown>
}

export interface RouteRequest {
  readonly request: Request
  readonly url: URL
  /** What followed the pattern's wildcard, decoded; empty otherwise. */
  readonly rest: string
  readonly params: Readonly<Record<string, string>>
  /** The checked body (`{}` without a schema). */
  readonly body: Readonly<Record<string, unknown>>
  readonly query: Readonly<Record<string, string>>
  readonly principal: Principal | undefined
}

/** The deployments, resolved by public name. */
export interface ModelTable {
  /** All deployments as declared, wildcards included. */
  readonly deployments: readonly Deployment[]
  readonly aliases: Readonly<Record<string, string>>
  /** The candidates for a model name: alias, exact name, deployment id, pattern (most specific first), claimed bare name. Empty: unknown. */
  resolve(model: string): readonly Target[]
  /** Why a name is unknown, where that can be said: the provider it belongs to has no key. */
  hint(model: string): string | undefined
  /** Public names that can be listed: exact names, aliases, wildcards as written. */
  names(): string[]
}

/** What `setup` gets. */
export interface GatewayContext {
  readonly version: string
  /** The project's folder, which relative paths of a config start from. Absent: the working directory. */
  readonly root: string | undefined
  /** True where the gateway is only looked at (`gateway check`): open no database, fetch nothing, delete nothing. */
  readonly checking: boolean
  /** For routes that need h3 itself; prefer `route()`. */
  readonly app: H3
  route(definition: RouteDefinition): void
  readonly routes: readonly RouteDefinition[]
  readonly models: ModelTable
  readonly plugins: readonly PluginInfo[]
  readonly providers: ReadonlyMap<string, ProviderDefinition>
  /** Documents: keys, teams, cached answers. TTL and whole writes on every driver. */
  readonly storage: Storage
  /** Numbers that race. */
  readonly counters: Counters
  /** The config as it was checked. Holds secrets: never log it. */
  readonly config: GatewayConfig
  /** Tells the `event` stages of all plugins. Returns at once and never throws: what fails there is counted and dropped. */
  emit(event: GatewayEvent): void
  /**
   * What plugins say of what they depend on, by LiteLLM's names in `/health/readiness` (`db`). Asked on every probe: no I/O.
   */
  readonly conditions: Map<string, () => string>
  /** Calls in progress. */
  inFlight(): number
  /** Calls that were refused since the process started, because it could not carry more. */
  refused(): number
  /** Calls are being refused, or were a few seconds ago. */
  overloaded(): boolean
  /** True once the process is going down: no new traffic is wanted, what runs is finished. */
  draining(): boolean
  /** Runs a call through the whole lifecycle, as the HTTP endpoints do. */
  run(input: RunInput): Promise<Answer>
}

export interface PluginInfo {
  readonly name: string
  readonly kind: 'plugin' | 'provider'
  /** `built-in`, a path, a package name, or `config`. */
  readonly from: string
  readonly enabled: boolean
  readonly stages: readonly string[]
  readonly order?: 'pre' | 'post' | undefined
  readonly description?: string | undefined
}

/** A call made in process. */
export interface RunInput {
  wire: Wire
  path: string
  method?: string
  body: Record<string, unknown>
  headers?: Record<string, string>
  signal?: AbortSignal
  /** Skips `auth` and is accounted as this principal. */
  principal?: Principal
  /** Skips `route`. */
  targets?: readonly Target[]
  /** Body fields that speak to the gateway and must not reach a provider. */
  stripped?: readonly string[]
}

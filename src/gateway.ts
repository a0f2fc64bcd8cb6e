import { H3 } from 'h3'
import type { H3Event } from 'h3'
import type { GatewayConfig } from './types/config.ts'
import type { GatewayContext, PluginInfo, RouteDefinition, RunInput } from './types/plugin.ts'
import type { GatewayEvent } from './types/events.ts'
import type { Answer } from './types/lifecycle.ts'
import type { LitellmSettings } from './config/litellm-settings.ts'
import type { ConfigError } from './config/problem.ts'
import type { Deployment } from './types/config.ts'
import type { ProviderDefinition, Target } from './types/provider.ts'
import type { ActivePlugin, CompiledLifecycle } from './lifecycle.ts'
import type { NodePair } from './node-types.ts'
import type { Admission } from './admission.ts'
import type { Transport } from './transport/types.ts'
import { ADMISSION, createAdmission } from './admission.ts'
import { assembleModels } from './assemble-models.ts'
import { API_ROUTE, createDirectCalls } from './create-direct-calls.ts'
import { DIRECT } from './direct-calls.ts'
import type { DirectCalls } from './direct-calls.ts'
import { deadEnds } from './dead-ends.ts'
import { discover } from './discovery.ts'
import { knownPaths, matchEndpoint } from './endpoints.ts'
import { createCallRunner } from './handle-call.ts'
import { handleRoute } from './handle-route.ts'
import { compileLifecycle } from './lifecycle.ts'
import { fetchInProcess } from './fetch-in-process.ts'
import { createLogQueue } from './log-queue.ts'
import type { LogQueue } from './log-queue.ts'
import { logger } from './logger.ts'
import { createModelTable, makeProvider } from './model-table.ts'
import { unknownPath, unreadable } from './outside-requests.ts'
import type { HTTPFailure } from './outside-requests.ts'
import { activatePlugins, checkPluginOptions, closePlugins } from './plugins.ts'
import { createPriceTable } from './prices/price-table.ts'
import { openState } from './state.ts'
import type { State } from './state.ts'
import { sharedTransport } from './transport/shared.ts'
import { callUpstream } from './upstream.ts'
import { version } from './version.ts'

export interface CreateGatewayOptions {
  /** The server's own, which its gateways share. */
  [ADMISSION]?: Admission
  /** The project: folders are discovered and relative paths resolved from here. Absent: no discovery. */
  root?: string
  /** Environment for keys; default `process.env`. */
  env?: Record<string, string | undefined>
  /** The config's file, for messages. */
  source?: string
  /** LiteLLM settings by dotted path that plugins claim. */
  litellm?: LitellmSettings
  /** Replaces the network, in tests. */
  transport?: Transport
  /** Only to be looked at, as by `gateway check`: plugins begin no work. Calls are not for it. */
  checking?: boolean
}

/** A running gateway: nothing listens yet; `fetch` answers in process. */
export interface Gateway {
  /** Answers a web request, in process or on any runtime. Works as the `fetch` of an OpenAI client. */
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  /** Runs a call through the whole lifecycle without HTTP. */
  run(input: RunInput): Promise<Answer>
  readonly app: H3
  readonly config: GatewayConfig
  readonly deployments: readonly Deployment[]
  /** Public model names. */
  models(): string[]
  /** The candidates for a model name. */
  resolve(model: string): readonly Target[]
  /** A target that no config names, for calls that bring their own key (the library). */
  target(spec: { provider: string; model: string; options: Record<string, unknown> }): Promise<Target>
  readonly plugins: readonly PluginInfo[]
  readonly providers: ReadonlyMap<string, ProviderDefinition>
  readonly routes: readonly RouteDefinition[]
  /** Things worth telling at start. */
  readonly warnings: readonly string[]
  /** True when some plugin checks keys: only then may the server bind beyond loopback. */
  readonly authenticated: boolean
  /** Folders whose edits change the gateway. */
  readonly folders: readonly string[]
  /** Files whose edits change it as well, wherever they are. */
  readonly files: readonly string[]
  inFlight(): number
  /** Tells load balancers, by `/health/readiness`, to send no more. Calls are answered as before. */
  drain(): void
  /** Waits for calls in progress and log records, then closes the plugins. Calls that come later are refused (503). */
  close(): Promise<void>
}

/**
 * Puts a gateway together: discovery, checks, models, plugins, stages. All work that does not depend on a request
 * happens here. Throws a ConfigError that names every mistake with its path and fix.
 */
export async function createGateway(config: GatewayConfig = {}, options: CreateGatewayOptions = {}): Promise<Gateway> {
  const env = options.env ?? globalThis.process?.env ?? {}
  const registry = await import('./registry.gen.ts')
  const { checkGatewayConfig } = await import('./config/check.ts')
  await failOn(checkGatewayConfig(config), options.source)
  const discovery = await discover(config, registry, options.root)
  const checked = await checkPluginOptions(config, discovery, { ...options, env }).catch(async (error: unknown) => {
    await failOn((error as Partial<ConfigError>).problems ?? [], options.source)
    throw error
  })
  const definitions: ReadonlyMap<string, ProviderDefinition> = new Map(
    [...discovery.providers].map(([name, found]) => [name, found.definition]),
  )
  const models = await assembleModels(checked.config, definitions, { env, source: options.source ?? 'config' })
  await failOn([...discovery.problems, ...checked.problems, ...models.problems], options.source)

  const onError = (where: string, error: unknown) => logger.error(`${where} failed:`, error)
  const table = createModelTable({
    deployments: models.deployments,
    aliases: config.aliases ?? {},
    definitions,
    hidden: options.litellm?.hiddenAliases,
  })
  const prices = createPriceTable({ deployments: models.deployments, definitions })
  const pricesLoaded = prices.load(models.deployments)
  const transport = options.transport ?? (await sharedTransport(config.connections))
  const app = new H3({ silent: true, onError: (error) => unreadable(error as HTTPFailure, onError) })
  const routes: RouteDefinition[] = []
  const limits = { body: 10 * 1024 * 1024, upload: 64 * 1024 * 1024, depth: 64, calls: Infinity, ...config.limits }
  const admission = options[ADMISSION] ?? createAdmission()
  const active: ActivePlugin[] = []
  let draining = false
  let closed = false
  const infos: PluginInfo[] = []
  const warnings: string[] = []
  const state = await openState(config, options.root).catch((error: unknown) => rethrow(error, options.source))
  let lifecycle: CompiledLifecycle = compileLifecycle([], state.counters, () =>
    Promise.reject(new Error('not started')),
  )

  // Until all plugins are set up there is nobody to tell.
  let events: LogQueue<GatewayEvent> = createLogQueue<GatewayEvent>({ callbacks: [], onError })

  const context: GatewayContext = {
    version,
    root: options.root,
    checking: options.checking === true,
    app,
    route(definition) {
      routes.push(definition)
      const paths = typeof definition.path === 'string' ? [definition.path] : definition.path
      const answering = { lifecycle: () => lifecycle, limits, closed: () => closed, onError }
      const handle = (event: H3Event) => handleRoute(event, definition, answering)
      for (const path of paths) {
        app.on(definition.method, path, handle)
        // What can be read can be asked about (RFC 9110 §9.3.2): load balancers probe with HEAD.
        if (definition.method === 'GET') app.on('HEAD', path, handle)
      }
    },
    routes,
    models: table,
    plugins: infos,
    providers: definitions,
    storage: state.storage,
    counters: state.counters,
    directory: state.directory,
    prices,
    config: checked.config,
    emit: (event) => events.push(event),
    conditions: new Map(),
    inFlight: () => runner.inFlight(),
    refused: () => admission.refused,
    overloaded: () => admission.overloaded,
    draining: () => draining,
    run: (input) => runner.run(input),
  }
  try {
    await activatePlugins(checked, discovery, context, { active, infos, warnings })
  } catch (error) {
    // A reload that fails must leave nothing open: it may be tried again and again.
    await closePlugins(active, () => events.flush())
    await state.close()
    throw error
  }
  const upstream = {
    transport,
    timeout: config.timeout ?? 600,
    dropParams: config.dropParams === true,
    heartbeat: config.heartbeat ?? 15,
    prices,
  }
  lifecycle = compileLifecycle(active, state.counters, (ctx, target) => callUpstream(ctx, target, upstream))
  const log = createLogQueue({ callbacks: lifecycle.log, onError: (name, error) => onError(`callback ${name}`, error) })
  events = createLogQueue<GatewayEvent>({
    callbacks: lifecycle.event,
    onError: (name, error) => onError(`events of ${name}`, error),
  })
  const runner = createCallRunner({ lifecycle, log, prices, limits, admission, closed: () => closed, onError })
  // The usual paths by name: h3 finds those without walking its tree.
  for (const [path, matched] of knownPaths) app.all(path, (event) => runner.handle(event, matched), { meta: API_ROUTE })
  await pricesLoaded
  const rest = (event: H3Event) => {
    const matched = matchEndpoint(event.url.pathname)
    return matched
      ? runner.handle(event, matched)
      : unknownPath(event.req.method, event.url.pathname, event.runtime?.node as NodePair | undefined)
  }
  app.all('/**', rest, { meta: API_ROUTE })

  let closing: Promise<void> | undefined
  const gateway: Gateway & { [DIRECT]: DirectCalls } = {
    [DIRECT]: createDirectCalls(app, runner),
    app,
    config: checked.config,
    fetch: (input, init) => fetchInProcess(app, input, init),
    run: (input) => runner.run(input),
    deployments: models.deployments,
    models: () => table.names(),
    resolve: (model) => table.resolve(model),
    async target(spec) {
      const target = await looseTarget(spec, definitions, env)
      await prices.load([target.deployment])
      return target
    },
    plugins: infos,
    providers: definitions,
    routes,
    warnings: [
      ...checked.warnings,
      ...warnings,
      ...models.warnings,
      ...prices.warnings,
      ...deadEnds(config, (name) => table.resolve(name)),
    ],
    authenticated: active.some(({ plugin }) => plugin.authenticates === true),
    folders: discovery.folders,
    files: discovery.files,
    inFlight: () => runner.inFlight(),
    drain: () => {
      draining = true
    },
    close: () => (closing ??= close({ runner, log, events, active, state, refuse: () => (closed = true) })),
  }
  return gateway
}

interface Closing {
  readonly runner: { busy(): boolean }
  readonly log: { flush(): Promise<void> }
  readonly events: { flush(): Promise<void> }
  readonly active: readonly ActivePlugin[]
  readonly state: State
  /** Calls are refused from now on. */
  readonly refuse: () => void
}

async function close({ runner, log, events, active, state, refuse }: Closing): Promise<void> {
  // A reload's old gateway may still be handed some, and callbacks may make calls: as long as their books can be kept.
  do {
    while (runner.busy()) await new Promise((resolve) => setTimeout(resolve, 20))
    await log.flush()
  } while (runner.busy())
  refuse()
  const failures = await closePlugins(active, () => events.flush())
  await state.close()
  if (failures.length > 1) throw new AggregateError(failures, 'several plugins failed to close')
  if (failures.length > 0) throw failures[0]
}

async function looseTarget(
  spec: { provider: string; model: string; options: Record<string, unknown> },
  definitions: ReadonlyMap<string, ProviderDefinition>,
  env: Record<string, string | undefined>,
): Promise<Target> {
  const { toDeployments } = await import('./config/deployments.ts')
  const entry = { name: spec.model, model: spec.model, provider: spec.provider, ...spec.options }
  const { deployments, problems } = toDeployments({ models: [entry] }, definitions, { env, source: 'call' })
  await failOn(problems, '')
  const deployment = deployments[0]!
  return {
    id: deployment.id,
    group: deployment.name,
    model: deployment.model,
    provider: makeProvider(deployment, definitions),
    deployment,
  }
}

/** Stores know of no file that named them. */
async function rethrow(error: unknown, source: string | undefined): Promise<never> {
  const { ConfigError } = await import('./config/problem.ts')
  if (error instanceof ConfigError) await failOn(error.problems, source)
  throw error
}

async function failOn(
  problems: readonly { file?: string; path: string; message: string }[],
  source: string | undefined,
): Promise<void> {
  if (problems.length === 0) return
  const { ConfigError } = await import('./config/problem.ts')
  throw new ConfigError(problems.map((problem) => ({ ...problem, file: problem.file || (source ?? '') })))
}

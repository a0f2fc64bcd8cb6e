import type { LoadedConfig } from '../config/load.ts'
import type { Gateway } from '../gateway.ts'
import type { DirectCalls } from '../direct-calls.ts'
import type { Admission } from '../admission.ts'
import type { Handler } from './http-server.ts'
import { ADMISSION, createAdmission } from '../admission.ts'
import { directCalls } from '../direct-calls.ts'
import { loadGatewayConfig, NO_CONFIG } from '../config/load.ts'
import { ConfigError } from '../config/problem.ts'
import { watchFiles } from '../config/watch.ts'
import { createGateway } from '../gateway.ts'
import { logger } from '../logger.ts'
import { nodeHandler } from '../node.ts'

export interface LiveGatewayOptions {
  readonly cwd: string
  /** `--config`. */
  readonly file?: string | undefined
  /** Added over the loaded config, on every load (command line flags). */
  readonly overrides?: (loaded: LoadedConfig) => LoadedConfig
}

/** The gateway that is running now, replaced whole when its files change. */
export interface LiveGateway {
  readonly current: Gateway
  readonly loaded: LoadedConfig
  /** Hands requests to the current gateway. */
  readonly handler: Handler
  /** The current gateway's calls, for the gateway's own server. */
  readonly calls: DirectCalls
  readonly admission: Admission
  /** Loads again; a config with mistakes leaves the old gateway running and says so. */
  reload(): Promise<boolean>
  watch(): void
  /** Tells load balancers to send no more. The config stays as it is from now on: a new gateway would call itself ready. */
  drain(): void
  close(): Promise<void>
}

/** Loads the config and makes the gateway. Throws a ConfigError where it cannot start. */
export async function createLiveGateway(options: LiveGatewayOptions): Promise<LiveGateway> {
  let looked = new Set<string>()
  const admission = createAdmission()
  let { gateway, found, loaded, handler } = await start(options, { looked, admission })
  let watcher: ReturnType<typeof watchFiles> | undefined
  let queue: Promise<unknown> = Promise.resolve()
  const retired = new Set<Promise<void>>()
  let draining = false

  const swap = async (): Promise<boolean> => {
    if (draining) return false
    looked = new Set()
    try {
      const next = await start(options, { looked, admission, before: { gateway, found } })
      const old = gateway
      const moved = (['host', 'port'] as const).filter((key) => next.found.config[key] !== found.config[key])
      gateway = next.gateway
      found = next.found
      loaded = next.loaded
      handler = next.handler
      // The signal came while it was made.
      if (draining) gateway.drain()
      watcher?.update()
      // Calls in progress end on the gateway they began on.
      const closing = old.close().catch((error: unknown) => logger.error('closing the old gateway failed:', error))
      retired.add(closing)
      void closing.finally(() => retired.delete(closing))
      logger.success(`Reloaded ${loaded.source}: ${gateway.models().length} models`)
      for (const warning of [...loaded.warnings, ...gateway.warnings]) logger.warn(warning)
      for (const key of moved)
        logger.warn(`${loaded.source}: ${key}: has changed, which takes effect at the next start.`)
      return true
    } catch (error) {
      // What it names and is missing may come.
      watcher?.update()
      logger.error(`The changed config is not used, the old one keeps running:\n${messageOf(error)}`)
      return false
    }
  }
  const reload = (): Promise<boolean> => {
    const result = queue.then(swap)
    queue = result
    return result
  }

  return {
    get current() {
      return gateway
    },
    get loaded() {
      return loaded
    },
    handler: (request, response) => handler(request, response),
    get calls() {
      return directCalls(gateway)
    },
    admission,
    reload,
    watch() {
      watcher ??= watchFiles(
        () => [...loaded.files, ...gateway.files, ...looked],
        () => gateway.folders,
        () => void reload(),
      )
    },
    drain() {
      draining = true
      watcher?.close()
      gateway.drain()
    },
    async close() {
      watcher?.close()
      await queue
      await Promise.all([gateway.close(), ...retired])
    },
  }
}

interface Started {
  readonly gateway: Gateway
  /** What the files say, and that with the flags over it. */
  readonly found: LoadedConfig
  readonly loaded: LoadedConfig
  readonly handler: Handler
}

interface Starting {
  /** The places that were looked at for files. */
  readonly looked: Set<string>
  readonly admission: Admission
  readonly before?: Pick<Started, 'gateway' | 'found'>
}

async function start(options: LiveGatewayOptions, { looked, admission, before }: Starting): Promise<Started> {
  const found = await loadGatewayConfig({
    cwd: options.cwd,
    looked,
    ...(options.file === undefined ? {} : { file: options.file }),
  })
  if (before) refuseLoss(found, before.found)
  const loaded = options.overrides?.(found) ?? found
  const gateway = await createGateway(loaded.config, {
    root: loaded.root,
    source: loaded.source,
    [ADMISSION]: admission,
    ...(loaded.litellm ? { litellm: loaded.litellm } : {}),
  })
  if (before?.gateway.authenticated && !gateway.authenticated) {
    await gateway.close()
    const message =
      'no master key any more, so everybody who reaches the port would be admitted. Put it back, or start again to run without it.'
    throw new ConfigError([{ file: loaded.source, path: '', message }])
  }
  return { gateway, found, loaded, handler: await nodeHandler(gateway) }
}

/**
 * Some programs delete a file before they write it anew, and others (a shell's `>`) empty it long before. Without what is in
 * it there are no models and no master key.
 */
function refuseLoss(found: LoadedConfig, before: LoadedConfig): void {
  if (isEmpty(before) || !isEmpty(found)) return
  const message = `is ${found.source === NO_CONFIG ? 'gone' : 'empty'}. Put it back, or start again to run without it.`
  throw new ConfigError([{ file: before.source, path: '', message }])
}

/** It says nothing, or is not there. */
function isEmpty({ config, litellm }: LoadedConfig): boolean {
  return litellm === undefined && Object.keys(config).length === 0
}

/** What went wrong, for people: a config's mistakes in full, anything else in one line. */
export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

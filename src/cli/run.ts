import type { ArgsDef } from 'citty'
import type { GatewayConfig, ModelConfig } from '../types/config.ts'
import type { LoadedConfig } from '../config/load.ts'
import { logger } from '../logger.ts'
import { createLiveGateway, messageOf } from '../server/live-gateway.ts'
import type { LiveGateway } from '../server/live-gateway.ts'
import { listen } from '../server/serve.ts'
import type { Listening } from '../server/serve.ts'
import { shutdownOnSignal } from '../server/shutdown.ts'
import { toPort, unknownFlags } from './flags.ts'

/** The flags as citty parsed them. */
export interface RunArgs {
  config?: string | undefined
  port?: string | undefined
  host?: string | undefined
  model?: string | undefined
  alias?: string | undefined
  api_base?: string | undefined
  debug?: boolean | undefined
  open?: boolean | undefined
}

export interface RunOptions {
  readonly args: RunArgs
  readonly rawArgs: readonly string[]
  readonly known: ArgsDef
  readonly dev: boolean
}

/** Starts a gateway and its server; a mistake ends the process with its reason and fix, not with a stack. */
export async function run(options: RunOptions): Promise<{ live: LiveGateway; listening: Listening }> {
  return orExit(async () => {
    const { args, dev } = options
    refuseUnknown(options.rawArgs, options.known)
    if (args.debug) logger.level = 4
    const live = await createLiveGateway({
      cwd: process.cwd(),
      file: args.config,
      overrides: (loaded) => withFlags(loaded, args, dev),
    })
    const listening = await listen({ live, port: toPort(args.port), host: args.host, dev, open: args.open === true })
    live.watch()
    shutdownOnSignal(listening.server, live)
    for (const warning of [...live.loaded.warnings, ...live.current.warnings]) logger.warn(warning)
    return { live, listening }
  })
}

/** Runs a command; what it throws is printed as one message. */
export async function orExit<T>(command: () => Promise<T>): Promise<T> {
  try {
    return await command()
  } catch (error) {
    const known = error instanceof Error && (error.name === 'ConfigError' || !('code' in error))
    logger.error(known && logger.level < 4 ? messageOf(error) : error)
    process.exit(1)
  }
}

export function refuseUnknown(rawArgs: readonly string[], known: ArgsDef): void {
  const unknown = unknownFlags(rawArgs, known)
  if (unknown.length > 0) throw new Error(`Unknown flag --${unknown[0]}. See gateway --help.`)
}

/** Puts the command line over the config: a single model, console logging in `dev`. */
export function withFlags(loaded: LoadedConfig, args: RunArgs, dev: boolean): LoadedConfig {
  const config: GatewayConfig = { ...loaded.config }
  if (args.model !== undefined) {
    const entry: ModelConfig = { name: args.alias ?? args.model, model: args.model }
    if (args.api_base !== undefined) entry.baseURL = args.api_base
    config.models = [...(config.models ?? []), entry]
  }
  if (dev && config.plugins?.['log-console'] === undefined) config.plugins = { ...config.plugins, 'log-console': true }
  return { ...loaded, config }
}

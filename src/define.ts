import type { z } from 'zod'
import type { GatewayConfig } from './types/config.ts'
import type { GatewayPlugin, Lifecycle, PluginDefinition, GatewayContext } from './types/plugin.ts'
import type { ProviderDefinition } from './types/provider.ts'
import type { Awaitable } from './types/call.ts'

/** Defines a plugin: any stages of the lifecycle, options by one zod schema. */
export function definePlugin<S extends z.ZodType>(definition: Omit<PluginDefinition<S>, 'kind'>): PluginDefinition<S> {
  return { kind: 'plugin', ...definition }
}

/** Defines a provider: how it serves each wire. For OpenAI-compatible ones see `makeOpenAILike`. */
export function defineProvider<S extends z.ZodType>(
  definition: Omit<ProviderDefinition<S>, 'kind'>,
): ProviderDefinition<S> {
  return { kind: 'provider', ...definition }
}

/** Defines a logging callback: a plugin that has only the `log` stage. */
export function defineCallback<S extends z.ZodType>(
  definition: Omit<PluginDefinition<S>, 'kind' | 'setup'> & {
    setup(
      options: z.output<S>,
      gateway: GatewayContext,
    ): Awaitable<Pick<Lifecycle, 'log'> & Pick<GatewayPlugin, 'close'>>
  },
): PluginDefinition<S> {
  return { kind: 'plugin', ...definition }
}

/** Types a `gateway.config.ts`. */
export function defineGatewayConfig(config: GatewayConfig): GatewayConfig {
  return config
}

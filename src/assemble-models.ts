import type { Deployment, GatewayConfig, ModelConfig } from './types/config.ts'
import type { ProviderDefinition } from './types/provider.ts'

export interface AssembledModels {
  readonly deployments: readonly Deployment[]
  readonly problems: readonly { path: string; message: string }[]
  readonly warnings: readonly string[]
}

const PROBE_TIMEOUT = 400

/**
 * The deployments a gateway starts with: those of the config, or, where it names none, what the environment's keys,
 * a server on this machine and the built-in providers offer.
 */
export async function assembleModels(
  config: GatewayConfig,
  definitions: ReadonlyMap<string, ProviderDefinition>,
  options: { env: Record<string, string | undefined>; source: string },
): Promise<AssembledModels> {
  const { toDeployments, environmentDeployments } = await import('./config/deployments.ts')
  const env = options.env as NodeJS.ProcessEnv
  const declared = toDeployments(config, definitions, { env, source: options.source })
  if (!(config.environment ?? declared.deployments.length === 0)) return declared
  if (declared.problems.length > 0) return declared

  const found: ModelConfig[] = [...environmentDeployments(definitions, env)]
  for (const definition of definitions.values()) found.push(...(definition.builtin ?? []))
  found.push(...(await localDeployments(config, definitions, env)))
  const taken = new Set(declared.deployments.map((deployment) => deployment.name))
  const { providers } = config
  const extra = toDeployments(
    { models: found.filter((entry) => !taken.has(entry.name)), ...(providers ? { providers } : {}) },
    definitions,
    { env, source: 'environment' },
  )
  return {
    deployments: [...declared.deployments, ...extra.deployments],
    problems: extra.problems,
    warnings: [...declared.warnings, ...extra.warnings],
  }
}

/** Asks providers that run on this machine whether they are there, and which models they have. */
async function localDeployments(
  config: GatewayConfig,
  definitions: ReadonlyMap<string, ProviderDefinition>,
  env: NodeJS.ProcessEnv,
): Promise<ModelConfig[]> {
  const { toDeployments } = await import('./config/deployments.ts')
  const local = [...definitions.values()].filter((definition) => definition.local)
  const lists = await Promise.all(
    local.map(async (definition) => {
      const entry: ModelConfig = { name: `${definition.name}/*`, model: `${definition.name}/*` }
      const { providers } = config
      const { deployments } = toDeployments({ models: [entry], ...(providers ? { providers } : {}) }, definitions, {
        env,
        source: 'local',
      })
      const models = deployments[0] && definition.setup(deployments[0].options).models?.()
      if (!models) return []
      const names = await listModels(models)
      if (!names) return []
      return [
        entry,
        ...names.map((name) => ({ name: `${definition.name}/${name}`, model: `${definition.name}/${name}` })),
      ]
    }),
  )
  return lists.flat()
}

async function listModels(
  models: NonNullable<ReturnType<NonNullable<ReturnType<ProviderDefinition['setup']>['models']>>>,
) {
  try {
    const { url, method, headers } = models.request
    const response = await fetch(url, { method: method ?? 'GET', headers, signal: AbortSignal.timeout(PROBE_TIMEOUT) })
    return response.ok ? models.names(await response.json()) : undefined
  } catch {
    return undefined
  }
}

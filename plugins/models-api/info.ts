import { toPriceKeys } from '../../src/index.ts'
import type { Deployment, PriceTable, Target } from '../../src/index.ts'

/**
 * Everything `/model/info` may show of a deployment, besides the address. Options hold secrets, so this is a list of
 * what is allowed, by LiteLLM's names; what is not on it is never shown.
 */
const SHOWN = {
  rpm: 'rpm',
  tpm: 'tpm',
  weight: 'weight',
  order: 'order',
  max_parallel_requests: 'maxParallel',
  timeout: 'timeout',
  stream_timeout: 'streamTimeout',
  tags: 'tags',
  drop_params: 'dropParams',
  additional_drop_params: 'additionalDropParams',
} as const satisfies Record<string, keyof Deployment>

/** Facts that are the largest, the sum, or true if any of the deployments of one name says so. */
const LARGEST = ['max_tokens', 'max_input_tokens', 'max_output_tokens', 'input_cost_per_token', 'output_cost_per_token']
const FEATURES = [
  'supports_vision',
  'supports_function_calling',
  'supports_parallel_function_calling',
  'supports_reasoning',
  'supports_web_search',
]

/** One deployment as LiteLLM's `/model/info` shows it, without secrets. */
export function toModelInfo(target: Target, prices: PriceTable): Record<string, unknown> {
  const { deployment, provider } = target
  const params: Record<string, unknown> = { model: `${deployment.provider}/${deployment.model}` }
  if (provider.baseURL) params['api_base'] = provider.baseURL
  const version = deployment.options['apiVersion']
  if (typeof version === 'string') params['api_version'] = version
  for (const [name, key] of Object.entries(SHOWN)) {
    if (deployment[key] !== undefined) params[name] = deployment[key]
  }
  return {
    model_name: deployment.name,
    litellm_params: params,
    model_info: { ...factsOf(target, prices), id: deployment.id, db_model: false },
  }
}

/** The deployments of one name, added up, as LiteLLM's `/model_group/info` shows them. */
export function toGroupInfo(
  name: string,
  { targets, prices }: { targets: readonly Target[]; prices: PriceTable },
): Record<string, unknown> {
  const deployments = targets.map(({ deployment }) => deployment)
  const facts = targets.map((target) => factsOf(target, prices))
  const sum = (key: 'rpm' | 'tpm') => {
    const values = deployments.flatMap((deployment) => deployment[key] ?? [])
    return values.length > 0 ? values.reduce((a, b) => a + b, 0) : null
  }
  const largest = (key: string) => {
    const values = facts.map((fact) => fact[key]).filter((value): value is number => typeof value === 'number')
    return values.length > 0 ? Math.max(...values) : null
  }
  return {
    model_group: name,
    providers: [...new Set(deployments.map(({ provider }) => provider))],
    mode: facts[0]?.['mode'] ?? 'chat',
    ...Object.fromEntries(LARGEST.map((key) => [key, largest(key)])),
    tpm: sum('tpm'),
    rpm: sum('rpm'),
    ...Object.fromEntries(FEATURES.map((key) => [key, facts.some((fact) => fact[key] === true)])),
  }
}

/** What calls of a target are charged with, by LiteLLM's names; what is written in the config stands as it is. */
function factsOf(target: Target, prices: PriceTable): Record<string, unknown> {
  const { provider, prices: own, info } = target.deployment
  return { mode: 'chat', litellm_provider: provider, ...toPriceKeys(prices.of(target)), ...own, ...info }
}

import type { Deployment } from './types/config.ts'
import type { ModelTable } from './types/plugin.ts'
import type { Provider, ProviderDefinition, Target } from './types/provider.ts'
import { checkOnce } from './check-once.ts'
import { bySpecificity, compilePattern, fillPattern } from './model-pattern.ts'
import type { ModelPattern } from './model-pattern.ts'
import { publicAddress } from './public-address.ts'

export interface ModelTableInput {
  readonly deployments: readonly Deployment[]
  readonly aliases: Readonly<Record<string, string>>
  readonly definitions: ReadonlyMap<string, ProviderDefinition>
  /** Names that are routed but not listed. */
  readonly hidden?: readonly string[] | undefined
}

const RESOLVED_LIMIT = 2000
/** Longer names are looked up each time: they come from clients, and would fill the memory. */
const NAME_LIMIT = 500
const ALIAS_DEPTH = 10
const NONE: readonly Target[] = []

/**
 * The deployments by public name. Providers are made once per deployment, names are resolved once each: an alias, then
 * an exact name, a deployment's id, the most specific pattern, and last a bare name that a provider claims (`gpt-4o`
 * where only `openai/*` is declared).
 */
export function createModelTable(input: ModelTableInput): ModelTable {
  const groups = new Map<string, Target[]>()
  const byId = new Map<string, Target[]>()
  const wildcards: { pattern: ModelPattern; deployment: Deployment; provider: Provider }[] = []
  for (const deployment of input.deployments) {
    const provider = makeProvider(deployment, input.definitions)
    if (deployment.name.includes('*')) {
      wildcards.push({ pattern: compilePattern(deployment.name), deployment, provider })
      // By its id a wildcard serves only what names no model: files, batches.
      byId.set(deployment.id, [{ id: deployment.id, group: deployment.name, model: '', provider, deployment }])
      continue
    }
    const target: Target = { id: deployment.id, group: deployment.name, model: deployment.model, provider, deployment }
    groups.set(deployment.name, [...(groups.get(deployment.name) ?? []), target])
    byId.set(deployment.id, [target])
  }
  for (const group of groups.values()) group.sort(byOrder)
  wildcards.sort((a, b) => bySpecificity(a.pattern, b.pattern))
  const claims = [...input.definitions.values()].flatMap((definition) =>
    (definition.claims ?? []).map((claim) => ({ provider: definition.name, pattern: compilePattern(claim) })),
  )
  const resolved = new Map<string, readonly Target[]>()

  const exact = (name: string) => groups.get(name) ?? byId.get(name)

  const byPattern = (name: string): Target[] | undefined => {
    const best = wildcards.find((entry) => entry.pattern.match(name))
    if (!best) return undefined
    return wildcards
      .filter((entry) => entry.pattern.text === best.pattern.text)
      .map(({ pattern, deployment, provider }) => {
        const model = fillPattern(deployment.model, pattern.match(name)!)
        return { id: deployment.id, group: name, model, provider, deployment }
      })
      .sort(byOrder)
  }

  const find = (name: string, depth: number): readonly Target[] => {
    const alias = input.aliases[name]
    if (alias !== undefined && alias !== name && depth < ALIAS_DEPTH && Object.hasOwn(input.aliases, name)) {
      return find(alias, depth + 1)
    }
    const found = exact(name) ?? byPattern(name)
    if (found) return found
    const claim = claims.find((entry) => entry.pattern.match(name))
    return (claim && byPattern(`${claim.provider}/${name}`)) ?? NONE
  }

  return {
    deployments: input.deployments,
    aliases: input.aliases,
    resolve(name) {
      if (name.length > NAME_LIMIT) return find(name, 0)
      let targets = resolved.get(name)
      if (!targets) {
        targets = find(name, 0)
        if (resolved.size >= RESOLVED_LIMIT) resolved.clear()
        resolved.set(name, targets)
      }
      return targets
    },
    hint(name) {
      const prefix = name.split('/')[0]!
      const claim = claims.find((entry) => entry.pattern.match(name))
      const definition =
        [...input.definitions.values()].find((entry) => entry.name === prefix || entry.aliases?.includes(prefix)) ??
        (claim && input.definitions.get(claim.provider))
      if (!definition || input.deployments.some((deployment) => deployment.provider === definition.name))
        return undefined
      const variables = (definition.required ?? []).map((option) => [definition.env?.[option] ?? option].flat()[0]!)
      return variables.length > 0
        ? `The provider ${definition.name} is not configured: set ${variables.join(' and ')}, or add the model to the config.`
        : `The provider ${definition.name} is not configured: add the model to the config.`
    },
    names() {
      const names = [...input.deployments.map((deployment) => deployment.name), ...Object.keys(input.aliases)]
      return [...new Set(names)].filter((name) => !input.hidden?.includes(name))
    },
  }
}

/**
 * A provider with one deployment's options. Where those are not what its schema promises, because a required one is missing,
 * it is a name without endpoints: `upstream.ts` refuses every call before one is looked for.
 */
export function makeProvider(deployment: Deployment, definitions: ReadonlyMap<string, ProviderDefinition>): Provider {
  const definition = definitions.get(deployment.provider)!
  if (deployment.info['missing'] !== undefined && !checkOnce(definition.options, deployment.options).success) {
    const { baseURL } = deployment.options as { baseURL?: unknown }
    return {
      name: definition.name,
      endpoints: {},
      baseURL: typeof baseURL === 'string' ? publicAddress(baseURL) : undefined,
    }
  }
  const provider = { name: definition.name, ...definition.setup(deployment.options) }
  // It is shown in headers and `/model/info`; a config may have credentials in it.
  return { ...provider, baseURL: publicAddress(provider.baseURL) }
}

function byOrder(a: Target, b: Target): number {
  return (a.deployment.order ?? 0) - (b.deployment.order ?? 0)
}

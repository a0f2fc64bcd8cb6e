import { declaredKeys, unknownKey, zodProblems } from './check.ts'
import { closest } from './suggest.ts'
import { readEnv } from './env.ts'
import type { ModelConfig } from '../types/config.ts'
import type { ProviderDefinition } from '../types/provider.ts'
import type { Plain } from './plain.ts'
import { checkOnce } from '../check-once.ts'

/** A mistake in one entry; the path is relative to it. */
export interface OptionProblem {
  readonly path: string
  readonly message: string
}

export interface ProviderOptions {
  /** Checked, with defaults; as given where a required one is missing. */
  readonly options: Plain
  /** Required options that neither the entry nor the environment has. */
  readonly missing: readonly string[]
  readonly problems: readonly OptionProblem[]
  /** Options that the provider does not have. */
  readonly unknown: readonly OptionProblem[]
}

/** Finds the provider of an entry and the upstream's model name, or says why there is none. */
export function findProvider(
  model: Pick<ModelConfig, 'model' | 'provider'>,
  providers: ReadonlyMap<string, ProviderDefinition>,
): { definition: ProviderDefinition; model: string } | OptionProblem {
  if (model.provider !== undefined) {
    const definition = providerNamed(model.provider, providers)
    return definition ? { definition, model: model.model } : unknownProvider(model.provider, 'provider', providers)
  }
  const slash = model.model.indexOf('/')
  if (slash > 0) {
    const prefix = model.model.slice(0, slash)
    const definition = providerNamed(prefix, providers)
    return definition
      ? { definition, model: model.model.slice(slash + 1) }
      : unknownProvider(prefix, 'model', providers)
  }
  for (const definition of providers.values()) {
    if (definition.claims?.some((claim) => matches(claim, model.model))) return { definition, model: model.model }
  }
  const { model: name } = model
  const message = providerNamed(name, providers)
    ? `"${name}" is a provider, and names no model of it. Write "${name}/<model>".`
    : `"${name}" names no provider. Write "provider/${name}", such as "openai/${name}".`
  return { path: 'model', message }
}

/** A provider by its name or one of its aliases. */
export function providerNamed(
  name: string,
  providers: ReadonlyMap<string, ProviderDefinition>,
): ProviderDefinition | undefined {
  return providers.get(name) ?? [...providers.values()].find((definition) => definition.aliases?.includes(name))
}

/** Reason and fix for a name that no provider has. */
export function unknownProvider(
  name: string,
  path: string,
  providers: ReadonlyMap<string, ProviderDefinition>,
): OptionProblem {
  const names = [...providers.values()].flatMap((definition) => [definition.name, ...(definition.aliases ?? [])])
  const meant = closest(name, names)
  const fix = meant === undefined ? '' : ` Did you mean "${meant}"?`
  return { path, message: `unknown provider "${name}".${fix} Known are: ${[...providers.keys()].sort().join(', ')}.` }
}

/**
 * Fills the options that are left out from the provider's environment variables, then checks them. `blocked` are options
 * that the entry takes from a variable which is not set: another one must not stand in for it.
 */
export function toProviderOptions(
  definition: ProviderDefinition,
  given: Plain,
  { env, blocked = [] }: { env: NodeJS.ProcessEnv; blocked?: readonly string[] },
): ProviderOptions {
  const options: Plain = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined))
  const known = declaredKeys(definition.options)
  const unknown: OptionProblem[] = []
  for (const key of known ? Object.keys(options) : []) {
    if (known!.includes(key)) continue
    delete options[key]
    unknown.push({ path: key, message: unknownKey(key, known!) })
  }
  for (const [option, value] of Object.entries(environmentOptions(definition, env))) {
    if (options[option] === undefined && !blocked.includes(option)) options[option] = value
  }
  const missing = (definition.required ?? []).filter((option) => options[option] === undefined)
  const result = checkOnce(definition.options, options)
  if (result.success) return { options: result.data as Plain, missing, problems: [], unknown }
  const issues = result.error.issues.filter((issue) => !missing.includes(String(issue.path[0])))
  return { options, missing, problems: zodProblems(definition.options, options, issues), unknown }
}

/** The options that the environment has for a provider. Of several variables for one option the first set wins. */
export function environmentOptions(definition: ProviderDefinition, env: NodeJS.ProcessEnv): Record<string, string> {
  const options: Record<string, string> = {}
  for (const [option, names] of Object.entries(definition.env ?? {})) {
    const found = [names].flat().find((name) => readEnv(env, name) !== undefined)
    if (found !== undefined) options[option] = env[found]!
  }
  return options
}

/** Patterns as `claims` has them: `*` for any part of a name. */
function matches(pattern: string, name: string): boolean {
  const parts = pattern.split('*').map((part) => part.replace(/[\\^$.|?+()[\]{}]/g, '\\$&'))
  return new RegExp(`^${parts.join('.*')}$`).test(name)
}

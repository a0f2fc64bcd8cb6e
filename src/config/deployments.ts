import { deploymentId } from './deployment-id.ts'
import { MODEL_KEYS } from './schema-model.ts'
import { PROVIDERS } from './litellm-names.ts'
import { originOf, setOrigin } from './model-origin.ts'
import {
  environmentOptions,
  findProvider,
  providerNamed,
  toProviderOptions,
  unknownProvider,
} from './provider-options.ts'
import type { Deployment, GatewayConfig, ModelConfig } from '../types/config.ts'
import type { ProviderDefinition } from '../types/provider.ts'
import type { Plain } from './plain.ts'

type Providers = ReadonlyMap<string, ProviderDefinition>

/** Keys of an entry that are the provider's, although every entry may have them. */
const PROVIDER_KEYS = new Set(['apiKey', 'baseURL'])
const DEPLOYMENT_KEYS = new Set(MODEL_KEYS.filter((key) => !PROVIDER_KEYS.has(key)))

const NOTHING_FOR_ANY =
  '"*" stands for every provider whose key is in the environment, and there is none. Set one, such as OPENAI_API_KEY.'

/** Keys that a deployment has as the entry has them. */
const LIMIT_KEYS = MODEL_KEYS.filter(
  (key) => !['name', 'model', 'provider', 'id', 'info', ...PROVIDER_KEYS].includes(key),
)

export interface DeploymentProblem {
  /** The file as shown to the user, where the entry came from another one than the config. */
  readonly file?: string
  readonly path: string
  readonly message: string
}

export interface Deployments {
  deployments: Deployment[]
  /** Not empty: must not be started. */
  problems: DeploymentProblem[]
  warnings: string[]
}

/**
 * Turns the model entries into deployments: finds each one's provider, merges `providers[name]` under it, fills what is
 * left out from the environment and checks the provider's options. An entry without a required option (a key) is kept:
 * its `info.missing` names the options and `info.missingVariables` the variables to set.
 */
export function toDeployments(
  config: GatewayConfig,
  providers: Providers,
  options: { env: NodeJS.ProcessEnv; source: string },
): Deployments {
  const result: Deployments = { deployments: [], problems: [], warnings: [] }
  const shared = providerDefaults(config, providers, result)
  const taken = new Set<string>()
  for (const [index, model] of (config.models ?? []).entries()) {
    const origin = originOf(model)
    const place = { path: `models[${index}]`, file: '', source: `${options.source} models[${index}]`, ...origin }
    const entries = expandAny(model, providers, options.env)
    if (entries.length === 0) result.warnings.push(`${place.source}: ${NOTHING_FOR_ANY}`)
    for (const entry of entries) {
      const made = toDeployment(entry, { providers, shared, env: options.env, place, result })
      if (!made) continue
      const id = uniqueId(made.id, taken)
      if (id !== made.id && (model.id !== undefined || model.info?.['id'] !== undefined)) {
        result.warnings.push(`${place.source}: the id "${made.id}" is taken; this deployment is called "${id}".`)
      }
      result.deployments.push({ ...made, id })
    }
  }
  return result
}

/** One wildcard entry `<provider>/*` for each provider whose required options are all in the environment. */
export function environmentDeployments(providers: Providers, env: NodeJS.ProcessEnv): ModelConfig[] {
  return usableProviders(providers, env).map(({ name }) =>
    setOrigin({ name: `${name}/*`, model: `${name}/*` }, { source: 'environment', file: '', path: `${name}/*` }),
  )
}

interface Making {
  readonly providers: Providers
  readonly shared: ReadonlyMap<string, Plain>
  readonly env: NodeJS.ProcessEnv
  readonly place: {
    path: string
    file: string
    source: string
    missing?: Readonly<Record<string, string>> | undefined
    lenient?: boolean | undefined
  }
  readonly result: Deployments
}

function toDeployment(model: ModelConfig, making: Making): Deployment | undefined {
  const { place, result } = making
  const report = (path: string, message: string): void => {
    const written = place.lenient ? asInLitellm(path) : path
    const joined = [place.path, written].filter(Boolean).join('.')
    result.problems.push({ ...(place.file && { file: place.file }), path: joined, message })
  }
  const found = findProvider(model, making.providers)
  if (!('definition' in found)) {
    const wanted = model.provider ?? model.model.split('/', 1)[0]!
    if (!place.lenient || !PROVIDERS.has(wanted)) return void report(found.path, found.message)
    const without = `the provider ${wanted} is not built yet; "${model.name}" goes without this deployment.`
    result.warnings.push(`${place.source}: ${without}`)
    return undefined
  }
  const { definition } = found
  const whole = { ...making.shared.get(definition.name), ...model }
  const given: Plain = {}
  for (const [key, value] of Object.entries(whole)) if (!DEPLOYMENT_KEYS.has(key)) given[key] = value

  const blocked = Object.keys(place.missing ?? {}).filter((option) => given[option] === undefined)
  const checked = toProviderOptions(definition, given, { env: making.env, blocked })
  for (const { path, message } of checked.problems) report(path, message)
  for (const { path, message } of checked.unknown) {
    if (place.lenient)
      result.warnings.push(`${place.source}: ${definition.name} has no option ${path}; it has no effect.`)
    else report(path, message)
  }
  const variables = missingVariables(definition, checked.missing, place.missing)
  const news = checked.missing.filter((option) => place.missing?.[option] === undefined)
  if (news.length > 0) result.warnings.push(missingText(model.name, definition, news, place.source))

  return {
    ...limits(whole),
    id:
      model.id ??
      infoId(model) ??
      deploymentId({
        name: model.name,
        provider: definition.name,
        model: found.model,
        baseURL: given['baseURL'],
        options: given,
      }),
    name: model.name,
    provider: definition.name,
    model: found.model,
    options: checked.options,
    info: {
      ...model.info,
      ...(checked.missing.length > 0 && { missing: checked.missing, missingVariables: variables }),
    },
    source: place.source,
  }
}

function limits(model: Partial<ModelConfig>): Partial<Deployment> {
  return Object.fromEntries(LIMIT_KEYS.flatMap((key) => (model[key] === undefined ? [] : [[key, model[key]]])))
}

/**
 * `model: "*"` takes the provider from the request's model. It becomes one entry for each provider that the environment
 * makes usable: `*` → `openai/*`, `anthropic/*` …
 */
function expandAny(model: ModelConfig, providers: Providers, env: NodeJS.ProcessEnv): ModelConfig[] {
  const own = Object.keys(model).some((key) => !DEPLOYMENT_KEYS.has(key) && model[key] !== undefined)
  if (model.model !== '*' || model.provider !== undefined || own) return [model]
  return usableProviders(providers, env).map(({ name }) => ({
    ...model,
    name: model.name.replace('*', `${name}/*`),
    provider: name,
  }))
}

/** Providers that need something of the environment and find it there. */
function usableProviders(providers: Providers, env: NodeJS.ProcessEnv): ProviderDefinition[] {
  return [...providers.values()].filter((definition) => {
    const options = environmentOptions(definition, env)
    return (definition.required?.length ?? 0) > 0 && definition.required!.every((option) => option in options)
  })
}

/** `config.providers` by the providers' own names. */
function providerDefaults(config: GatewayConfig, providers: Providers, result: Deployments): Map<string, Plain> {
  const defaults = new Map<string, Plain>()
  for (const [name, options] of Object.entries(config.providers ?? {})) {
    const definition = providerNamed(name, providers)
    if (definition) defaults.set(definition.name, { ...defaults.get(definition.name), ...options })
    else result.problems.push({ ...unknownProvider(name, `providers.${name}`, providers) })
  }
  return defaults
}

function missingVariables(
  definition: ProviderDefinition,
  missing: readonly string[],
  named: Readonly<Record<string, string>> | undefined,
): string[] {
  return missing.flatMap((option) => named?.[option] ?? [definition.env?.[option] ?? []].flat().slice(0, 1))
}

function missingText(name: string, definition: ProviderDefinition, missing: readonly string[], source: string): string {
  const variables = missingVariables(definition, missing, undefined)
  const set = variables.length > 0 ? `Set ${variables.join(' and ')}, or give it` : 'Give it'
  return `${source}: "${name}" has no ${missing.join(' and no ')} for ${definition.name}. ${set} in the config.`
}

/** How a LiteLLM config spells an option of an entry: `baseURL` → `litellm_params.api_base`. */
function asInLitellm(option: string): string {
  const spelled = option.replace(/[A-Z]+/g, (capitals) => `_${capitals.toLowerCase()}`)
  return `litellm_params.${LITELLM_SPELLINGS[option] ?? spelled}`
}

const LITELLM_SPELLINGS: Readonly<Record<string, string>> = { provider: 'custom_llm_provider', baseURL: 'api_base' }

function infoId(model: ModelConfig): string | undefined {
  const id = model.info?.['id']
  return typeof id === 'string' && id !== '' ? id : undefined
}

function uniqueId(id: string, taken: Set<string>): string {
  let unique = id
  for (let count = 2; taken.has(unique); count++) unique = `${id}-${count}`
  taken.add(unique)
  return unique
}

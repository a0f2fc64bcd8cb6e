import { ConfigError, toPath } from './problem.ts'
import { didYouMean } from './suggest.ts'
import { isPlain } from './plain.ts'
import { missingVariable, unresolved } from './env.ts'
import { KNOWN_KEYS } from './litellm-keys.ts'
import { STRATEGIES } from './litellm-names.ts'
import type { GatewayConfig } from '../types/config.ts'
import type { AnyPluginDefinition } from '../types/plugin.ts'
import type { Plain } from './plain.ts'
import type { ConfigProblem } from './problem.ts'

/**
 * What a LiteLLM config says besides its models, by dotted path: `general_settings.master_key`,
 * `router_settings.fallbacks`, `guardrails`, and `litellm_params.<key>` for keys of model entries that are not part of a
 * request (the values themselves are in the deployment's `info`). Settings that the core uses itself are not here.
 */
export interface LitellmSettings {
  /** Aliases that are not listed (`model_group_alias` with `hidden: true`). */
  hiddenAliases?: string[]
  [path: string]: unknown
}

/**
 * Gives every setting to the plugin that claims it (`PluginDefinition.litellm`: path → option). A claim may name a part of
 * a setting (`litellm_settings.cache_params.ttl`); an option written as `''` only says that the plugin reads the key from
 * deployments. Of several claims for one option the first that is set wins; options in the config win over all. A plugin
 * that is off by default is turned on by a setting that is neither false, 0, empty nor absent.
 * A value that LiteLLM knows and the claiming plugin does not (a routing strategy) is not built yet: nobody claims it.
 * @returns the config with the options merged in, the paths that nobody claims, and which setting an option came from
 * (`master-key.key` → `general_settings.master_key`)
 * @throws ConfigError when a claimed setting names an environment variable that is not set
 */
export function applyLitellmSettings(
  settings: LitellmSettings,
  pluginDefinitions: Iterable<AnyPluginDefinition>,
  config: GatewayConfig,
): { config: GatewayConfig; unclaimed: string[]; origins: ReadonlyMap<string, string> } {
  const { hiddenAliases: _hidden, ...values } = settings
  const claims = new Set<string>()
  const origins = new Map<string, string>()
  const problems: ConfigProblem[] = []
  const explicitly: Plain = config.plugins ?? {}
  const plugins: Plain = { ...explicitly }
  for (const definition of pluginDefinitions) {
    const options: Plain = {}
    for (const [path, option] of Object.entries(definition.litellm ?? {})) {
      const value = settingAt(values, path)
      if (isNotBuilt(path, value) && !accepts(definition, { ...options, [option]: value }, option)) continue
      claims.add(path)
      if (value === undefined || value === null || option === '') continue
      for (const reference of unresolved(value)) {
        const at = reference.path.length > 0 ? `.${toPath(reference.path)}` : ''
        if (problems.some((problem) => problem.path === path + at)) continue
        problems.push({ file: '', path: path + at, message: missingVariable(reference.variable) })
      }
      if (Object.hasOwn(options, option)) continue
      options[option] = value
      if (!isPlain(explicitly[definition.name]) || !Object.hasOwn(explicitly[definition.name] as Plain, option)) {
        origins.set(`${definition.name}.${option}`, path)
      }
    }
    const explicit = plugins[definition.name]
    if (explicit === false || Object.keys(options).length === 0) continue
    const wanted = definition.default !== false || Object.values(options).some(isOn)
    if (explicit === undefined && !wanted) continue
    plugins[definition.name] = { ...options, ...(isPlain(explicit) ? explicit : {}) }
  }
  if (problems.length > 0) throw new ConfigError(problems)
  const unclaimed = Object.entries(values).flatMap(([path, value]) => unclaimedPaths(path, value, claims))
  return { config: Object.keys(plugins).length > 0 ? { ...config, plugins } : config, unclaimed, origins }
}

/** One warning for settings that are known but not built, one for settings that nobody knows. */
export function litellmWarnings(unclaimed: readonly string[]): string[] {
  const known: string[] = []
  const unknown: string[] = []
  for (const path of unclaimed) {
    const [section = '', key] = path.split('.')
    const keys = KNOWN_KEYS[key === undefined ? '' : section] ?? []
    const name = key ?? section
    if (keys.includes(name) || (key !== undefined && !(section in KNOWN_KEYS))) known.push(path)
    else unknown.push(path + didYouMean(name, keys))
  }
  const warnings: string[] = []
  if (known.length > 0)
    warnings.push(`LiteLLM settings that are not built yet and have no effect: ${known.join(', ')}.`)
  if (unknown.length > 0) warnings.push(`Unknown settings: ${unknown.join(', ')}. ${effect(unknown)}`)
  return warnings
}

function isNotBuilt(path: string, value: unknown): boolean {
  return path === 'router_settings.routing_strategy' && STRATEGIES.includes(String(value))
}

function accepts(definition: AnyPluginDefinition, options: Plain, option: string): boolean {
  const { error } = definition.options.safeParse(options) as { error?: { issues: { path: PropertyKey[] }[] } }
  return error?.issues.every(({ path }) => path[0] !== option) ?? true
}

function effect(unknown: readonly string[]): string {
  const sent = unknown.filter((path) => path.startsWith('litellm_params.')).length
  if (sent === 0) return 'They have no effect.'
  const rest = sent < unknown.length ? '; the others have no effect' : ''
  return `Those of litellm_params are sent to the provider as they are${rest}.`
}

function settingAt(settings: Plain, path: string): unknown {
  if (Object.hasOwn(settings, path)) return settings[path]
  const owner = Object.keys(settings).find((setting) => path.startsWith(`${setting}.`))
  if (owner === undefined) return undefined
  return path
    .slice(owner.length + 1)
    .split('.')
    .reduce<unknown>((at, key) => (isPlain(at) && Object.hasOwn(at, key) ? at[key] : undefined), settings[owner])
}

function unclaimedPaths(path: string, value: unknown, claims: ReadonlySet<string>): string[] {
  if (claims.has(path)) return []
  if (!isPlain(value) || ![...claims].some((claim) => claim.startsWith(`${path}.`))) return [path]
  return Object.entries(value).flatMap(([key, item]) => unclaimedPaths(`${path}.${key}`, item, claims))
}

function isOn(value: unknown): boolean {
  if (Array.isArray(value)) return value.length > 0
  return isPlain(value) ? Object.keys(value).length > 0 : Boolean(value)
}

import { kindOf, toPath } from './problem.ts'
import { isPlain, mergePlain } from './plain.ts'
import { missingVariable, readEnv, resolveEnv, unresolved } from './env.ts'
import { checkGatewayConfig } from './check.ts'
import { coreSettings, CORE_KEYS, modelDefaults } from './litellm-core.ts'
import { gatewayConfigSchema } from './schema.ts'
import { withoutRedis } from './litellm-redis.ts'
import { toModelConfigs } from './litellm-model.ts'
import { LITELLM_MARKS, SECTIONS } from './litellm-keys.ts'
import * as read from './litellm-values.ts'
import type { GatewayConfig, ModelConfig } from '../types/config.ts'
import type { Section } from './litellm-keys.ts'
import type { LitellmFile } from './litellm-include.ts'
import type { LitellmSettings } from './litellm-settings.ts'
import type { Place } from './litellm-values.ts'
import type { Plain } from './plain.ts'
import type { ConfigProblem } from './problem.ts'

export { applyLitellmSettings, litellmWarnings } from './litellm-settings.ts'
export type { LitellmSettings } from './litellm-settings.ts'

export interface TranslatedLitellm {
  config: GatewayConfig
  settings: LitellmSettings
  warnings: string[]
  /** Not empty: must not be started. */
  problems: ConfigProblem[]
}

/** True for a parsed file that has a key which only LiteLLM's config.yaml has. */
export function isLitellmConfig(raw: Plain): boolean {
  return LITELLM_MARKS.some((key) => key in raw)
}

/**
 * Translates a LiteLLM config.yaml. `includes` are the files that it includes, already parsed: their lists are appended,
 * their other keys win. Keys of `GatewayConfig` may stand beside LiteLLM's and win over what is translated.
 * `environment_variables` are set in `env` where `env` does not have them.
 */
export function translateLitellm(
  raw: Plain,
  options: { file: string; env: NodeJS.ProcessEnv; includes?: readonly LitellmFile[] },
): TranslatedLitellm {
  const problems: ConfigProblem[] = []
  const warnings: string[] = []
  const files = [{ file: options.file, raw }, ...(options.includes ?? [])]
  for (const { file, raw: map } of files) setEnvironment(map, options.env, { file, path: [], problems })
  const resolved = files.map(({ file, raw: map }) => {
    const { value, filled } = resolveEnv(map, options.env)
    return { file, map: value as Plain, filled }
  })
  const whole = resolved.map(({ map }) => map).reduce(include)
  const top: Place = { file: options.file, path: [], problems }
  const sections = Object.fromEntries(SECTIONS.map((name) => [name, { ...read.readMap(whole, name, top) }])) as Record<
    Section,
    Plain
  >
  const settings: LitellmSettings = {}
  const credentials = new Map(listEntries(resolved, 'credential_list', problems).flatMap(readCredential))
  const context = { credentials, warnings, settings, defaults: modelDefaults(sections.router_settings, top) }
  const models = listEntries(resolved, 'model_list', problems)
    .filter(({ value }) => isForThisEnvironment(value, options.env))
    .flatMap(({ value, place }) => toModelConfigs(value, place, context))
  const config = { ...coreSettings(sections, top, settings, options.env), ...(models.length > 0 && { models }) }
  sections.litellm_settings = withoutRedis(sections.litellm_settings, options.env)
  collectSettings(whole, sections, settings)
  const database = settings[DATABASE] ?? readEnv(options.env, 'DATABASE_URL')
  if (typeof database === 'string' && /^postgres(ql)?:/.test(database)) settings[DATABASE] = besideLitellm(database)
  const filled = resolved.flatMap((file) => file.filled)
  return { config: withNativeKeys(config, whole, { top, filled }), settings, warnings, problems }
}

const DATABASE = 'general_settings.database_url'

/**
 * The same database, in a schema of its own: LiteLLM brings its schema in line with Prisma's when it starts, and may drop
 * tables there that Prisma does not know.
 */
function besideLitellm(url: string): string {
  if (!URL.canParse(url)) return url
  const parsed = new URL(url)
  parsed.searchParams.set('schema', 'ungate')
  return parsed.href
}

/** Lists at the top are appended; of other keys the included file's win. */
function include(into: Plain, from: Plain): Plain {
  const merged = mergePlain(from, into)
  for (const [key, value] of Object.entries(into)) {
    const more = from[key]
    if (Array.isArray(value) && Array.isArray(more)) merged[key] = [...value, ...more]
  }
  return merged
}

interface Entry {
  readonly value: unknown
  readonly place: Place
}

/** The entries of a list over all files, each with its own place. */
function listEntries(
  files: readonly { file: string; map: Plain }[],
  key: string,
  problems: ConfigProblem[],
): readonly Entry[] {
  return files.flatMap(({ file, map }) => {
    const value = map[key]
    if (value === undefined || value === null) return []
    if (Array.isArray(value)) {
      return value.map((item: unknown, index) => ({ value: item, place: { file, path: [key, index], problems } }))
    }
    const first = key === 'model_list' ? '- model_name: …' : '- credential_name: …'
    const message = `expected a list, got ${kindOf(value)}. Begin each entry with "${first}".`
    problems.push({ file, path: key, message })
    return []
  })
}

/** LiteLLM reads a variable of that name first and the file's value as its default. */
function setEnvironment(map: Plain, env: NodeJS.ProcessEnv, place: Place): void {
  const own = ownVariables.get(env) ?? new Set()
  ownVariables.set(env, own)
  for (const [name, value] of Object.entries(read.readMap(map, 'environment_variables', place) ?? {})) {
    if (readEnv(env, name) !== undefined && !own.has(name)) continue
    const { value: text, missing } = resolveEnv(value, env)
    const at = read.placeAt(place, 'environment_variables')
    if (missing[0]) read.problemAt(at, name, missingVariable(missing[0].variable))
    else if (isPlain(text) || Array.isArray(text)) {
      read.problemAt(at, name, `expected a text, got ${kindOf(text)}. Write a text in quotes.`)
    } else if (text !== null && text !== undefined) {
      env[name] = String(text)
      own.add(name)
    }
  }
}

/** Variables that a config file set: an edit of the file may change these, and only these. */
const ownVariables = new WeakMap<NodeJS.ProcessEnv, Set<string>>()

function readCredential({ value, place }: Entry): [string, Plain][] {
  const name = isPlain(value) ? read.readString(value, 'credential_name', place) : undefined
  if (!isPlain(value) || name === undefined) {
    read.problemAt(place, 'credential_name', 'is missing. Give the name that litellm_credential_name uses.')
    return []
  }
  return [[name, read.readMap(value, 'credential_values', place) ?? {}]]
}

/** `model_info.supported_environments` against `LITELLM_ENVIRONMENT`. */
function isForThisEnvironment(entry: unknown, env: NodeJS.ProcessEnv): boolean {
  const wanted = readEnv(env, 'LITELLM_ENVIRONMENT')
  const info = isPlain(entry) ? entry['model_info'] : undefined
  const supported = isPlain(info) ? info['supported_environments'] : undefined
  return wanted === undefined || !Array.isArray(supported) || supported.includes(wanted)
}

/** Everything else, for the plugins to claim. Unset and empty values mean LiteLLM's defaults; `x-…` holds YAML anchors. */
function collectSettings(whole: Plain, sections: Record<string, Plain>, settings: LitellmSettings): void {
  for (const name of SECTIONS) {
    for (const [key, value] of Object.entries(sections[name] ?? {})) {
      if (!CORE_KEYS[name].includes(key) && !isEmpty(value)) settings[`${name}.${key}`] = value
    }
  }
  const done = new Set<string>([...SECTIONS, 'model_list', 'credential_list', 'environment_variables', 'include'])
  for (const [key, value] of Object.entries(whole)) {
    if (done.has(key) || key in gatewayConfigSchema.shape || key.startsWith('x-') || isEmpty(value)) continue
    settings[key] = value
  }
}

/** Adds the keys of `GatewayConfig` that stand in the same file. */
function withNativeKeys(
  config: GatewayConfig,
  whole: Plain,
  { top, filled }: { top: Place; filled: readonly (readonly PropertyKey[])[] },
): GatewayConfig {
  const native = Object.fromEntries(Object.entries(whole).filter(([key]) => key in gatewayConfigSchema.shape))
  if (Object.keys(native).length === 0) return config
  const missing = unresolved(native)
  for (const { path, variable } of missing) {
    top.problems.push({ file: top.file, path: toPath(path), message: missingVariable(variable) })
  }
  if (missing.length > 0) return config
  const found = checkGatewayConfig(native, { file: top.file, filled })
  top.problems.push(...found)
  if (found.length > 0) return config
  const { storage, ...rest } = config
  const merged = mergePlain(native, rest as Plain) as GatewayConfig
  const mounts = withNativeMounts(storage, native['storage'] as GatewayConfig['storage'])
  const models: ModelConfig[] = [...(config.models ?? []), ...((native['models'] as ModelConfig[] | undefined) ?? [])]
  return { ...merged, ...(mounts && { storage: mounts }), ...(models.length > 0 && { models }) }
}

/** A mount is one place: one that is written out replaces a translated one, options and all. */
function withNativeMounts(
  translated: GatewayConfig['storage'],
  native: GatewayConfig['storage'],
): GatewayConfig['storage'] {
  if (!translated || !native) return native ?? translated
  const { counters, ...rest } = translated
  // Who says where everything is has said it of counters too.
  return { ...rest, ...(counters && !native['default'] && { counters }), ...native }
}

function isEmpty(value: unknown): boolean {
  if (value === undefined || value === null) return true
  return Array.isArray(value) ? value.length === 0 : isPlain(value) && Object.keys(value).length === 0
}

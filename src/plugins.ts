import type { GatewayConfig } from './types/config.ts'
import type { AnyPluginDefinition, GatewayContext, GatewayPlugin, PluginInfo } from './types/plugin.ts'
import type { Discovery } from './discovery.ts'
import type { ActivePlugin } from './lifecycle.ts'
import { toPath } from './check-request.ts'
import { checkOnce } from './check-once.ts'
import { withDeadline } from './log-queue.ts'

/** The plugins that are on, with their options checked. */
export interface CheckedPlugins {
  readonly config: GatewayConfig
  readonly enabled: readonly { definition: AnyPluginDefinition; from: string; options: unknown }[]
  readonly problems: readonly { path: string; message: string }[]
  readonly warnings: readonly string[]
}

const STAGES = ['auth', 'rateLimit', 'budget', 'route', 'provider', 'record', 'log', 'event'] as const
const MEMBERS = [...STAGES, 'close'] as const

/** Gives every plugin its options: LiteLLM settings first, the config's own over them, then the schema's defaults. */
export async function checkPluginOptions(
  given: GatewayConfig,
  discovery: Discovery,
  options: { litellm?: Record<string, unknown>; env?: Record<string, string | undefined> },
): Promise<CheckedPlugins> {
  const definitions = [...discovery.plugins.values()].map(({ definition }) => definition)
  const warnings: string[] = []
  let config = given
  let origins: ReadonlyMap<string, string> = new Map()
  if (options.litellm) {
    const { applyLitellmSettings, litellmWarnings } = await import('./config/litellm.ts')
    const applied = applyLitellmSettings(options.litellm, definitions, given)
    config = applied.config
    origins = applied.origins
    warnings.push(...litellmWarnings(applied.unclaimed))
  }
  const settings: Record<string, unknown> = config.plugins ?? {}
  const problems: { path: string; message: string }[] = []
  for (const name of Object.keys(settings)) {
    if (discovery.plugins.has(name)) continue
    const known = [...discovery.plugins.keys()].sort().join(', ')
    problems.push({ path: `plugins.${name}`, message: `no such plugin. Known are: ${known}.` })
  }
  const enabled: { definition: AnyPluginDefinition; from: string; options: unknown }[] = []
  for (const { definition, from } of discovery.plugins.values()) {
    const setting = settings[definition.name]
    if (setting === false || (setting === undefined && definition.default === false)) continue
    const written = setting === true || setting === undefined ? {} : setting
    const { filled, variables } = fillFromEnv(definition, written, options.env ?? {})
    const result = checkOnce(definition.options, filled)
    if (result.success) enabled.push({ definition, from, options: result.data })
    else {
      for (const issue of result.error.issues as { path: PropertyKey[]; message: string }[]) {
        problems.push(toProblem(definition.name, issue, { origins, variables }))
      }
    }
  }
  return { config, enabled, problems, warnings }
}

/**
 * Sets the plugins up, in order. `active` receives each that is, also where a later one fails: somebody has to close them.
 * `infos` receives one entry per definition, for `gateway check`; `warnings` what may be a mistake.
 */
export async function activatePlugins(
  checked: CheckedPlugins,
  discovery: Discovery,
  context: GatewayContext,
  { active, infos, warnings }: { active: ActivePlugin[]; infos: PluginInfo[]; warnings: string[] },
): Promise<void> {
  const stagesOf = new Map<string, string[]>()
  for (const one of checked.enabled) {
    const { definition } = one
    const plugin = await setUp(one, context)
    warnings.push(...(await mistyped(definition.name, plugin)))
    active.push({ name: definition.name, order: definition.order, plugin })
    stagesOf.set(
      definition.name,
      STAGES.filter((stage) => plugin[stage] !== undefined),
    )
  }
  for (const { definition, from } of discovery.plugins.values()) {
    const stages = stagesOf.get(definition.name)
    const { name, description, order } = definition
    infos.push({ name, kind: 'plugin', from, enabled: stages !== undefined, stages: stages ?? [], order, description })
  }
  for (const { definition, from } of discovery.providers.values()) {
    const { name, description } = definition
    infos.push({ name, kind: 'provider', from, enabled: true, stages: [], description })
  }
}

/** What a plugin throws may say `fetch failed` and no more: which one it was is said here. */
async function setUp(
  { definition, from, options }: CheckedPlugins['enabled'][number],
  context: GatewayContext,
): Promise<GatewayPlugin> {
  try {
    const plugin = (await definition.setup(options, context)) ?? {}
    const odd = MEMBERS.find((name) => plugin[name] && typeof plugin[name] !== 'function')
    if (odd !== undefined) throw new Error(`its \`${odd}\` must be a function`)
    return plugin
  } catch (error) {
    // These name their file and option.
    if (error instanceof Error && error.name === 'ConfigError') throw error
    const { message, cause } = error instanceof Error ? error : { message: String(error), cause: undefined }
    const where = from === 'built-in' ? '' : ` (${from})`
    const why = cause instanceof Error && cause.message ? `${message}: ${cause.message}` : message
    throw new Error(`The plugin ${definition.name}${where} could not be set up: ${why}`, { cause: error })
  }
}

/** A stage by a name that is none never runs, an `auth` among them. */
async function mistyped(name: string, plugin: GatewayPlugin): Promise<string[]> {
  const functions = Object.entries(plugin).filter(([key, value]) => typeof value === 'function' && !isMember(key))
  if (functions.length === 0) return []
  const { closest } = await import('./config/suggest.ts')
  return functions.flatMap(([key]) => {
    const meant = closest(key, MEMBERS)
    return meant === undefined ? [] : `The plugin ${name} has \`${key}\`, which is no stage: \`${meant}\` is.`
  })
}

function isMember(key: string): boolean {
  return (MEMBERS as readonly string[]).includes(key)
}

/**
 * Closes plugins, the last first, each whatever becomes of the others: one may fail or hang, another has books to close. Those that receive
 * events close last, because the others may still raise some. Returns what failed.
 */
export async function closePlugins(
  active: readonly ActivePlugin[],
  flushEvents: () => Promise<void>,
): Promise<Error[]> {
  const failures: Error[] = []
  const closeThose = async (receiving: boolean) => {
    for (const { name, plugin } of [...active].reverse()) {
      if ((plugin.event !== undefined) !== receiving) continue
      try {
        if (plugin.close) await withDeadline(plugin.close())
      } catch (error) {
        const why = error instanceof Error ? error.message : String(error)
        failures.push(new Error(`The plugin ${name} could not be closed: ${why}`, { cause: error }))
      }
    }
  }
  await closeThose(false)
  await flushEvents()
  await closeThose(true)
  return failures
}

/** What is wrong with an option, said of the place where its user wrote it. */
function toProblem(
  plugin: string,
  { path: [option = '', ...rest], message }: { path: PropertyKey[]; message: string },
  where: { origins: ReadonlyMap<string, string>; variables: ReadonlyMap<string, string> },
): { path: string; message: string } {
  const variable = where.variables.get(String(option))
  if (variable !== undefined) {
    const path = toPath(['plugins', plugin, option, ...rest])
    return { path, message: `${message}. It comes from the environment: correct ${variable}, or unset it.` }
  }
  const origin = where.origins.get(`${plugin}.${String(option)}`)
  if (origin !== undefined) {
    return { path: toPath([...origin.split('.'), ...rest]), message: `${message}. Correct it, or remove the key.` }
  }
  const path = toPath(['plugins', plugin, ...(option === '' ? [] : [option]), ...rest])
  return { path, message: `${message}. Correct it, or set plugins.${plugin} to false.` }
}

/** The options with those that the environment has, and which variable each of these came from. */
function fillFromEnv(
  definition: AnyPluginDefinition,
  written: unknown,
  env: Record<string, string | undefined>,
): { filled: unknown; variables: ReadonlyMap<string, string> } {
  const variables = new Map<string, string>()
  if (!definition.env || typeof written !== 'object' || written === null) return { filled: written, variables }
  const filled: Record<string, unknown> = { ...written }
  for (const [option, names] of Object.entries(definition.env)) {
    if (filled[option] !== undefined) continue
    const name = [names].flat().find((candidate) => env[candidate])
    if (!name) continue
    filled[option] = env[name]
    variables.set(option, name)
  }
  return { filled, variables }
}

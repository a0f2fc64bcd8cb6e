import { definePlugin, invalidRequest, logger, mayUseModel, z } from '../src/index.ts'
import type { Context, FallbackKind, GatewayContext, Target } from '../src/index.ts'

/** LiteLLM's form: a list of maps from a model group to the groups that stand in for it; `*` is any group. */
const lists = z.array(z.record(z.string(), z.array(z.string()))).default([])

const kinds = ['general', 'context_window', 'content_policy'] as const

/** Whose stand-ins are which groups. */
type Names = ReadonlyMap<string, readonly string[]>
type Table = Readonly<Record<FallbackKind, Names>>

/** Names the model groups that stand in when a group fails. The `retry` plugin walks them. */
export default definePlugin({
  name: 'fallback',
  description: 'Appends the fallback groups of a model to its candidates',
  order: 'post',
  options: z.object({
    fallbacks: lists.describe(
      'For any failure: `[{ "gpt-4o": ["claude"] }]`. Those of a fallback stand in for it in turn.',
    ),
    contextWindow: lists.describe('For prompts that are too long.'),
    contentPolicy: lists.describe('For prompts that a provider refuses.'),
    default: z.array(z.string()).default([]).describe('Groups for every model, tried last.'),
  }),
  litellm: {
    'litellm_settings.fallbacks': 'fallbacks',
    'router_settings.fallbacks': 'fallbacks',
    'litellm_settings.context_window_fallbacks': 'contextWindow',
    'router_settings.context_window_fallbacks': 'contextWindow',
    'litellm_settings.content_policy_fallbacks': 'contentPolicy',
    'router_settings.content_policy_fallbacks': 'contentPolicy',
    'litellm_settings.default_fallbacks': 'default',
    'router_settings.default_fallbacks': 'default',
  },
  setup(options, gateway) {
    const given: Table = {
      general: toMap(options.fallbacks),
      context_window: toMap(options.contextWindow),
      content_policy: toMap(options.contentPolicy),
    }
    for (const warning of deadEnds(given, options.default, gateway)) logger.warn(warning)
    const table: Table = {
      general: toChains(given.general),
      context_window: toChains(given.context_window),
      content_policy: toChains(given.content_policy),
    }
    const configured = kinds.some((kind) => table[kind].size > 0) || options.default.length > 0
    return {
      route(ctx) {
        const asked = ctx.call.body['fallbacks']
        const larger = ctx.call.body['context_window_fallback_dict']
        if (!configured && asked === undefined && larger === undefined) return
        const group = ctx.targets[0]?.group ?? ctx.call.model
        const extra: Target[] = []
        const append = (names: readonly string[], kind: FallbackKind) => {
          for (const name of names) {
            if (name === group) continue
            for (const target of candidates(ctx, name, kind, gateway)) {
              // Twice in the list, it would count as another deployment of its group.
              if (!extra.some((other) => isSame(other, target))) extra.push(target)
            }
          }
        }
        append(largerModel(larger, group), 'context_window')
        append(requested(asked), 'general')
        for (const kind of ['context_window', 'content_policy', 'general'] as const) {
          const chains = table[kind]
          append(chains.get(group) ?? chains.get(ctx.call.model) ?? chains.get('*') ?? [], kind)
        }
        append(options.default, 'general')
        if (extra.length > 0) ctx.targets = [...ctx.targets, ...extra]
      },
    }
  },
})

/** Names that lead to no model. A warning each, no mistake: the model may come with the environment. */
function deadEnds(table: Table, always: readonly string[], { models }: GatewayContext): Set<string> {
  const known = (name: string) => models.resolve(name).length > 0
  const warnings = new Set<string>()
  for (const kind of kinds) {
    for (const [group, names] of table[kind]) {
      if (group !== '*' && !known(group)) warnings.add(`There are fallbacks for "${group}", which is no model here.`)
      for (const name of names) {
        if (!known(name)) warnings.add(`The fallback of "${group}", "${name}", is no model here.`)
      }
    }
  }
  for (const name of always) if (!known(name)) warnings.add(`The default fallback "${name}" is no model here.`)
  return warnings
}

function candidates(ctx: Context, name: string, kind: FallbackKind, gateway: GatewayContext): Target[] {
  const found = gateway.models.resolve(name)
  if (!mayUseModel(ctx.principal, name, found)) return []
  return found.map((target) => ({ ...target, fallbackFor: kind }))
}

/** The request's own list: names, or objects with a `model`. */
function requested(value: unknown): string[] {
  if (value === undefined || value === null) return []
  if (!Array.isArray(value))
    throw invalidRequest("Invalid value for 'fallbacks': expected a list of models.", 'fallbacks')
  return value.map((entry: unknown, i) => {
    const { model, ...others } =
      typeof entry === 'object' && entry !== null ? (entry as { model?: unknown }) : { model: entry }
    const other = Array.isArray(entry) ? undefined : Object.keys(others)[0]
    if (other !== undefined) {
      const param = `fallbacks[${i}].${other}`
      throw invalidRequest(
        `'${param}' is not supported: a fallback gets the request as it is.`,
        param,
        'unsupported_parameter',
      )
    }
    if (typeof model === 'string') return model
    throw invalidRequest(`Invalid value for 'fallbacks[${i}]': expected a model.`, `fallbacks[${i}]`)
  })
}

function largerModel(value: unknown, group: string): string[] {
  const model = (value as Record<string, unknown> | null | undefined)?.[group]
  return typeof model === 'string' ? [model] : []
}

function toMap(list: readonly Record<string, readonly string[]>[]): Names {
  return new Map(list.flatMap((entry) => Object.entries(entry)))
}

/** Who stands in for each group, in order: a group that stands in has stand-ins of its own, which come before the next of its list. */
function toChains(direct: Names): Names {
  const chains = new Map<string, readonly string[]>()
  for (const group of direct.keys()) {
    const chain = new Set([group])
    const add = (names: readonly string[]) => {
      for (const name of names) {
        if (chain.has(name)) continue
        chain.add(name)
        add(direct.get(name) ?? direct.get('*') ?? [])
      }
    }
    add(direct.get(group)!)
    chain.delete(group)
    chains.set(group, [...chain])
  }
  return chains
}

function isSame(one: Target, other: Target): boolean {
  return one.id === other.id && one.model === other.model && one.fallbackFor === other.fallbackFor
}

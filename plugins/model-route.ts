import { GatewayError, definePlugin, mayUseModel, resolveAlias, unknownModel, z } from '../src/index.ts'
import type { Context, GatewayContext, Target } from '../src/index.ts'

/** Finds the deployments of the model that was asked for, and puts them into the order they are tried in. */
export default definePlugin({
  name: 'model-route',
  description: 'Resolves the model to its deployments: by order, then shuffled by weight',
  options: z.object({
    strategy: z
      .enum(['simple-shuffle'])
      .default('simple-shuffle')
      .describe('How deployments of one name share the traffic: at random by `weight`, else `rpm`, else `tpm`.'),
  }),
  litellm: { 'router_settings.routing_strategy': 'strategy' },
  setup: (_options, gateway) => ({
    route(ctx) {
      if (ctx.targets.length > 0) return
      const model = ctx.call.model ? resolveAlias(ctx.principal, ctx.call.model) : passThroughModel(ctx, gateway)
      const found = gateway.models.resolve(model)
      if (found.length === 0) throw unknownModel(model, gateway.models.hint(model))
      checkAccess(ctx, model, found)
      ctx.targets = found.length === 1 ? found : shuffle(found)
    },
  }),
})

/** A key that may not use a model learns no more than that. */
function checkAccess(ctx: Context, model: string, found: readonly Target[]): void {
  if (mayUseModel(ctx.principal, model, found)) return
  throw new GatewayError(403, `This key is not allowed to use the model \`${model}\`.`, {
    code: 'model_access_denied',
    param: 'model',
  })
}

/** Which deployment serves a path that names no model: the config's word, or the only one that can. */
function passThroughModel(ctx: Context, gateway: GatewayContext): string {
  const settings = gateway.config.passThrough
  const route = Object.entries(settings?.routes ?? {})
    .filter(([prefix]) => ctx.call.path === prefix || ctx.call.path.startsWith(`${prefix}/`))
    .sort(([a], [b]) => b.length - a.length)[0]
  const named = route?.[1] ?? settings?.default
  if (named !== undefined) return named
  const able = gateway.models.deployments.filter((deployment) => servesAnyPath(deployment.id, gateway))
  if (able.length === 1) return able[0]!.id
  throw new GatewayError(
    400,
    `\`${ctx.call.path}\` names no model, and ${able.length === 0 ? 'no deployment' : 'more than one deployment'} could serve it. ` +
      'Send the header "x-litellm-model", or set passThrough.default in the config.',
    { code: 'no_deployment_named', param: 'model' },
  )
}

function servesAnyPath(id: string, gateway: GatewayContext): boolean {
  const target = gateway.models.resolve(id)[0]
  return (
    target !== undefined && target.provider.endpoints['openai.*'] !== undefined && target.provider.respond === undefined
  )
}

/** A weighted random order within each `order` level. */
function shuffle(targets: readonly Target[]): Target[] {
  const keyed = targets.map((target) => ({
    target,
    order: target.deployment.order ?? 0,
    // Efraimidis and Spirakis: sorting by u^(1/w) draws without replacement in proportion to the weights.
    key: Math.random() ** (1 / weightOf(target)),
  }))
  return keyed.sort((a, b) => a.order - b.order || b.key - a.key).map(({ target }) => target)
}

function weightOf({ deployment }: Target): number {
  const weight = deployment.weight ?? deployment.rpm ?? deployment.tpm ?? 1
  return weight > 0 ? weight : Number.MIN_VALUE
}

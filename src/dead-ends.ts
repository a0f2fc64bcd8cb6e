import type { GatewayConfig } from './types/config.ts'

/** Names in a config that lead to no model. A warning each, no mistake: the model may come with the environment. */
export function deadEnds(config: GatewayConfig, resolve: (name: string) => readonly unknown[]): string[] {
  const warnings: string[] = []
  for (const [alias, model] of Object.entries(config.aliases ?? {})) {
    if (resolve(alias).length === 0) warnings.push(`The alias "${alias}" leads to "${model}", which is no model here.`)
  }
  const { default: fallback, routes = {} } = config.passThrough ?? {}
  const named = [...(fallback === undefined ? [] : [['default', fallback] as const]), ...Object.entries(routes)]
  for (const [place, model] of named) {
    if (resolve(model).length === 0) warnings.push(`passThrough of ${place} names "${model}", which is no model here.`)
  }
  return warnings
}

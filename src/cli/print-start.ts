import { logger } from '../logger.ts'
import type { LiveGateway } from '../server/live-gateway.ts'
import type { Listening } from '../server/serve.ts'
import { version } from '../version.ts'

/** Prints what `gateway dev` found, and the first thing to try. */
export function printStart(live: LiveGateway, { url }: Listening): void {
  const { current, loaded } = live
  const lines = [
    `Ungate ${version} on ${url}`,
    '',
    `  config     ${loaded.source === 'none' ? 'none: what the environment offers' : loaded.source}`,
    `  models     ${shorten(current.models())}`,
    `  plugins    ${shorten(current.plugins.filter((plugin) => plugin.kind === 'plugin' && plugin.from !== 'built-in').map((plugin) => `${plugin.name} (${plugin.from})`)) || 'built-in'}`,
    `  access     ${current.authenticated ? 'with a key' : 'without a key, from this machine only'}`,
    `  reference  ${url}/docs`,
    '',
    ...hints(live),
    'Try:',
    `  curl ${url}/v1/chat/completions -H 'content-type: application/json' \\`,
    `    -d '{"model":"${firstModel(current.models())}","messages":[{"role":"user","content":"Hello"}]}'`,
  ]
  logger.log(lines.join('\n'))
}

/** Says which variable would add which provider, where none has been set. */
function hints({ current }: LiveGateway): string[] {
  const used = new Set(current.deployments.map((deployment) => deployment.provider))
  if (used.size > 1) return []
  const variables = [...current.providers.values()].flatMap(({ env, required }) => {
    const names = (required ?? []).map((option) => [env?.[option] ?? []].flat()[0])
    return names.length > 0 && names.every((name) => name !== undefined) ? names.join(' and ') : []
  })
  return variables.length > 0
    ? [`No provider found. Set one of these to add its models: ${variables.join(', ')}`, '']
    : []
}

function firstModel(names: readonly string[]): string {
  return names.find((name) => !name.includes('*')) ?? names[0]?.replace('*', '<model>') ?? 'mock'
}

function shorten(names: readonly string[], limit = 8): string {
  return names.length > limit
    ? `${names.slice(0, limit).join(', ')} and ${names.length - limit} more`
    : names.join(', ')
}

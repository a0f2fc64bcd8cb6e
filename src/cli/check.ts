import { defineCommand } from 'citty'
import { loadGatewayConfig } from '../config/load.ts'
import { createGateway } from '../gateway.ts'
import type { Gateway } from '../gateway.ts'
import { logger } from '../logger.ts'
import { checkHost } from '../server/serve.ts'
import { flags } from './flags.ts'
import { orExit, refuseUnknown, withFlags } from './run.ts'

/** `gateway check`: what would run, and where each part comes from; exits 1 on a problem. */
export const check = defineCommand({
  meta: { name: 'check', description: 'Check the config and print what would run' },
  args: flags,
  async run({ args, rawArgs }) {
    await orExit(async () => {
      refuseUnknown(rawArgs, flags)
      const found = await loadGatewayConfig({
        cwd: process.cwd(),
        ...(args.config === undefined ? {} : { file: args.config }),
      })
      const loaded = withFlags(found, args, false)
      const gateway = await createGateway(loaded.config, {
        root: loaded.root,
        source: loaded.source,
        checking: true,
        ...(loaded.litellm ? { litellm: loaded.litellm } : {}),
      })
      const host = args.host ?? loaded.config.host
      if (host !== undefined) checkHost(host, gateway.authenticated)
      process.stdout.write(`${report(gateway, loaded.source)}\n`)
      for (const warning of [...loaded.warnings, ...gateway.warnings]) logger.warn(warning)
      await gateway.close()
    })
  },
})

const STAGES = ['auth', 'rateLimit', 'budget', 'route', 'provider', 'record', 'log', 'event'] as const

function report(gateway: Gateway, source: string): string {
  const plugins = gateway.plugins.filter((info) => info.kind === 'plugin')
  const providers = gateway.plugins.filter((info) => info.kind === 'provider')
  const used = new Set(gateway.deployments.map((deployment) => deployment.provider))
  return [
    `Config: ${source}`,
    '',
    'Models',
    ...table(
      gateway.deployments.map((deployment) => [
        deployment.name,
        `${deployment.provider}/${deployment.model}`,
        deployment.id,
        deployment.source,
      ]),
    ),
    ...Object.entries(gateway.config.aliases ?? {}).map(([alias, model]) => `  ${alias} → ${model}`),
    '',
    'Plugins',
    ...table(plugins.map((info) => [info.name, info.enabled ? 'on' : 'off', info.from, info.stages.join(', ')])),
    '',
    'Providers',
    ...table(providers.map((info) => [info.name, used.has(info.name) ? 'used' : '', info.from])),
    '',
    'Stages',
    ...STAGES.map((stage) => {
      const inStage = plugins
        .filter((info) => info.stages.includes(stage))
        .sort((a, b) => rank(a.order) - rank(b.order))
      const names = inStage.map((info) => info.name)
      return `  ${stage.padEnd(10)} ${names.join(' → ') || '-'}`
    }),
  ].join('\n')
}

function rank(order: 'pre' | 'post' | undefined): number {
  return order === 'pre' ? 0 : order === 'post' ? 2 : 1
}

function table(rows: readonly string[][]): string[] {
  const widths = rows.reduce<number[]>((max, row) => row.map((cell, i) => Math.max(max[i] ?? 0, cell.length)), [])
  return rows.map((row) => `  ${row.map((cell, i) => cell.padEnd(widths[i]!)).join('  ')}`.trimEnd())
}

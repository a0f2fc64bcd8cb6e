import { createHash } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { resolve } from 'node:path'
import { defineCommand } from 'citty'
import type { ArgsDef } from 'citty'
import { readEnv, envReference } from '../config/env.ts'
import { loadGatewayConfig } from '../config/load.ts'
import type { LoadedConfig } from '../config/load.ts'
import { isPlain } from '../config/plain.ts'
import { logger } from '../logger.ts'
import { flags } from './flags.ts'
import { orExit, refuseUnknown } from './run.ts'

const args = {
  config: flags.config,
  from: { type: 'string', description: 'Storage mount to copy from, or fs, or redis://…', valueHint: 'mount' },
  to: { type: 'string', description: 'Storage mount to copy to, or fs, or redis://…', valueHint: 'mount' },
  spend: { type: 'boolean', default: true, description: 'Copy spend too, where counters go with the mount' },
  'from-litellm': {
    type: 'string',
    description: 'Import keys, teams, users, budgets and spend: postgres://…, env:DATABASE_URL, or a pg_dump file',
    valueHint: 'url or file',
  },
  timezone: {
    type: 'string',
    description: 'Zone of budget windows for --from-litellm (default: the config’s, else UTC)',
    valueHint: 'name',
  },
  'dry-run': { type: 'boolean', description: 'Say what would be done and do nothing' },
  report: { type: 'string', description: 'Write the report as JSON', valueHint: 'file' },
} satisfies ArgsDef

interface MigrateArgs {
  config?: string | undefined
  from?: string | undefined
  to?: string | undefined
  spend?: boolean | undefined
  'from-litellm'?: string | undefined
  timezone?: string | undefined
  'dry-run'?: boolean | undefined
  report?: string | undefined
}

interface Finished {
  readonly report: unknown
  readonly text: string
  readonly failed: boolean
}

/** `gateway migrate`: copies documents from mount to mount, or imports what LiteLLM knows. */
export const migrate = defineCommand({
  meta: { name: 'migrate', description: 'Copy documents between storage mounts, or import from LiteLLM' },
  args,
  async run({ args: given, rawArgs }) {
    await orExit(async () => {
      refuseUnknown(rawArgs, args)
      const loaded = await loadGatewayConfig({
        cwd: process.cwd(),
        ...(given.config === undefined ? {} : { file: given.config }),
      })
      const { report, text, failed } = await work(given, loaded)
      process.stdout.write(`${text}\n`)
      if (given.report !== undefined) await writeFile(given.report, `${JSON.stringify(report, null, 2)}\n`)
      if (failed) process.exitCode = 1
    })
  },
})

function work(given: MigrateArgs, loaded: LoadedConfig): Promise<Finished> {
  const source = given['from-litellm']
  if (source !== undefined && (given.from !== undefined || given.to !== undefined))
    throw new Error('--from-litellm stands alone: it imports into the storage of the config.')
  if (source !== undefined) return fromLitellm(source, given, loaded)
  if (given.from === undefined || given.to === undefined)
    throw new Error('Give --from and --to, or --from-litellm. See gateway migrate --help.')
  return mounts({ ...given, from: given.from, to: given.to }, loaded)
}

async function mounts(given: MigrateArgs & { from: string; to: string }, loaded: LoadedConfig): Promise<Finished> {
  const [{ migrateMounts }, { mountsText }] = await Promise.all([
    import('../migrate/migrate-mounts.ts'),
    import('../migrate/report-text.ts'),
  ])
  let told = 0
  const report = await migrateMounts({
    config: loaded.config,
    root: loaded.root,
    from: given.from,
    to: given.to,
    spend: given.spend,
    dryRun: given['dry-run'],
    onError: (error) => {
      if (told++ < 5) logger.error('A document was not copied:', error instanceof Error ? error.message : error)
    },
  })
  return { report, text: mountsText(report), failed: report.documents.failed > 0 }
}

async function fromLitellm(source: string, given: MigrateArgs, loaded: LoadedConfig): Promise<Finished> {
  const [{ importLitellm, hasFailed }, { openState }, { importText }] = await Promise.all([
    import('../migrate/import-litellm.ts'),
    import('../state.ts'),
    import('../migrate/report-text.ts'),
  ])
  const timezone = timezoneOf(given, loaded)
  const tables = await readSource(source)
  const { counters, default: root } = loaded.config.storage ?? {}
  if ((counters ?? root)?.driver !== 'redis' && !given['dry-run'])
    logger.warn('State is in files of this project: stop its gateway before, and start it after.')
  const state = await openState(patient(loaded.config), loaded.root)
  try {
    if (state.storage.getMount('directory').driver.name === 'memory')
      throw new Error(
        'storage: documents are in the memory of one process. Configure a mount that lasts, such as fs or redis.',
      )
    const report = await importLitellm(tables, {
      directory: state.directory,
      counters: state.counters,
      storage: state.storage,
      dryRun: given['dry-run'],
      timezone,
      endUserBudget: textOf(loaded.litellm?.['litellm_settings.max_end_user_budget_id']),
      ownKeys: masterKeys(loaded),
    })
    return { report, text: importText(report), failed: hasFailed(report) }
  } finally {
    await state.close()
  }
}

async function readSource(source: string) {
  const variable = envReference(source)
  const place = variable === undefined ? source : readEnv(process.env, variable)
  if (place === undefined) throw new Error(`--from-litellm: environment variable ${variable} is not set.`)
  if (/^postgres(ql)?:\/\//.test(place)) return (await import('../migrate/read-database.ts')).readDatabase(place)
  // Not as a path, which the message would hold: there may be a password in it.
  if (place === '' || /^[a-z][a-z0-9+.-]*:\/\//i.test(place))
    throw new Error(
      '--from-litellm takes postgres://user:password@host:5432/name, env:DATABASE_URL, or a file of pg_dump.',
    )
  return (await import('../migrate/read-dump.ts')).readDump(resolve(place))
}

/** Redis may take its time here: nobody waits for an answer. */
function patient(config: LoadedConfig['config']): LoadedConfig['config'] {
  if (!config.storage) return config
  const storage = Object.fromEntries(
    Object.entries(config.storage).map(([name, mount]) => [
      name,
      mount.driver === 'redis' ? { ...mount, deadline: 5000 } : mount,
    ]),
  )
  return { ...config, storage }
}

/** As plugins have it that count budgets. */
function timezoneOf({ timezone }: MigrateArgs, { config, litellm }: LoadedConfig): string {
  const options = Object.values(config.plugins ?? {}).flatMap((plugin) => (isPlain(plugin) ? [plugin['timezone']] : []))
  const name = [timezone, ...options, litellm?.['litellm_settings.timezone']].map(textOf).find(Boolean) ?? 'UTC'
  try {
    new Intl.DateTimeFormat('en-US', { timeZone: name })
  } catch {
    throw new Error('--timezone must be an IANA name, such as Europe/Berlin.')
  }
  return name
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

/** LiteLLM may keep its master key's hash among the virtual keys. */
function masterKeys({ config, litellm }: LoadedConfig): ReadonlySet<string> {
  const options = Object.values(config.plugins ?? {}).flatMap((plugin) => (isPlain(plugin) ? [plugin['key']] : []))
  const keys = [
    ...options,
    litellm?.['general_settings.master_key'],
    process.env['LITELLM_MASTER_KEY'],
    process.env['GATEWAY_MASTER_KEY'],
  ]
  return new Set(
    keys.flatMap((key) => (typeof key === 'string' && key ? createHash('sha256').update(key).digest('hex') : [])),
  )
}

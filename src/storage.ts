import type { Driver, Storage } from 'unstorage'
import type { GatewayConfig } from './types/config.ts'

/**
 * The document store: unstorage with the config's mounts (`{ cache: { driver: 'redis', url: '…' } }`), memory where none
 * is configured. Drivers are imported on demand by their unstorage names.
 */
export async function createGatewayStorage(
  mounts: GatewayConfig['storage'],
  root: string | undefined,
): Promise<Storage> {
  const { createStorage } = await import('unstorage')
  const storage = createStorage()
  for (const [name, { driver, ...options }] of Object.entries(mounts ?? {})) {
    storage.mount(name === 'default' ? '' : name, await createDriver(driver, options, root))
  }
  return storage
}

async function createDriver(name: string, options: Record<string, unknown>, root: string | undefined): Promise<Driver> {
  const { builtinDrivers } = await import('unstorage')
  const path = (builtinDrivers as Record<string, string>)[name]
  if (!path) {
    throw await configError(`unknown driver "${name}". Use one of unstorage's, such as memory, fs-lite or redis.`)
  }
  const base = options['base']
  const relative = typeof base === 'string' && base.startsWith('.') && root !== undefined
  return (await importDriver(name, path))(relative ? { ...options, base: `${root}/${base}` } : options)
}

/** Drivers bring no client libraries of their own: a missing one is named. */
async function importDriver(name: string, path: string): Promise<(options: Record<string, unknown>) => Driver> {
  try {
    return ((await import(path)) as { default: (options: Record<string, unknown>) => Driver }).default
  } catch (error) {
    const missing = /Cannot find (?:package|module) '([^']+)'/.exec(error instanceof Error ? error.message : '')?.[1]
    if (!missing) throw error
    const wanted = missing === 'ioredis' ? 'ioredis@5' : missing
    throw await configError(
      `the driver "${name}" needs the package ${missing}, which is not installed. Run npm i ${wanted}.`,
    )
  }
}

async function configError(message: string): Promise<Error> {
  const { ConfigError } = await import('./config/problem.ts')
  return new ConfigError([{ file: '', path: 'storage', message }])
}

import type { Storage } from 'unstorage'
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

async function createDriver(name: string, options: Record<string, unknown>, root: string | undefined) {
  const { builtinDrivers } = await import('unstorage')
  const path = (builtinDrivers as Record<string, string>)[name]
  if (!path) {
    const { ConfigError } = await import('./config/problem.ts')
    throw new ConfigError([
      {
        file: '',
        path: 'storage',
        message: `unknown driver "${name}". Use one of unstorage's, such as memory, fs-lite or redis.`,
      },
    ])
  }
  const module = (await import(path)) as { default: (options: Record<string, unknown>) => import('unstorage').Driver }
  const base =
    typeof options['base'] === 'string' && options['base'].startsWith('.') && root
      ? `${root}/${options['base']}`
      : options['base']
  return module.default(base === undefined ? options : { ...options, base })
}

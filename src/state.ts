import type { Storage } from 'unstorage'
import type { GatewayConfig } from './types/config.ts'
import type { Counters } from './types/counters.ts'
import type { OpenDirectory } from './directory/directory.ts'
import { openCounters } from './open-counters.ts'
import { createGatewayStorage } from './storage.ts'

/** Documents and numbers of a gateway. */
export interface State {
  readonly storage: Storage
  readonly counters: Counters
  readonly directory: OpenDirectory
  /** Lets go of both: connections are closed when no other gateway of the process uses them. */
  close(): Promise<void>
}

/** Opens what the config names. Throws a ConfigError where it cannot be; a store that is only away is waited for later. */
export async function openState(config: GatewayConfig, root: string | undefined): Promise<State> {
  const storage = await createGatewayStorage(config.storage, root)
  try {
    const [{ counters, close }, { createDirectory }] = await Promise.all([
      openCounters(config, root),
      import('./directory/directory.ts'),
    ])
    const directory = createDirectory({ storage, counters })
    return {
      storage,
      counters,
      directory,
      async close() {
        directory.close()
        await close()
        await storage.dispose()
      },
    }
  } catch (error) {
    await storage.dispose()
    throw error
  }
}

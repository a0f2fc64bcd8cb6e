import type { GatewayConfig } from '../types/config.ts'
import type { CreateGatewayOptions, Gateway } from '../gateway.ts'
import { createGateway } from '../gateway.ts'
import type { Completion, Library } from './types.ts'
import { libraryOn } from './library.ts'

/** The gateway behind the library's functions. One per process, made when it is first needed. */
interface DefaultGateway {
  readonly gateway: Promise<Gateway>
  /** Made here, so closed here. */
  readonly owned: boolean
  readonly config: GatewayConfig
  readonly options: CreateGatewayOptions
}

/** Providers by the environment's keys; the response cache is there for calls that say `caching: true`. */
const CONFIG: GatewayConfig = { environment: true, plugins: { cache: { mode: 'default_off' } } }

let current: DefaultGateway | undefined

const library = libraryOn(openDefault)

/**
 * `completion({ model: 'anthropic/claude-…', messages })`: LiteLLM's library function, in process. Every parameter of
 * OpenAI's chat API, the gateway's options in camelCase, and anything else that the provider knows. With `stream: true`
 * the result is iterated (`for await`); leaving the loop closes the provider's connection.
 * @throws {APIError} typed: `RateLimitError`, `Timeout`, `ContextWindowExceededError`, `BadRequestError` …
 */
export const completion: Completion = library.completion

/** `embedding({ model: 'openai/text-embedding-3-small', input })`. @throws {APIError} as {@link completion} */
export const embedding: Library['embedding'] = library.embedding

/** `imageGeneration({ model: 'openai/gpt-image-1', prompt })`. @throws {APIError} as {@link completion} */
export const imageGeneration: Library['imageGeneration'] = library.imageGeneration

/**
 * Configures the gateway behind the library's functions. The one before is closed when its calls have ended. Calls may say
 * `caching: true` here as well, unless the config says what its cache does.
 */
export async function configure(config: GatewayConfig, options: CreateGatewayOptions = {}): Promise<void> {
  await replace(open({ ...config, plugins: { ...CONFIG.plugins, ...config.plugins } }, options))
}

/** Puts a gateway behind the library's functions. It stays yours to close. */
export async function setDefaultGateway(gateway: Gateway): Promise<void> {
  await replace({ gateway: Promise.resolve(gateway), owned: false, config: {}, options: {} })
}

/** Closes the gateway behind the library's functions, when its calls have ended. The next call makes a new one. */
export async function closeDefaultGateway(): Promise<void> {
  await replace(undefined)
}

export interface EnableCacheOptions {
  /** `local` (the default) keeps answers in this process; else an unstorage driver (`fs-lite`, `redis` …) and its options. */
  type?: string
  /** Seconds. Default 3600. */
  ttl?: number
  namespace?: string
  /** `default_off`: only calls with `caching: true`. Default `default_on`. */
  mode?: 'default_on' | 'default_off'
  supportedCallTypes?: string[]
  /** Options of the storage driver. */
  [driverOption: string]: unknown
}

/** Answers identical calls of the library's functions from a cache. */
export async function enableCache(options: EnableCacheOptions = {}): Promise<void> {
  const { type = 'local', ttl, namespace, mode = 'default_on', supportedCallTypes, ...driver } = options
  const { config, options: creation } = ownConfig('enableCache')
  const given = Object.entries({ ttl, namespace, mode, supportedCallTypes }).filter(([, value]) => value !== undefined)
  const { cache: _before, ...mounts } = config.storage ?? {}
  const storage = type === 'local' ? mounts : { ...mounts, cache: { driver: type, ...driver } }
  await replace(
    open({ ...config, storage, plugins: { ...config.plugins, cache: Object.fromEntries(given) } }, creation),
  )
}

/** Turns the cache off again, also for calls with `caching: true`. */
export async function disableCache(): Promise<void> {
  const { config, options } = ownConfig('disableCache')
  await replace(open({ ...config, plugins: { ...config.plugins, cache: false } }, options))
}

function openDefault(): Promise<Gateway> {
  if (!current) {
    const opened = (current = open(CONFIG, {}))
    // A start that failed is tried again by the next call.
    opened.gateway.catch(() => {
      if (current === opened) current = undefined
    })
  }
  return current.gateway
}

function open(config: GatewayConfig, options: CreateGatewayOptions): DefaultGateway {
  return { gateway: createGateway(config, options), owned: true, config, options }
}

/** Swaps at once, so that calls made in the meantime wait for the new one; a config that is refused is taken back. */
async function replace(next: DefaultGateway | undefined): Promise<void> {
  const before = current
  current = next
  try {
    await next?.gateway
  } catch (error) {
    if (current === next) current = before
    throw error
  }
  if (before?.owned) {
    const gateway = await before.gateway.catch(() => undefined)
    await gateway?.close()
  }
}

function ownConfig(name: string): Pick<DefaultGateway, 'config' | 'options'> {
  if (!current) return { config: CONFIG, options: {} }
  if (current.owned) return current
  throw new Error(
    `${name} cannot change a gateway that was given by setDefaultGateway: turn its \`cache\` plugin on in its config.`,
  )
}

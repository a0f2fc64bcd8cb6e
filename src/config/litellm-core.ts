import { readEnv, unresolved } from './env.ts'
import { isPlain } from './plain.ts'
import { SECTIONS } from './litellm-keys.ts'
import { ROUTER_REDIS_KEYS, redisMounts } from './litellm-redis.ts'
import * as read from './litellm-values.ts'
import type { GatewayConfig } from '../types/config.ts'
import type { Section } from './litellm-keys.ts'
import type { LitellmSettings } from './litellm-settings.ts'
import type { Place } from './litellm-values.ts'
import type { Plain } from './plain.ts'

/** The settings that are used here; all others are the plugins'. */
export const CORE_KEYS: Readonly<Record<Section, readonly string[]>> = {
  litellm_settings: ['drop_params', 'request_timeout', 'model_alias_map', 'sse_keepalive_ping_interval_seconds'],
  router_settings:
    'timeout model_group_alias default_litellm_params stream_timeout stream_idle_timeout default_max_parallel_requests'
      .split(' ')
      .concat(ROUTER_REDIS_KEYS),
  // The buffer keeps LiteLLM's nodes from locking each other out of a database; counters here need none.
  general_settings: ['max_request_size_mb', 'max_in_flight_requests_per_worker', 'use_redis_transaction_buffer'],
}

/** The settings that the core itself carries out. Hidden aliases are named in `settings`. */
export function coreSettings(
  sections: Record<Section, Plain>,
  top: Place,
  settings: LitellmSettings,
  env: NodeJS.ProcessEnv,
): GatewayConfig {
  const { litellm_settings: library, router_settings: router, general_settings: general } = sections
  const [libraryPlace, routerPlace, generalPlace] = SECTIONS.map((name) => read.placeAt(top, name))
  const config: GatewayConfig = {}
  const drop =
    read.readBoolean(library, 'drop_params', libraryPlace!) ??
    (/^true$/i.test(readEnv(env, 'LITELLM_DROP_PARAMS') ?? '') || undefined)
  if (drop !== undefined) config.dropParams = drop
  const timeout =
    read.readNumber(router, 'timeout', routerPlace!, { above: 0 }) ??
    read.readNumber(library, 'request_timeout', libraryPlace!, { above: 0 })
  if (timeout !== undefined) config.timeout = timeout
  const heartbeat = read.readNumber(library, 'sse_keepalive_ping_interval_seconds', libraryPlace!, { above: 0 })
  if (heartbeat !== undefined) config.heartbeat = heartbeat
  const megabytes = read.readNumber(general, 'max_request_size_mb', generalPlace!, { above: 0 })
  if (megabytes !== undefined) {
    const limit = Math.ceil(megabytes * 1024 * 1024)
    config.limits = { body: limit, upload: limit }
  }
  const calls = read.readNumber(general, 'max_in_flight_requests_per_worker', generalPlace!, { above: 0 })
  if (calls !== undefined) config.limits = { ...config.limits, calls: Math.ceil(calls) }
  const aliases = {
    ...readAliases(router, 'model_group_alias', routerPlace!, settings),
    ...readAliases(library, 'model_alias_map', libraryPlace!, settings),
  }
  if (Object.keys(aliases).length > 0) config.aliases = aliases
  const storage = redisMounts({ library, router, libraryPlace: libraryPlace!, routerPlace: routerPlace!, env })
  if (Object.keys(storage).length > 0) config.storage = storage
  return config
}

function readAliases(section: Plain, key: string, place: Place, settings: LitellmSettings): Record<string, string> {
  const aliases: Record<string, string> = {}
  for (const [alias, value] of Object.entries(read.readMap(section, key, place) ?? {})) {
    const at = read.placeAt(place, key)
    const model = isPlain(value) ? value['model'] : value
    if (typeof model !== 'string' || model === '' || unresolved(model).length > 0) {
      read.problemAt(at, alias, 'expected a model name, or a map with "model". Give the name of a model group.')
      continue
    }
    aliases[alias] = model
    if (isPlain(value) && read.readBoolean(value, 'hidden', read.placeAt(at, alias))) {
      settings.hiddenAliases = [...(settings.hiddenAliases ?? []), alias]
    }
  }
  return aliases
}

/** Router settings that are defaults of every deployment. */
export function modelDefaults(router: Plain, top: Place): Plain {
  const defaults: Plain = { ...read.readMap(router, 'default_litellm_params', read.placeAt(top, 'router_settings')) }
  const renamed = [
    ['stream_timeout', 'stream_timeout'],
    ['stream_idle_timeout', 'stream_idle_timeout'],
    ['default_max_parallel_requests', 'max_parallel_requests'],
  ] as const
  for (const [from, to] of renamed) if (router[from] !== undefined) defaults[to] ??= router[from]
  return defaults
}

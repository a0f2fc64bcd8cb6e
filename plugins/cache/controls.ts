import { invalidRequest } from '../../src/index.ts'

/** How the cache takes part in one call. */
export interface Controls {
  readonly read: boolean
  readonly write: boolean
  /** Seconds that a new entry may be used. */
  readonly ttl: number
  /** Seconds: older entries are not taken. */
  readonly maxAge: number
  readonly namespace: string | undefined
}

/** What holds for calls that say nothing. */
export interface ControlDefaults {
  readonly on: boolean
  readonly controls: Controls
}

/**
 * Reads `caching` and LiteLLM's `cache: { ttl, s-maxage, no-cache, no-store, use-cache, namespace }`. Undefined: the cache
 * has no part in this call. Throws a 400 that names the control at fault.
 */
export function readControls(body: Readonly<Record<string, unknown>>, defaults: ControlDefaults): Controls | undefined {
  const { caching, cache } = body
  if (cache === undefined || cache === null) {
    return (typeof caching === 'boolean' ? caching : defaults.on) ? defaults.controls : undefined
  }
  if (typeof cache !== 'object' || Array.isArray(cache)) throw invalid('cache', 'an object')
  const given = cache as Record<string, unknown>
  const use = flag(given, 'use-cache')
  const on = typeof caching === 'boolean' ? caching : (use ?? defaults.on)
  const controls: Controls = {
    read: flag(given, 'no-cache') !== true,
    write: flag(given, 'no-store') !== true,
    ttl: seconds(given, 'ttl') ?? defaults.controls.ttl,
    maxAge: seconds(given, 's-maxage') ?? defaults.controls.maxAge,
    namespace: name(given) ?? defaults.controls.namespace,
  }
  return on && (controls.read || controls.write) ? controls : undefined
}

function flag(given: Record<string, unknown>, key: string): boolean | undefined {
  const value = given[key] ?? undefined
  if (value === undefined || typeof value === 'boolean') return value
  throw invalid(`cache.${key}`, 'true or false')
}

function seconds(given: Record<string, unknown>, key: string): number | undefined {
  const value = given[key] ?? undefined
  if (value === undefined || (typeof value === 'number' && Number.isFinite(value) && value >= 0)) return value
  throw invalid(`cache.${key}`, 'a number of seconds')
}

function name(given: Record<string, unknown>): string | undefined {
  const value = given['namespace'] ?? undefined
  if (value === undefined || (typeof value === 'string' && value.length <= 256)) return value
  throw invalid('cache.namespace', 'a string of at most 256 characters')
}

function invalid(param: string, expected: string) {
  return invalidRequest(`Invalid value for '${param}': expected ${expected}.`, param, 'invalid_value')
}

import { toPath } from './problem.ts'
import { closest } from './suggest.ts'
import { isPlain } from './plain.ts'
import { missingVariable, unresolved } from './env.ts'
import { setOrigin } from './model-origin.ts'
import {
  ENTRY_KEYS,
  isPriceKey,
  isProviderOption,
  isSecretKey,
  KEPT_PARAMS,
  MAPPED_PARAMS,
  PARAM_KEYS,
} from './litellm-keys.ts'
import * as read from './litellm-values.ts'
import type { ModelConfig } from '../types/config.ts'
import type { Plain } from './plain.ts'
import type { Place } from './litellm-values.ts'

/** Credentials by name, as `credential_list` gives them. */
export type Credentials = ReadonlyMap<string, Plain>

export interface ModelContext {
  readonly credentials: Credentials
  /** `router_settings.default_litellm_params`: under every entry. */
  readonly defaults: Plain
  readonly warnings: string[]
  /** Keys that are read by nobody but plugins, by path: `litellm_params.cooldown_time`. */
  readonly settings: Plain
}

/**
 * Translates one entry of `model_list`; `place` is its own. A list of organizations gives one entry each. Nothing is
 * returned for an entry that cannot be used; its problems are recorded.
 */
export function toModelConfigs(raw: unknown, place: Place, context: ModelContext): ModelConfig[] {
  if (!isPlain(raw)) {
    read.problemAt(place, undefined, 'expected a map with model_name and litellm_params. Write "- model_name: …".')
    return []
  }
  const given = read.readMap(raw, 'litellm_params', place)
  const name = read.readString(raw, 'model_name', place)
  const paramsPlace = read.placeAt(place, 'litellm_params')
  if (!raw['model_name']) {
    read.problemAt(place, 'model_name', 'is missing. Give the name that clients use, such as "gpt-4o" or "openai/*".')
  }
  const credential = given && readCredential(given, paramsPlace, context)
  const all: Plain = { ...context.defaults, ...credential, ...given }
  if (!all['model']) {
    read.problemAt(paramsPlace, 'model', 'is missing. Give "provider/model", such as "openai/gpt-4o".')
  }
  const missing = name === undefined ? {} : takeMissing(all, name, paramsPlace, context)
  const model = read.readString(all, 'model', paramsPlace)
  if (name === undefined || model === undefined) return []

  const info = { ...read.readMap(raw, 'model_info', place) }
  const infoPlace = read.placeAt(place, 'model_info')
  for (const { path, variable } of unresolved(info)) {
    read.problemAt(read.placeAt(infoPlace, ...path.slice(0, -1)), path.at(-1), missingVariable(variable))
  }
  const prices = { ...takePrices(info, info, infoPlace), ...takePrices(all, info, paramsPlace) }
  const params: Plain = {}
  const options: Plain = {}
  for (const [key, value] of Object.entries(all)) {
    if (value === null || value === undefined || MAPPED_PARAMS.includes(key) || isPriceKey(key)) continue
    if (isProviderOption(key)) options[camelCase(key)] = value
    else if (KEPT_PARAMS.includes(key)) keep(info, context.settings, key, value)
    else {
      params[key] = value
      // Other keys are request fields, also ones nobody knows; but one next to a setting's name is a slip.
      if (!PARAM_KEYS.includes(key) && closest(key, PARAM_KEYS)) context.settings[`litellm_params.${key}`] = value
    }
  }
  for (const key of Object.keys(raw)) {
    if (!ENTRY_KEYS.includes(key)) {
      context.settings[`model_list.${key}`] = raw[key]
    }
  }

  const body = { ...params, ...read.readMap(all, 'extra_body', paramsPlace) }
  const config: Record<string, unknown> = {
    name,
    ...target(model, read.readString(all, 'custom_llm_provider', paramsPlace)),
    id: read.readString(info, 'id', infoPlace),
    apiKey: read.readString(all, 'api_key', paramsPlace),
    baseURL: read.readString(all, 'api_base', paramsPlace) ?? read.readString(all, 'base_url', paramsPlace),
    apiVersion: read.readString(all, 'api_version', paramsPlace),
    ...options,
    ...limits(raw, all, place, paramsPlace),
    params: orNothing(body),
    headers: orNothing({
      ...read.readStringMap(all, 'headers', paramsPlace),
      ...read.readStringMap(all, 'extra_headers', paramsPlace),
    }),
    dropParams: read.readBoolean(all, 'drop_params', paramsPlace),
    additionalDropParams: read.readStrings(all, 'additional_drop_params', paramsPlace),
    tags: read.readStrings(all, 'tags', paramsPlace),
    info: orNothing(info),
    prices: orNothing(prices),
  }
  for (const key of Object.keys(config)) if (config[key] === undefined) delete config[key]
  const path = toPath(place.path)
  return organizations(all, paramsPlace).map((organization) =>
    setOrigin(
      { ...(config as ModelConfig), ...organization },
      {
        source: `${place.file} ${path}`,
        file: place.file,
        path,
        missing,
        lenient: true,
      },
    ),
  )
}

/** `model: azure/x` with `custom_llm_provider: azure` names the provider twice; otherwise the model is taken whole. */
function target(model: string, provider: string | undefined): Pick<ModelConfig, 'model' | 'provider'> {
  if (provider === undefined) return { model }
  return { model: model.startsWith(`${provider}/`) ? model.slice(provider.length + 1) : model, provider }
}

function limits(raw: Plain, all: Plain, place: Place, paramsPlace: Place): Plain {
  const perMinute = (key: string): number | undefined =>
    read.readNumber(all, key, paramsPlace, { min: 0 }) ?? read.readNumber(raw, key, place, { min: 0 })
  return {
    rpm: perMinute('rpm'),
    tpm: perMinute('tpm'),
    weight: read.readNumber(all, 'weight', paramsPlace, { min: 0 }),
    order: read.readNumber(all, 'order', paramsPlace),
    maxParallel: read.readNumber(all, 'max_parallel_requests', paramsPlace, { min: 1 }),
    timeout: read.readNumber(all, 'timeout', paramsPlace, { above: 0 }),
    streamTimeout: read.readNumber(all, 'stream_timeout', paramsPlace, { above: 0 }),
    idleTimeout: read.readNumber(all, 'stream_idle_timeout', paramsPlace, { above: 0 }),
  }
}

function readCredential(params: Plain, place: Place, { credentials }: ModelContext): Plain | undefined {
  const name = read.readString(params, 'litellm_credential_name', place)
  if (name === undefined) return undefined
  const found = credentials.get(name)
  if (found) return found
  const meant = closest(name, credentials.keys())
  const known = credentials.size > 0 ? [...credentials.keys()].join(', ') : 'none'
  const fix = meant === undefined ? `Known are: ${known}.` : `Did you mean "${meant}"?`
  return read.problemAt(place, 'litellm_credential_name', `credential_list has no entry of this name. ${fix}`)
}

/**
 * Takes out the values whose variable is not set. Without a key an entry can still be listed and the others work, so that
 * is a warning; anything else (a base URL!) would send calls elsewhere, so that is a problem.
 */
function takeMissing(all: Plain, name: string, place: Place, context: ModelContext): Record<string, string> {
  const missing: Record<string, string> = {}
  for (const { path, variable } of unresolved(all)) {
    const key = String(path[0])
    delete all[key]
    if (path.length === 1 && isSecretKey(key)) {
      missing[key === 'api_key' ? 'apiKey' : camelCase(key)] = variable
      const at = `${place.file}: ${toPath([...place.path, key])}`
      context.warnings.push(
        `${at}: environment variable ${variable} is not set; "${name}" is left without it. Set ${variable}.`,
      )
    } else {
      read.problemAt(read.placeAt(place, ...path.slice(0, -1)), path.at(-1), missingVariable(variable))
    }
  }
  return missing
}

/** Prices that are numbers; tiers and tables go to `info` as they are. */
function takePrices(from: Plain, info: Plain, place: Place): Record<string, number> {
  const prices: Record<string, number> = {}
  for (const [key, value] of Object.entries(from)) {
    if (!isPriceKey(key)) continue
    if (isPlain(value) || Array.isArray(value)) {
      info[key] = value
      continue
    }
    const price = read.readNumber(from, key, place, { min: 0 })
    if (price !== undefined) prices[key] = price
    if (from === info) delete info[key]
  }
  return prices
}

function keep(info: Plain, settings: Plain, key: string, value: unknown): void {
  info[key] = value
  settings[`litellm_params.${key}`] = value
}

function organizations(params: Plain, place: Place): { organization?: string }[] {
  const value = params['organization']
  if (Array.isArray(value)) {
    return (read.readStrings(params, 'organization', place) ?? []).map((organization) => ({ organization }))
  }
  const organization = read.readString(params, 'organization', place)
  return [organization === undefined ? {} : { organization }]
}

function orNothing<T extends object>(map: T): T | undefined {
  return Object.keys(map).length > 0 ? map : undefined
}

function camelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase())
}

import { invalidRequest } from '../error.ts'
import { checkGatewayFields, gatewayFields } from '../gateway-fields.ts'
import { toGatewayError } from './errors.ts'
import type { Fallback, ProviderAccess } from './types.ts'

/** A library call taken apart: what goes into the body, and what only says how to make the call. */
export interface SplitParams {
  readonly body: Record<string, unknown>
  /** Fields of the body that speak to the gateway. */
  readonly stripped: readonly string[]
  readonly access: ProviderAccess
  readonly fallbacks: readonly Fallback[]
  readonly contextWindowFallbacks: readonly Fallback[]
  readonly contentPolicyFallbacks: readonly Fallback[]
  readonly signal: AbortSignal | undefined
}

/** Options by the body fields that plugins and the core read them from. */
const TO_BODY: Readonly<Record<string, string>> = {
  timeout: 'timeout',
  streamTimeout: 'stream_timeout',
  numRetries: 'num_retries',
  maxRetries: 'max_retries',
  disableFallbacks: 'disable_fallbacks',
  caching: 'caching',
  cache: 'cache',
  mockResponse: 'mock_response',
  mockToolCalls: 'mock_tool_calls',
  mockTimeout: 'mock_timeout',
  inputCostPerToken: 'input_cost_per_token',
  outputCostPerToken: 'output_cost_per_token',
  dropParams: 'drop_params',
  additionalDropParams: 'additional_drop_params',
}

/** How a provider is reached; the Python library's names are taken as well. */
const ACCESS: Readonly<Record<string, keyof ProviderAccess>> = {
  apiKey: 'apiKey',
  api_key: 'apiKey',
  baseURL: 'baseURL',
  base_url: 'baseURL',
  api_base: 'baseURL',
  apiVersion: 'apiVersion',
  api_version: 'apiVersion',
  organization: 'organization',
  providerOptions: 'providerOptions',
  extraHeaders: 'extraHeaders',
  extra_headers: 'extraHeaders',
}

const FALLBACKS = ['fallbacks', 'contextWindowFallbacks', 'contentPolicyFallbacks'] as const

/** Takes a call apart. Parameters that are undefined count as not given. */
export function splitParams(params: Readonly<Record<string, unknown>>): SplitParams {
  const { body, access } = splitAccess(params)
  const lists = { fallbacks: [], contextWindowFallbacks: [], contentPolicyFallbacks: [] } as Record<
    (typeof FALLBACKS)[number],
    Fallback[]
  >
  for (const key of FALLBACKS) {
    if (Array.isArray(body[key])) lists[key] = body[key] as Fallback[]
    else if (body[key] !== undefined)
      throw invalidRequest(`Invalid value for '${key}': expected a list of models.`, key)
    delete body[key]
  }
  const signal = body['signal'] as AbortSignal | undefined
  delete body['signal']
  // Its text form would lose the error; this one keeps it as its cause.
  if (body['mock_response'] instanceof Error) body['mock_response'] = toGatewayError(body['mock_response'])
  const stripped = gatewayFields(Object.keys(body).map((key) => ({ key })))
  checkGatewayFields(stripped, body)
  return { body, stripped, access, ...lists, signal }
}

/** Parts parameters and the way to the provider; used for a call and for what a fallback overrides. */
export function splitAccess(params: Readonly<Record<string, unknown>>): {
  body: Record<string, unknown>
  access: ProviderAccess
} {
  const body: Record<string, unknown> = {}
  const access: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(params)) {
    if (value === undefined) continue
    const option = Object.hasOwn(ACCESS, key) ? ACCESS[key] : undefined
    if (option !== undefined) access[option] ??= value
    else body[Object.hasOwn(TO_BODY, key) ? TO_BODY[key]! : key] = value
  }
  return { body, access }
}

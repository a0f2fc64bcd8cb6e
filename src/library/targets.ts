import type { Gateway } from '../gateway.ts'
import type { Call } from '../types/call.ts'
import type { ConfigError } from '../config/problem.ts'
import type { Endpoint, FallbackKind, Provider, Target } from '../types/provider.ts'
import type { Fallback, ProviderAccess } from './types.ts'
import type { SplitParams } from './split-params.ts'
import { GatewayError, invalidRequest } from '../error.ts'
import { gatewayFields } from '../gateway-fields.ts'
import { rewriteBody } from '../json-scan.ts'
import { toGatewayError } from './errors.ts'
import { splitAccess } from './split-params.ts'

const LIMIT = 500
const made = new WeakMap<Gateway, Map<string, Promise<Target>>>()

/**
 * The targets of a library call, or undefined where the gateway's own routing can find them: it knows every model that
 * is named, and the call brings no key, base or headers of its own.
 */
export async function findTargets(
  gateway: Gateway,
  model: string,
  params: SplitParams,
): Promise<readonly Target[] | undefined> {
  const { access, fallbacks, contextWindowFallbacks, contentPolicyFallbacks } = params
  const known = (name: Fallback) => typeof name === 'string' && gateway.resolve(name).length > 0
  const special = contextWindowFallbacks.length > 0 || contentPolicyFallbacks.length > 0
  if (Object.keys(access).length === 0 && known(model) && !special && fallbacks.every(known)) return undefined

  const targets = [...(await targetsOf(gateway, model, access))]
  const taken = new Set<string>()
  const append = async (entries: readonly Fallback[], kind: FallbackKind, list: string) => {
    for (const [i, entry] of entries.entries()) {
      try {
        targets.push(...(await fallbackTargets(gateway, entry, kind, taken)))
      } catch (error) {
        throw ofFallback(error, list, i)
      }
    }
  }
  await append(contextWindowFallbacks, 'context_window', 'contextWindowFallbacks')
  await append(contentPolicyFallbacks, 'content_policy', 'contentPolicyFallbacks')
  await append(fallbacks, 'general', 'fallbacks')
  return targets
}

async function fallbackTargets(
  gateway: Gateway,
  entry: Fallback,
  kind: FallbackKind,
  taken: Set<string>,
): Promise<Target[]> {
  const { body, access } = splitAccess(typeof entry === 'string' ? { model: entry } : entry)
  const { model, ...overrides } = body
  if (typeof model !== 'string')
    throw invalidRequest('Every fallback needs a model.', 'model', 'missing_required_parameter')
  const found = await targetsOf(gateway, model, access)
  // Two entries for one model (with two keys) are two groups: the second one stands in for the first.
  let group = found[0]!.group
  for (let i = 2; taken.has(`${kind} ${group}`); i++) group = `${found[0]!.group}#${i}`
  taken.add(`${kind} ${group}`)
  return found.map((target) => ({ ...withOverrides(target, overrides), group, fallbackFor: kind }))
}

/** A mistake in a fallback, said of the list that it stands in. */
function ofFallback(error: unknown, list: string, i: number): unknown {
  if (!(error instanceof GatewayError)) return error
  const { status, message, code } = error
  return new GatewayError(status, `Invalid value for '${list}[${i}]': ${message}`, { param: list, code })
}

async function targetsOf(gateway: Gateway, model: string, access: ProviderAccess): Promise<readonly Target[]> {
  const { extraHeaders, providerOptions, ...own } = access
  const options = { ...own, ...providerOptions }
  const known = Object.keys(options).length === 0 ? gateway.resolve(model) : []
  const targets = known.length > 0 ? shuffle(known) : [await looseTarget(gateway, model, options)]
  return extraHeaders ? targets.map((target) => withHeaders(target, extraHeaders)) : targets
}

/** A target that no config names. Made once per model and options. */
async function looseTarget(gateway: Gateway, model: string, options: Record<string, unknown>): Promise<Target> {
  let targets = made.get(gateway)
  if (!targets) made.set(gateway, (targets = new Map()))
  const key = JSON.stringify([model, Object.entries(options).sort(([a], [b]) => (a < b ? -1 : 1))])
  let target = targets.get(key)
  if (!target) {
    if (targets.size >= LIMIT) targets.clear()
    targets.set(key, (target = makeTarget(gateway, model, options)))
  }
  try {
    const found = await target
    // Its key may be in the environment the next time.
    if (found.deployment.info['missing'] !== undefined) targets.delete(key)
    return found
  } catch (error) {
    targets.delete(key)
    throw error
  }
}

async function makeTarget(gateway: Gateway, model: string, options: Record<string, unknown>): Promise<Target> {
  const { findProvider } = await import('../config/provider-options.ts')
  const found = findProvider({ model }, gateway.providers)
  if (!('definition' in found)) {
    throw new GatewayError(400, `Unknown model: ${found.message}`, { param: 'model', code: 'model_not_found' })
  }
  const spec = { provider: found.definition.name, model: found.model, options }
  const target = await gateway.target(spec).catch((error: unknown) => {
    throw ofCall(error)
  })
  return { ...target, group: model }
}

/** Options were given to a call: there is no config whose path they could be named by. */
function ofCall(error: unknown): unknown {
  if (!(error instanceof Error) || error.name !== 'ConfigError') return error
  const [problem] = (error as ConfigError).problems
  const param = problem?.path.replace(/^models\[0\]\.?/, '')
  return invalidRequest(`Invalid value for '${param}': ${problem?.message}`, param || null, 'invalid_options')
}

function withHeaders(target: Target, headers: Readonly<Record<string, string>>): Target {
  const { deployment } = target
  return { ...target, deployment: { ...deployment, headers: { ...deployment.headers, ...headers } } }
}

/** What a fallback says differently replaces the call's own parameters for this target alone. */
function withOverrides(target: Target, overrides: Record<string, unknown>): Target {
  const own = gatewayFields(Object.keys(overrides).map((key) => ({ key })))
  const set = Object.fromEntries(Object.entries(overrides).filter(([key]) => key !== 'stream' && !own.includes(key)))
  const { mock_response: mock, timeout, drop_params: drop } = overrides
  const params = mock === undefined ? {} : { mock_response: mock instanceof Error ? toGatewayError(mock) : mock }
  return {
    ...target,
    provider: Object.keys(set).length > 0 ? overriding(target.provider, set) : target.provider,
    deployment: {
      ...target.deployment,
      params: { ...target.deployment.params, ...params },
      ...(typeof timeout === 'number' ? { timeout } : {}),
      ...(typeof drop === 'boolean' ? { dropParams: drop } : {}),
    },
  }
}

function overriding(provider: Provider, set: Record<string, unknown>): Provider {
  const endpoints: Record<string, NonNullable<Provider['endpoints'][string]>> = {}
  for (const [wire, endpoint] of Object.entries(provider.endpoints)) {
    if (endpoint) endpoints[wire] = overridden(endpoint, set)
  }
  return { ...provider, endpoints }
}

function overridden(endpoint: Endpoint, set: Record<string, unknown>): Endpoint {
  return {
    ...endpoint,
    encode: (call, translation) => endpoint.encode(override(call, set), translation),
    variant(call, target) {
      const other = endpoint.variant?.(override(call, set), target)
      return other && overridden(other, set)
    },
  }
}

function override(call: Call, set: Record<string, unknown>): Call {
  const { wire, method, path, search, model, stream, headers } = call
  return {
    wire,
    method,
    path,
    search,
    model,
    stream,
    headers,
    body: { ...call.body, ...set },
    raw: rewriteBody(call, { set }),
  }
}

/** As the router does it: at random by weight within each `order` (Efraimidis and Spirakis). */
function shuffle(targets: readonly Target[]): readonly Target[] {
  if (targets.length === 1) return targets
  return targets
    .map((target) => {
      const { weight, rpm, tpm, order = 0 } = target.deployment
      return { target, order, key: Math.random() ** (1 / Math.max(weight ?? rpm ?? tpm ?? 1, Number.MIN_VALUE)) }
    })
    .sort((a, b) => a.order - b.order || b.key - a.key)
    .map(({ target }) => target)
}

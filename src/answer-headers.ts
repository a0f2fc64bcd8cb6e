import type { Target } from './types/provider.ts'
import type { CallContext } from './context.ts'
import type { UpstreamHeaders } from './exchange.ts'
import { connectionNames } from './end-to-end.ts'
import { holdsSecret } from './secrets.ts'
import { version } from './version.ts'

/** Connection-level headers (RFC 9110 §7.6.1) and what the gateway says itself; everything else is passed on prefixed. */
const NOT_FORWARDED = new Set([
  'connection',
  'keep-alive',
  'proxy-authenticate',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
  'content-length',
  'content-type',
  'content-encoding',
  'date',
  'set-cookie',
  'alt-svc',
  'strict-transport-security',
])

const statics = new WeakMap<Target, Record<string, string>>()

/** The headers of a target's answer: LiteLLM's model headers, the provider's own prefixed with `llm_provider-`. */
export function answerHeaders(ctx: CallContext, target: Target, upstream: UpstreamHeaders): Record<string, string> {
  const out: Record<string, string> = { ...staticHeaders(target) }
  const hop = connectionNames(upstream['connection'])
  for (const name in upstream) {
    if (NOT_FORWARDED.has(name) || hop.includes(name)) continue
    const value = upstream[name]
    if (typeof value !== 'string' || holdsSecret(value, target)) continue
    out[prefixed(name)] = value
    if (name.startsWith('x-ratelimit-')) out[name] = value
  }
  if (ctx.attempts.length > 0) out['x-litellm-attempted-retries'] = String(ctx.attempts.length)
  if (target.group !== ctx.targets[0]?.group) out['x-litellm-attempted-fallbacks'] = String(fallbacksUntil(ctx, target))
  return out
}

/** How many groups were asked behind the first one, this one included. */
function fallbacksUntil(ctx: CallContext, target: Target): number {
  const groups = new Set([target.group])
  for (const { target: id } of ctx.attempts) groups.add(groupOf(ctx, id))
  return groups.size - (groups.has(ctx.targets[0]!.group) ? 1 : 0)
}

function groupOf(ctx: CallContext, id: string): string {
  return ctx.targets.find((target) => target.id === id)?.group ?? ''
}

const prefixes = new Map<string, string>()

/** Providers send the same few names with every answer. */
function prefixed(name: string): string {
  let known = prefixes.get(name)
  if (known === undefined) {
    known = `llm_provider-${name}`
    if (prefixes.size < 500) prefixes.set(name, known)
  }
  return known
}

function staticHeaders(target: Target): Record<string, string> {
  let headers = statics.get(target)
  if (!headers) {
    headers = {
      'x-litellm-model-id': headerValue(target.id),
      'x-litellm-model-group': headerValue(target.group),
      ...(target.provider.baseURL ? { 'x-litellm-model-api-base': headerValue(target.provider.baseURL) } : {}),
    }
    statics.set(target, headers)
  }
  return headers
}

/** The headers of a call for its answer, errors included: what the stages set, and what every answer carries. */
export function callHeaders(ctx: CallContext): Record<string, string> {
  const total = performance.now() - ctx.startedMs
  const { headers } = ctx
  headers['x-litellm-call-id'] = ctx.id
  headers['x-litellm-version'] = version
  headers['x-litellm-response-duration-ms'] = total.toFixed(3)
  headers['x-litellm-overhead-duration-ms'] = Math.max(0, total - ctx.upstreamMs).toFixed(3)
  if (ctx.dropped.length > 0) headers['x-ungate-dropped-params'] = headerValue(ctx.dropped.join(', '))
  return headers
}

/** The headers of a call that failed: whose failure it tells, behind all its retries and fallbacks. */
export function failureHeaders(ctx: CallContext): Record<string, string> {
  const target = failedTarget(ctx)
  if (target) {
    Object.assign(ctx.headers, staticHeaders(target))
    const { length } = ctx.attempts
    if (length > 1) ctx.headers['x-litellm-attempted-retries'] = String(length - 1)
    const groups = new Set(ctx.attempts.map(({ target: id }) => groupOf(ctx, id)))
    if (groups.size > 1) ctx.headers['x-litellm-attempted-fallbacks'] = String(groups.size - 1)
  }
  return callHeaders(ctx)
}

/** Whom the error is from: the one asked last of the group that was meant, as its failure is the one that is told. */
function failedTarget(ctx: CallContext): Target | undefined {
  // Until all gates have let a call through, its sender is not to hear what would have answered.
  if (ctx.queueMs === undefined) return undefined
  const [first] = ctx.targets
  const meant = ctx.targets.filter(({ group }) => group === first?.group)
  const last = ctx.attempts.findLast(({ target }) => meant.some(({ id }) => id === target))
  return last ? meant.find(({ id }) => id === last.target) : first
}

/** The headers of an answer that is of no call: a plugin's route, or a request that could not be read. */
export function plainHeaders(id: string, startedMs: number): Record<string, string> {
  const total = (performance.now() - startedMs).toFixed(3)
  return {
    'x-litellm-call-id': id,
    'x-litellm-version': version,
    'x-litellm-response-duration-ms': total,
    'x-litellm-overhead-duration-ms': total,
  }
}

/** Header values are Latin-1 (RFC 9110 §5.5): anything else is percent-encoded. */
export function headerValue(value: string): string {
  return /^[\x20-\x7e]*$/.test(value) ? value : encodeURIComponent(value)
}

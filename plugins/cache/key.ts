import { createHash } from 'node:crypto'
import type { Context, Deployment, Target } from '../../src/index.ts'

export interface KeyOptions {
  readonly namespace: string | undefined
  /** All callers share their answers. */
  readonly shared: boolean
  /** The deployments of the config. */
  readonly declared: ReadonlySet<Deployment>
}

/** Fields that say how a call is made and accounted, not what is answered; and the model, which the group stands for. */
const NOT_IN_KEY = new Set([
  'model',
  'metadata',
  'litellm_metadata',
  'tags',
  'cache',
  'caching',
  'fallbacks',
  'context_window_fallback_dict',
  'disable_fallbacks',
  'num_retries',
  'max_retries',
  'timeout',
  'stream_timeout',
  'keepalive_seconds',
  'no-log',
  'litellm_request_debug',
  'input_cost_per_token',
  'output_cost_per_token',
  'mock_timeout',
  'mock_testing_fallbacks',
  'mock_testing_context_window_fallbacks',
  'mock_testing_content_policy_fallbacks',
  'mock_testing_rate_limit_error',
])

/**
 * SHA-256 (hex) over everything that makes two calls the same: dialect, model group, caller, namespace and body. The
 * order of an object's members does not matter; a field that is null, and `stream: false`, are as good as absent.
 */
export function cacheKey(ctx: Context, target: Target, options: KeyOptions): string {
  const { deployment } = target
  const body: Record<string, unknown> = {}
  for (const [key, value] of Object.entries(ctx.call.body)) {
    if (NOT_IN_KEY.has(key) || value === null || value === undefined || (key === 'stream' && value === false)) continue
    body[key] = value
  }
  const identity = [
    ctx.call.wire,
    target.group,
    // A target that a call brought with it (its own key, its own base) shares with nobody.
    options.declared.has(deployment) ? null : [deployment.id, deployment.headers ?? null],
    options.shared ? null : (ctx.principal?.id ?? null),
    options.namespace ?? null,
    body,
  ]
  return createHash('sha256').update(canonical(identity)).digest('hex')
}

/** JSON with sorted members. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) return item
    return Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1)))
  })
}

import { GatewayError, definePlugin, invalidRequest, z } from '../src/index.ts'
import type { Answer, Context, Target } from '../src/index.ts'

const WINDOW_MS = 10_000
const FREE_RETRIES = 3

/** The one layer that tries again: on another deployment where there is one, then on the fallbacks, within a budget. */
export default definePlugin({
  name: 'retry',
  description: 'Retries failed calls on the next deployment, then on the fallback groups',
  order: 'pre',
  options: z.object({
    retries: z.int().min(0).max(10).default(2).describe('Retries within a model group, per call.'),
    minDelay: z
      .number()
      .min(0)
      .default(0.5)
      .describe('Seconds: first backoff when the same deployment is tried again.'),
    maxDelay: z.number().min(0).default(8).describe('Seconds: longest backoff.'),
    maxRetryAfter: z
      .number()
      .min(0)
      .default(60)
      .describe('Seconds: a longer `retry-after` of a provider is not waited for.'),
    budget: z
      .number()
      .min(0)
      .max(1)
      .default(0.2)
      .describe(
        'Retries of deployments that the call has asked before, as a share of the calls of the last 10 s (3 are always allowed).',
      ),
    maxFallbacks: z.int().min(0).max(20).default(5).describe('Fallback groups tried per call.'),
  }),
  litellm: {
    'router_settings.num_retries': 'retries',
    'litellm_settings.num_retries': 'retries',
    'router_settings.retry_after': 'minDelay',
    'router_settings.max_fallbacks': 'maxFallbacks',
  },
  setup(options) {
    const budget = createRetryBudget(options.budget)
    return {
      provider(ctx, first, next) {
        budget.call()
        const groups = groupTargets(ctx.targets, first)
        return groups.length === 1
          ? tryGroup(ctx, groups[0]!, next, options, budget)
          : tryGroups(ctx, groups, next, options, budget)
      },
    }
  },
})

interface RetryOptions {
  readonly retries: number
  readonly minDelay: number
  readonly maxDelay: number
  readonly maxRetryAfter: number
}

interface RetryBudget {
  call(): void
  /** Takes one retry; false when the share is used up. */
  take(): boolean
}

/** The model's own group, then the fallbacks that are meant for its failure. */
async function tryGroups(
  ctx: Context,
  groups: readonly (readonly Target[])[],
  next: (target: Target) => Promise<Answer>,
  options: RetryOptions & { readonly maxFallbacks: number },
  budget: RetryBudget,
): Promise<Answer> {
  let primary: unknown
  let tried = 0
  let kind: Target['fallbackFor']
  for (const group of groups) {
    // The reason of the first failure decides which fallbacks are meant.
    if (tried > 0 && !wants(group[0]!, kind)) continue
    if (tried > options.maxFallbacks) break
    if (tried > 0 && (ctx.call.body['disable_fallbacks'] === true || !mayFallBack(primary))) break
    try {
      return await tryGroup(ctx, group, next, options, budget)
    } catch (error) {
      if (tried++ === 0) {
        primary = error
        kind = kindOf(error)
      }
      if (ctx.signal.aborted) throw error
    }
  }
  throw primary
}

async function tryGroup(
  ctx: Context,
  targets: readonly Target[],
  next: (target: Target) => Promise<Answer>,
  options: RetryOptions,
  budget: RetryBudget,
): Promise<Answer> {
  const retries = retriesOf(ctx, options.retries)
  try {
    return await next(targets[0]!)
  } catch (error) {
    return tryAgain({ ctx, targets, next, options, budget, retries }, error)
  }
}

interface Trying {
  readonly ctx: Context
  readonly targets: readonly Target[]
  readonly next: (target: Target) => Promise<Answer>
  readonly options: RetryOptions
  readonly budget: RetryBudget
  readonly retries: number
}

/**
 * Goes round the group's deployments behind the first failure. A deployment that this call has not asked yet is asked at
 * once, whatever the budget says: that keeps nobody's failing deployment busy, and without it all calls that the shuffle
 * sends to a dead one first would fail with it.
 */
async function tryAgain({ ctx, targets, next, options, budget, retries }: Trying, first: unknown): Promise<Answer> {
  const failures = new Map<Target, unknown>()
  let able = targets
  let error = first
  let at = 0
  let used = 0
  let full = 0
  for (;;) {
    const target = able[at]!
    failures.set(target, error)
    // At its own limit, nothing was sent to it: passing it over is no retry, unless they all are.
    full = isFull(error) ? full + 1 : 0
    const round = full === able.length
    if (full === 0 || round) {
      if (used >= retries || !isRetryable(error, able.length > 1)) throw error
      used++
      full = 0
    }
    if (isRefused(error)) {
      // A dead key is as dead at the end of the round.
      able = able.filter((other) => other !== target)
      at %= able.length
    } else at = (at + 1) % able.length
    const before = failures.get(able[at]!)
    if (before !== undefined && (round || !isFull(before))) {
      if (!budget.take()) throw error
      const wait = delayOf(before, used - 1, options)
      if (wait === undefined) throw error
      if (wait > 0) await pause(wait, ctx.signal)
    }
    if (ctx.signal.aborted) throw error
    try {
      return await next(able[at]!)
    } catch (failure) {
      error = failure
    }
  }
}

/** Header, then body, then config. `max_retries` is the library's name for the same thing: there is one layer. */
function retriesOf(ctx: Context, configured: number): number {
  const { headers, body } = ctx.call
  const header = headers.get('x-litellm-num-retries')
  if (header !== null && !/^\d*$/.test(header)) {
    const message = 'The header x-litellm-num-retries must be a whole number, 0 or more.'
    throw invalidRequest(message, 'x-litellm-num-retries', 'invalid_header')
  }
  const given = (header === '' ? null : header) ?? body['num_retries'] ?? body['max_retries']
  const number = Number(given)
  return given !== null && given !== undefined && Number.isInteger(number) && number >= 0
    ? Math.min(number, 10)
    : configured
}

/** The provider's failure, or the deployment's for want of a key; what the gateway itself refused stays refused. */
function isDeploymentFailure(error: unknown): error is GatewayError {
  if (!(error instanceof GatewayError)) return false
  return (
    error.origin === 'provider' || error.code === 'provider_not_configured' || error.code === 'deployment_limit_reached'
  )
}

/** Rate limits, timeouts, connection failures and server errors; a dead key only where another deployment has its own. */
function isRetryable(error: unknown, others: boolean): boolean {
  if (!isDeploymentFailure(error)) return false
  if (isRefused(error)) return others
  return error.status === 408 || error.status === 409 || error.status === 429 || error.status >= 500
}

/** The deployment's key, or its account. */
function isRefused(error: unknown): boolean {
  return error instanceof GatewayError && (error.status === 401 || error.status === 402 || error.status === 403)
}

function isFull(error: unknown): boolean {
  return error instanceof GatewayError && error.code === 'deployment_limit_reached'
}

/** Milliseconds to wait before a deployment that failed is asked again; undefined when the provider asks for more patience than anyone has. */
function delayOf(error: unknown, attempt: number, options: RetryOptions): number | undefined {
  const asked = error instanceof GatewayError ? error.retryAfter : undefined
  if (asked !== undefined) return asked <= options.maxRetryAfter ? asked * 1000 : undefined
  // Full jitter: clients that failed together do not come back together.
  return Math.random() * Math.min(options.maxDelay, options.minDelay * 2 ** attempt) * 1000
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

/** The candidates by model group, in the order of their first member. */
function groupTargets(targets: readonly Target[], first: Target): (readonly Target[])[] {
  if (targets.length <= 1) return [[first]]
  const groups = new Map<string, Target[]>()
  for (const target of targets) {
    const key = `${target.fallbackFor ?? ''} ${target.group}`
    groups.set(key, [...(groups.get(key) ?? []), target])
  }
  return [...groups.values()]
}

function kindOf(error: unknown): Target['fallbackFor'] {
  const code = error instanceof GatewayError ? error.code : undefined
  if (code === 'context_length_exceeded') return 'context_window'
  return code === 'content_policy_violation' ? 'content_policy' : 'general'
}

function wants(target: Target, kind: Target['fallbackFor']): boolean {
  return target.fallbackFor === kind || target.fallbackFor === 'general'
}

/** A wrong request stays wrong elsewhere, but for a prompt that is too long or refused there. */
function mayFallBack(error: unknown): boolean {
  if (!isDeploymentFailure(error)) return false
  return isRetryable(error, true) || error.status === 404 || kindOf(error) !== 'general'
}

/** Retries as a share of recent calls, so that a failing provider is not hit harder than a healthy one. */
function createRetryBudget(share: number): RetryBudget {
  let since = Date.now()
  let calls = 0
  let taken = 0
  const roll = () => {
    const now = Date.now()
    if (now - since < WINDOW_MS) return
    since = now
    calls = 0
    taken = 0
  }
  return {
    call() {
      roll()
      calls++
    },
    take() {
      roll()
      if (taken >= Math.max(FREE_RETRIES, calls * share)) return false
      taken++
      return true
    },
  }
}

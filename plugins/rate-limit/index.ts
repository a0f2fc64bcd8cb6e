import { StoreAway, createSlots, definePlugin, logger, resolveAlias, z } from '../../src/index.ts'
import type { Context, Scope } from '../../src/index.ts'
import { CallLimits } from './call-limits.ts'
import type { Books } from './call-limits.ts'
import { createCompiler } from './compile.ts'
import type { Limit } from './compile.ts'
import { estimateCall } from './estimate.ts'

const NONE: readonly Scope[] = []

/** Keeps callers within their requests, tokens and parallel calls: key, user, team, member, end user, organization. */
export default definePlugin({
  name: 'rate-limit',
  description: 'Keeps callers within their requests, tokens and parallel calls',
  options: z.object({
    globalMaxParallel: z
      .int()
      .positive()
      .optional()
      .describe('Calls of all callers together at the same time, on all nodes. Default: unlimited.'),
    tokens: z.enum(['total', 'input', 'output']).default('total').describe('Which tokens count for limits per minute.'),
    defaultOutputTokens: z
      .int()
      .min(0)
      .default(256)
      .describe(
        'Tokens reserved for the answer of a call that does not say `max_tokens`, but never more than a tenth of a ' +
          'limit. What is really used replaces it.',
      ),
    whenAway: z
      .preprocess((value) => (value === true ? 'closed' : value === false ? 'open' : value), z.enum(['open', 'closed']))
      .default('open')
      .describe('What a store of counters that is away means: `open` (default) calls go on uncounted, `closed` 503.'),
  }),
  litellm: {
    'general_settings.global_max_parallel_requests': 'globalMaxParallel',
    'general_settings.token_rate_limit_type': 'tokens',
    'general_settings.fail_closed_rate_limit_enforcement': 'whenAway',
  },
  setup({ globalMaxParallel, tokens, defaultOutputTokens, whenAway }, { counters, models }) {
    const compile = createCompiler(models)
    const node = crypto.randomUUID()
    const onError = (error: unknown) => {
      // While the store is away nothing is counted; what was reserved leaves by itself.
      if (!(error instanceof StoreAway)) logger.error('rate-limit could not correct a limit:', error)
    }
    const slots = createSlots(counters, onError)
    let calls = 0
    const books: Books = { counters, slots, counted: tokens, whenAway, onError, leaseId: () => `${node}:${calls++}` }
    const everybody: readonly Scope[] =
      globalMaxParallel === undefined
        ? NONE
        : [{ kind: 'global', id: 'all', name: 'all callers', limits: { parallel: globalMaxParallel } }]

    /** The limits of a call, and what it says of them whatever happens. */
    const limitsOf = (ctx: Context, scopes: readonly Scope[], found: Limit[]): void => {
      for (const scope of scopes) {
        if (!scope.limits) continue
        const { limits, modelLimits, fixed } = compile(scope)
        if (fixed) Object.assign(ctx.headers, fixed)
        for (const limit of limits) found.push(limit)
        if (modelLimits) for (const limit of modelLimits(resolveAlias(ctx.principal, ctx.call.model))) found.push(limit)
      }
    }

    return {
      rateLimit(ctx) {
        const scopes = ctx.principal?.scopes
        if (!scopes && everybody === NONE) return
        const found: Limit[] = []
        if (scopes) limitsOf(ctx, scopes, found)
        limitsOf(ctx, everybody, found)
        if (found.length === 0) return
        const counts = found.some(({ type }) => type === 'tokens')
        const estimate = counts ? estimateCall(ctx.call, ctx.principal, defaultOutputTokens) : undefined
        ctx.reserve(new CallLimits(ctx, found, estimate, books))
      },
      close: () => slots.close(),
    }
  },
})

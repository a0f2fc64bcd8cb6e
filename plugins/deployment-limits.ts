import {
  GatewayError,
  SLOT_MS,
  addWhenAway,
  createSlots,
  definePlugin,
  estimateTokens,
  logger,
  z,
} from '../src/index.ts'
import type { Answer, Context, CounterOp, Counters, Deployment, LeaseOp, Slots, Target } from '../src/index.ts'

const MINUTE_MS = 60_000
/** Each attempt has a slot of its own. Not under the call's id: callers may choose that, and could share one slot. */
const NODE = crypto.randomUUID()
let attempts = 0

/** Keeps calls away from deployments that are at their `rpm`, `tpm` or `maxParallel`: the next one is tried instead. */
export default definePlugin({
  name: 'deployment-limits',
  description: 'Keeps each deployment within its rpm, tpm and maxParallel',
  order: 'post',
  options: z.object({
    whenAway: z
      .enum(['open', 'closed'])
      .default('open')
      .describe('What a store of counters that is away means: `open` calls go on uncounted, `closed` 503.'),
  }),
  setup({ whenAway }, { counters }) {
    const slots = createSlots(counters, logError)
    return {
      provider(ctx, target, next) {
        const { rpm, tpm, maxParallel } = target.deployment
        if (rpm === undefined && tpm === undefined && maxParallel === undefined) return next(target)
        return limited({ ctx, target, next, counters, slots, whenAway })
      },
      close: () => slots.close(),
    }
  },
})

interface Limited {
  readonly ctx: Context
  readonly target: Target
  readonly next: (target: Target) => Promise<Answer>
  readonly counters: Counters
  readonly slots: Slots
  readonly whenAway: 'open' | 'closed'
}

async function limited({ ctx, target, next, counters, slots, whenAway }: Limited): Promise<Answer> {
  const { deployment } = target
  const estimate = deployment.tpm === undefined ? 0 : worstCase(ctx)
  const leaseId = `${NODE}:${attempts++}`
  const ops = operations(deployment, { estimate, leaseId })
  const added = addWhenAway(
    counters,
    ops.map(({ op }) => op),
    whenAway,
  )
  const taken = added && 'then' in added ? await added : added
  if (!taken) return next(target)
  if (!taken.ok) throw atLimit(target, ops[taken.failed]!.kind, taken.resetMs[taken.failed]!)

  const lease = ops.find(({ kind }) => kind === 'parallel')?.op as LeaseOp | undefined
  if (lease) slots.hold(leaseId, [lease])
  const release = (tokens: number | undefined) => {
    if (lease) slots.release(leaseId, [lease])
    const by = tokens === undefined ? 0 : tokens - estimate
    if (deployment.tpm === undefined || by === 0) return
    // What was reserved too much leaves with its reservation; what came on top was spent now.
    const at = by < 0 ? taken.at : undefined
    report(addWhenAway(counters, [{ ...tokensOp(deployment), by, limit: Infinity, at }], 'open'))
  }
  try {
    const answer = await next(target)
    ctx.onSettle(({ usage }) => release(usage && Math.ceil(usage.input + usage.output)))
    return answer
  } catch (error) {
    release(0)
    throw error
  }
}

type Kind = 'requests' | 'tokens' | 'parallel'

function operations(
  deployment: Deployment,
  { estimate, leaseId }: { estimate: number; leaseId: string },
): { kind: Kind; op: CounterOp }[] {
  const { id, rpm, tpm, maxParallel } = deployment
  const ops: { kind: Kind; op: CounterOp }[] = []
  if (rpm !== undefined) {
    const key = `deployment:${id}:rpm`
    ops.push({ kind: 'requests', op: { kind: 'window', key, by: 1, limit: rpm, windowMs: MINUTE_MS } })
  }
  if (tpm !== undefined) ops.push({ kind: 'tokens', op: { ...tokensOp(deployment), by: estimate, limit: tpm } })
  if (maxParallel !== undefined) {
    const lease = { key: `deployment:${id}:parallel`, by: 1, limit: maxParallel, leaseId, ttlMs: SLOT_MS }
    ops.push({ kind: 'parallel', op: { kind: 'lease', ...lease } })
  }
  return ops
}

function tokensOp({ id }: Deployment) {
  return { kind: 'window', key: `deployment:${id}:tpm`, windowMs: MINUTE_MS } as const
}

/** The answer does not wait for the books of a limit. */
function report(work: unknown): void {
  Promise.resolve(work).catch(logError)
}

function logError(error: unknown): void {
  logger.error('deployment-limits could not correct a limit:', error)
}

/** Tokens a call may take: its text and the answer it allows. Corrected by the real usage afterwards. */
function worstCase({ call }: Context): number {
  const { max_completion_tokens, max_tokens } = call.body
  const answer = Number(max_completion_tokens ?? max_tokens ?? 0)
  const allowed = Number.isFinite(answer) ? Math.max(0, Math.ceil(answer)) : 0
  return estimateTokens(typeof call.raw === 'string' ? call.raw : '') + allowed
}

function atLimit(target: Target, kind: Kind, resetMs: number): GatewayError {
  const what = { requests: 'requests per minute', tokens: 'tokens per minute', parallel: 'parallel calls' }[kind]
  return new GatewayError(429, `The deployment of \`${target.group}\` is at its limit of ${what}.`, {
    code: 'deployment_limit_reached',
    provider: target.provider.name,
    model: target.group,
    retryAfter: kind === 'parallel' ? 1 : Math.max(1, resetMs / 1000),
  })
}

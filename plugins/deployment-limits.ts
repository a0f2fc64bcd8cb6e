import { GatewayError, definePlugin, estimateTokens, z } from '../src/index.ts'
import type { Answer, Context, CounterOp, Counters, Deployment, Target } from '../src/index.ts'

const MINUTE_MS = 60_000
/** A slot whose call never reported back is free again after this long. */
const SLOT_LEASE_MS = 15 * MINUTE_MS

/** Keeps calls away from deployments that are at their `rpm`, `tpm` or `maxParallel`: the next one is tried instead. */
export default definePlugin({
  name: 'deployment-limits',
  description: 'Keeps each deployment within its rpm, tpm and maxParallel',
  order: 'post',
  options: z.object({}),
  setup: (_options, { counters }) => ({
    provider(ctx, target, next) {
      const { rpm, tpm, maxParallel } = target.deployment
      if (rpm === undefined && tpm === undefined && maxParallel === undefined) return next(target)
      return limited(ctx, target, next, counters)
    },
  }),
})

async function limited(
  ctx: Context,
  target: Target,
  next: (target: Target) => Promise<Answer>,
  counters: Counters,
): Promise<Answer> {
  const estimate = target.deployment.tpm === undefined ? 0 : worstCase(ctx)
  const ops = operations(target.deployment, estimate)
  const taken = await counters.add(ops.map(({ op }) => op))
  if (!taken.ok) throw atLimit(target, ops[taken.failed]!.kind, taken.resetMs[taken.failed]!)

  const correct = (kind: Kind, by: number) => {
    const entry = ops.find((candidate) => candidate.kind === kind)
    if (entry && by !== 0) void counters.add([{ ...entry.op, by, limit: Infinity }])
  }
  try {
    const answer = await next(target)
    ctx.onSettle(({ usage }) => {
      correct('parallel', -1)
      if (usage) correct('tokens', usage.input + usage.output - estimate)
    })
    return answer
  } catch (error) {
    correct('parallel', -1)
    correct('tokens', -estimate)
    throw error
  }
}

type Kind = 'requests' | 'tokens' | 'parallel'

function operations(deployment: Deployment, estimate: number): { kind: Kind; op: CounterOp }[] {
  const { id, rpm, tpm, maxParallel } = deployment
  const minute = Math.floor(Date.now() / MINUTE_MS)
  const ops: { kind: Kind; op: CounterOp }[] = []
  const add = (kind: Kind, key: string, by: number, limit: number, ttlMs: number) =>
    ops.push({ kind, op: { key: `deployment:${id}:${key}`, by, limit, ttlMs } })
  if (rpm !== undefined) add('requests', `rpm:${minute}`, 1, rpm, MINUTE_MS)
  if (tpm !== undefined) add('tokens', `tpm:${minute}`, estimate, tpm, MINUTE_MS)
  if (maxParallel !== undefined) add('parallel', 'parallel', 1, maxParallel, SLOT_LEASE_MS)
  return ops
}

/** Tokens a call may take: its text and the answer it allows. Corrected by the real usage afterwards. */
function worstCase({ call }: Context): number {
  const { max_completion_tokens, max_tokens } = call.body
  const answer = Number(max_completion_tokens ?? max_tokens ?? 0)
  return estimateTokens(typeof call.raw === 'string' ? call.raw : '') + (Number.isFinite(answer) ? answer : 0)
}

function atLimit(target: Target, kind: Kind, resetMs: number): GatewayError {
  const what = { requests: 'requests per minute', tokens: 'tokens per minute', parallel: 'parallel calls' }[kind]
  return new GatewayError(429, `The deployment of \`${target.group}\` is at its limit of ${what}.`, {
    code: 'deployment_limit_reached',
    provider: target.provider.name,
    model: target.group,
    retryAfter: kind === 'parallel' ? 1 : resetMs / 1000,
  })
}

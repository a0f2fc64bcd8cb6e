import type { Cost } from './types/call.ts'
import type { Answer, LogRecord, Outcome } from './types/lifecycle.ts'
import type { ErrorShape } from './types/chat.ts'
import type { CallContext } from './context.ts'
import type { LogQueue } from './log-queue.ts'
import type { PriceTable } from './types/prices.ts'
import type { Target } from './types/provider.ts'
import { ByteStream } from './byte-stream.ts'
import { endUserOf } from './end-user.ts'
import type { Recorder } from './types/plugin.ts'
import { cachedTarget, callCost } from './prices/call-cost.ts'
import { addCostHeaders } from './prices/cost-headers.ts'

export interface FinishInput {
  readonly answer?: Answer | undefined
  readonly error?: ErrorShape | undefined
  readonly aborted: boolean
}

/** Where the books of calls go. */
export interface Books {
  readonly record: readonly Recorder[]
  readonly log: LogQueue
  readonly prices: PriceTable
  readonly onError: (where: string, error: unknown) => void
}

/** HTTP status of a call whose client left before it was answered (nginx's name for it). */
const CLIENT_CLOSED_REQUEST = 499

/**
 * Ends a call's books, once: settle closures last in first out, then the recorders, then the log queue. Never throws;
 * what fails here is reported and does not touch the answer.
 * @returns what the answer must wait for before it leaves, where a recorder says so
 */
export function finishCall(
  ctx: CallContext,
  input: FinishInput,
  { record, log, prices, onError }: Books,
): Promise<void> | undefined {
  if (ctx.settled) return undefined
  ctx.settled = true
  const ms = performance.now() - ctx.startedMs
  const cost = priceAnswer(ctx, input.answer, { prices, ms, onError })
  const outcome = toOutcome(ctx, input, { ms, cost })
  for (const settle of ctx.takeSettle()) {
    try {
      const result = settle(outcome)
      if (result !== undefined) Promise.resolve(result).catch((error: unknown) => onError('settle', error))
    } catch (error) {
      onError('settle', error)
    }
  }
  if (record.length === 0 && log.idle) return undefined
  const entry = toLogRecord(ctx, outcome, input.answer)
  let kept: Promise<void> | undefined
  for (const take of record) {
    try {
      const taken = take(entry, ctx, input.answer)?.catch((error: unknown) => onError('record', error))
      kept = kept && taken ? kept.then(() => taken) : (taken ?? kept)
    } catch (error) {
      onError('record', error)
    }
  }
  log.push(entry)
  return kept
}

/** The cost, on the answer and, where its head has not been sent, in its headers. */
function priceAnswer(
  ctx: CallContext,
  answer: Answer | undefined,
  { prices, ms, onError }: { prices: PriceTable; ms: number; onError: Books['onError'] },
): Cost | undefined {
  if (!answer) return undefined
  try {
    const cost = callCost(ctx, answer, prices, ms)
    if (cost) {
      answer.cost = cost
      if (!(answer.body instanceof ByteStream)) addCostHeaders(ctx.headers, cost)
    }
    return cost
  } catch (error) {
    onError('cost', error)
    return undefined
  }
}

function toOutcome(
  ctx: CallContext,
  { answer, error, aborted }: FinishInput,
  { ms, cost }: { ms: number; cost: Cost | undefined },
): Outcome {
  return {
    status: aborted && !answer ? CLIENT_CLOSED_REQUEST : error && !answer ? error.status : (answer?.status ?? 500),
    usage: answer?.usage,
    cost,
    error: error ?? answer?.error,
    aborted,
    ms,
    ttftMs: answer?.ttftMs,
    overheadMs: Math.max(0, (answer?.ttftMs ?? ms) - ctx.upstreamMs),
    target: answer?.target,
    attempts: ctx.attempts,
  }
}

function toLogRecord(ctx: CallContext, outcome: Outcome, answer: Answer | undefined): LogRecord {
  const { call, principal } = ctx
  const target = outcome.target ?? targetOf(ctx, answer)
  return {
    id: ctx.id,
    at: ctx.startedAt,
    wire: call.wire,
    path: call.path,
    model: call.model,
    stream: call.stream,
    status: outcome.status,
    aborted: outcome.aborted,
    cacheHit: ctx.cacheHit === true,
    principal,
    identified: principal ? undefined : ctx.identified,
    deployment: target?.id,
    group: target?.group,
    provider: target?.provider.name,
    upstreamModel: target?.model,
    usage: outcome.usage,
    cost: outcome.cost,
    error: outcome.error && toShape(outcome.error),
    ms: outcome.ms,
    queueMs: ctx.queueMs,
    ttftMs: outcome.ttftMs,
    overheadMs: outcome.overheadMs,
    attempts: outcome.attempts,
    ip: ctx.ip,
    endUser: principal?.endUser ?? endUserOf(call),
    tags: tagsOf(ctx),
  }
}

/** Whose call it was where nobody answered: of what was kept, who answered then, or reports had calls of no model. */
function targetOf(ctx: CallContext, answer: Answer | undefined): Target | undefined {
  if (ctx.cacheHit && answer) return cachedTarget(ctx, answer)
  return ctx.attempts.length > 0 ? ctx.targets[0] : undefined
}

/** A plain copy: a thrown error would carry its stack and cause into every sink. */
function toShape(error: ErrorShape): ErrorShape {
  return { status: error.status, message: error.message, type: error.type, code: error.code, param: error.param }
}

function tagsOf({ call, principal }: CallContext): string[] | undefined {
  const header = call.headers.get('x-litellm-tags')
  const metadata = call.body['metadata'] as { tags?: unknown } | null | undefined
  const ours = call.body['litellm_metadata'] as { tags?: unknown } | null | undefined
  // Most calls have none.
  if (!header && !principal?.tags && !metadata && !ours && call.body['tags'] === undefined) return undefined
  const listed = [call.body['tags'], metadata?.tags, ours?.tags].flatMap((tags) => (Array.isArray(tags) ? tags : []))
  const tags = [...(principal?.tags ?? []), ...(header?.split(',') ?? []), ...listed].filter(
    (tag): tag is string => typeof tag === 'string',
  )
  return tags.length > 0 ? [...new Set(tags.map((tag) => tag.trim()))].slice(0, 50) : undefined
}

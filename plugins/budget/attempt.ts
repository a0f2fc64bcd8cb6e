import { ByteStream, addWhenAway } from '../../src/index.ts'
import type { Answer, Target } from '../../src/index.ts'
import { accountsFor, toHolds, toLeases } from './call-state.ts'
import type { CallState, Hold } from './call-state.ts'
import { holdsNow } from './limits-now.ts'
import { dearest, priceUnknown, refuse } from './reserve.ts'
import type { Desk } from './reserve.ts'
import { watchStream } from './watch-stream.ts'

type Next = (target: Target) => Promise<Answer>

/** Sees to it that a target's worst case is reserved before it is called, and watches its stream. */
export function attempt(desk: Desk, state: CallState, target: Target, next: Next): Promise<Answer> {
  const covered = state.covered.includes(target)
  const mayStream = state.ctx.call.stream || state.ctx.call.wire === 'openai.*'
  if (covered && !mayStream) return next(target)
  return careful(desk, state, { target, next, covered })
}

async function careful(
  desk: Desk,
  state: CallState,
  { target, next, covered }: { target: Target; next: Next; covered: boolean },
): Promise<Answer> {
  const worst = dearest(desk, state.ctx, [target], state.size)
  if (!covered && !worst.free) {
    if (worst.unknown && desk.options.unknownPrice === 'refuse' && isLimited(state)) throw priceUnknown(state.ctx)
    await cover(desk, state, target, worst.cost)
  }
  const answer = await next(target)
  if (answer.body instanceof ByteStream && worst.open && worst.outputRate > 0 && isHolding(state)) {
    watchStream(desk, state, { answer, body: answer.body, worst })
  }
  return answer
}

/** A fallback, or a model that only the route knew: more may be needed, and from other budgets. */
async function cover(desk: Desk, state: CallState, target: Target, cost: number): Promise<void> {
  if (state.taken === 'away' || cost === 0) return
  const held = new Set(state.holds.map(({ key }) => key))
  const all = toHolds(accountsFor(state.scopes, state.ctx, [target]), desk.accounts.keyAt)
  const known = new Set(state.holds.map(({ account }) => account))
  const more = all.filter(({ account, key }) => !known.has(account) && !held.has(key))
  if (more.length > 0 || cost > state.reserved) {
    await hold(desk, state, [...(await holdsNow(desk, state)), ...more], cost)
  }
  state.covered = [...state.covered, target]
}

/** Raises what is held, or throws a 429. Nothing changes where it is refused. */
async function hold(desk: Desk, state: CallState, holds: readonly Hold[], cost: number): Promise<void> {
  if (!holds.some(({ limit }) => limit !== Infinity)) return
  const amount = Math.max(cost, state.reserved)
  const step = await addWhenAway(desk.gateway.counters, toLeases(holds, state.leaseId, amount), desk.options.whenAway)
  if (step?.ok === false) {
    throw await refuse(desk, state, { hold: holds[step.failed]!, wanted: cost, value: step.values[step.failed]! })
  }
  state.taken = step ? 'yes' : 'away'
  state.holds = holds
  state.reserved = amount
  desk.running.add(state)
}

function isLimited({ scopes }: CallState): boolean {
  return scopes.some(({ hard }) => hard)
}

function isHolding({ taken, holds }: CallState): boolean {
  return taken === 'yes' && holds.some(({ limit }) => limit !== Infinity)
}

import { GatewayError, logger } from '../../src/index.ts'
import type { Context, Outcome, SettleResult } from '../../src/index.ts'
import type { ScopeAccounts } from './accounts.ts'
import { accountsFor, namesOf, some, toHolds, toSettlements } from './call-state.ts'
import type { CallState, Hold } from './call-state.ts'
import { keyTotal, tellSpend } from './reserve.ts'
import type { Desk } from './reserve.ts'

/** Replaces what a call reserved by what it cost. */
export function settleCall(desk: Desk, state: CallState, outcome: Outcome): void {
  desk.running.delete(state)
  const cost = costOfCall(outcome)
  if (state.taken === 'no' && state.holds.length > 0) {
    // The step may have been done, and only its answer was lost.
    if (outcome.error?.code === 'store_away') desk.track(giveBack(desk, state))
    return
  }
  if (state.holds.length === 0) return countCall(desk, state.ctx, { scopes: state.scopes, cost, outcome })
  let names: ReadonlySet<string> | undefined
  const amount = ({ account: { matches } }: Hold) =>
    matches === undefined || some((names ??= namesOf(state.ctx, [outcome.target])), matches) ? cost : 0
  const away = state.taken === 'away'
  if (away) desk.track(giveBack(desk, state))
  const settlements = toSettlements(state.holds, away ? undefined : state.leaseId, amount)
  settle(desk, state.ctx, { holds: state.holds, settlements, cost, scopes: state.scopes, before: state.keySpend })
}

/** Counts a call that nothing was reserved for: no scope of it has a budget that refuses. */
export function countCall(
  desk: Desk,
  ctx: Context,
  { scopes, cost, outcome }: { scopes: readonly ScopeAccounts[]; cost?: number; outcome: Outcome },
): void {
  const amount = cost ?? costOfCall(outcome)
  if (amount === 0) return tellSpend(ctx, keyTotal(scopes)?.heard)
  const holds = toHolds(accountsFor(scopes, ctx, [outcome.target]), desk.accounts.keyAt)
  const settlements = toSettlements(holds, undefined, () => amount)
  settle(desk, ctx, { holds, settlements, cost: amount, scopes, before: undefined })
}

interface Settling {
  readonly holds: readonly Hold[]
  readonly settlements: ReturnType<typeof toSettlements>
  readonly cost: number
  readonly scopes: readonly ScopeAccounts[]
  /** The key's total before this call, where known. */
  readonly before: number | undefined
}

function settle(desk: Desk, ctx: Context, settling: Settling): void {
  const { holds, settlements, cost, scopes } = settling
  const { counters } = desk.gateway
  const total = keyTotal(scopes)
  const result = counters.settle(settlements)
  if (!('then' in result)) {
    if (total) total.heard = (counters.get([total.key], 'settled') as readonly number[])[0]
    tellSpend(ctx, total?.heard)
    conclude(desk, ctx, settling, result)
    return
  }
  // The answer does not wait for the store: what is known of it, and this call.
  const known = settling.before ?? total?.heard
  tellSpend(ctx, known === undefined ? undefined : known + cost)
  desk.track(
    result.then((done) => {
      const at = holds.findIndex(({ account }) => account === total)
      if (total && at >= 0 && !done.pending) total.heard = done.values[at]
      conclude(desk, ctx, settling, done)
    }),
  )
}

function conclude(desk: Desk, ctx: Context, { holds, settlements }: Settling, result: SettleResult): void {
  if (result.pending) return
  // A lease that nobody knows any more (a store that lost its data): what it came to still counts.
  const lost = settlements.filter(({ by }, i) => by !== 0 && result.applied[i] === false)
  if (lost.length > 0) {
    desk.track(Promise.resolve(desk.gateway.counters.settle(lost.map(({ key, by, ttlMs }) => ({ key, by, ttlMs })))))
  }
  for (const [i, hold] of holds.entries()) {
    const value = result.values[i]!
    if (value >= hold.account.alertAt) desk.track(desk.crossings.check(ctx, hold, value))
  }
}

async function giveBack(desk: Desk, state: CallState): Promise<void> {
  await desk.gateway.counters.settle(toSettlements(state.holds, state.leaseId, () => 0))
}

function costOfCall({ cost }: Outcome): number {
  return cost === undefined ? 0 : Math.round(cost.total)
}

/** For work beside the answer that failed. */
export function report(error: unknown): void {
  if (!(error instanceof GatewayError)) logger.error('budget could not keep its books:', error)
}

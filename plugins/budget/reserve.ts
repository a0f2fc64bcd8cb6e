import { GatewayError, formatUSD, resolveAlias } from '../../src/index.ts'
import type { Context, CounterResult, GatewayContext, Target } from '../../src/index.ts'
import { maxOf } from './accounts.ts'
import type { Accounts, ScopeAccounts } from './accounts.ts'
import { measureCall } from './call-size.ts'
import type { CallSize } from './call-size.ts'
import { accountsFor, toHolds, toLeases } from './call-state.ts'
import type { CallState, Hold } from './call-state.ts'
import type { Crossings } from './crossings.ts'
import type { BudgetOptions } from './options.ts'
import { budgetExceeded } from './refusal.ts'
import type { Running } from './running.ts'
import { worstCase } from './worst-case.ts'
import type { WorstCase } from './worst-case.ts'

/** What all parts of the plugin work with. */
export interface Desk {
  readonly gateway: GatewayContext
  readonly options: BudgetOptions
  readonly accounts: Accounts
  readonly crossings: Crossings
  /** Calls that hold reservations. */
  readonly running: Running<CallState>
  /** Seconds of a call at most, where it says nothing. */
  readonly timeout: number
  /** Work beside the answers, waited for at the close. */
  track(work: PromiseLike<unknown>): void
}

const leases = { prefix: crypto.randomUUID(), count: 0 }

/** Reserves what a call can cost at its dearest candidate, on every budget that it counts in. */
export function reserveCall(desk: Desk, ctx: Context, scopes: readonly ScopeAccounts[]): CallState {
  const state: CallState = {
    ctx,
    scopes,
    leaseId: `${leases.prefix}:${(leases.count++).toString(36)}`,
    size: measureCall(ctx.call),
    covered: [],
    holds: [],
    reserved: 0,
    taken: 'no',
    renewedAt: Date.now(),
    keySpend: undefined,
    listed: false,
    earlier: undefined,
    later: undefined,
  }
  const candidates = candidatesOf(desk, ctx)
  const most = dearest(desk, ctx, candidates, state.size)
  if (candidates.length === 0 || most.free) return state
  const holds = toHolds(accountsFor(scopes, ctx, candidates), desk.accounts.keyAt)
  if (!holds.some(({ limit }) => limit !== Infinity)) return state
  if (most.unknown && desk.options.unknownPrice === 'refuse') throw priceUnknown(ctx)
  state.covered = candidates
  if (most.cost === 0) return state
  state.holds = holds
  state.reserved = most.cost
  ctx.reserve({
    ops: toLeases(holds, state.leaseId, most.cost),
    whenAway: desk.options.whenAway,
    taken(result) {
      state.taken = result ? 'yes' : 'away'
      desk.running.add(state)
      if (result) state.keySpend = keySpend(state, result.values)
      if (ctx.call.stream) tellSpend(ctx, state.keySpend)
    },
    refused: (failed, result) =>
      refuse(desk, state, { hold: holds[failed]!, wanted: most.cost, value: result.values[failed]! }),
  })
  return state
}

/** The error for a hold whose limit would be crossed; what is spent and what only reserved is asked for. */
export function refuse(
  desk: Desk,
  state: CallState,
  { hold, wanted, value }: { hold: Hold; wanted: number; value: number },
): GatewayError | Promise<GatewayError> {
  const conclude = (spent: number): GatewayError => {
    const facts = { wanted, spent, reserved: Math.max(0, value - spent), now: Date.now() }
    desk.track(desk.crossings.refused(state.ctx, hold, spent))
    return budgetExceeded(hold, facts)
  }
  try {
    const settled = desk.gateway.counters.get([hold.key], 'settled')
    if (!('then' in settled)) return conclude(settled[0] ?? value)
    return Promise.resolve(settled).then(
      ([spent]) => conclude(spent ?? value),
      () => conclude(value),
    )
  } catch {
    return conclude(value)
  }
}

/** The worst case over several candidates. */
export function dearest(desk: Desk, ctx: Context, candidates: readonly Target[], size: CallSize): WorstCase {
  const { options, timeout, gateway } = desk
  let most: WorstCase = { cost: 0, outputTokens: 0, outputRate: 0, open: false, unknown: false, free: true }
  for (const target of candidates) {
    const worst = worstCase(ctx, target, { size, prices: gateway.prices, options: { ...options, timeout } })
    const free = most.free && worst.free
    const unknown = most.unknown || worst.unknown
    most = { ...(worst.cost > most.cost ? worst : most), free, unknown, open: most.open || worst.open }
  }
  return most
}

export function priceUnknown({ call }: Context): GatewayError {
  return new GatewayError(
    400,
    `Nobody knows what the model \`${call.model.slice(0, 200)}\` costs, and calls under a budget need a price.`,
    { code: 'price_unknown', param: 'model' },
  )
}

/** The `x-litellm-key-max-budget` of a call's key. */
export function keyMaximum(scopes: readonly ScopeAccounts[]): string | undefined {
  for (const { scope } of scopes) {
    if (scope.kind !== 'key') continue
    const budget = scope.budgets?.find(({ max, models }) => max !== undefined && models === undefined)
    return budget && inUSD(maxOf(budget, Date.now())!)
  }
  return undefined
}

let lastMaximum = { nano: 0, text: '0' }
/** Calls of one key come together: most need no new text. */
function inUSD(nano: number): string {
  if (lastMaximum.nano !== nano) lastMaximum = { nano, text: formatUSD(nano) }
  return lastMaximum.text
}

/** Of what was taken, what the key's total was without this call. */
function keySpend(state: CallState, values: CounterResult['values']): number | undefined {
  const total = keyTotal(state.scopes)
  const at = state.holds.findIndex(({ account }) => account === total)
  if (at < 0) return undefined
  return values[at]! - (state.holds[at]!.limit === Infinity ? 0 : state.reserved)
}

/** LiteLLM's header of a key's total, in USD. */
export function tellSpend(ctx: Context, spend: number | undefined): void {
  if (spend !== undefined) ctx.headers['x-litellm-key-spend'] = formatUSD(spend)
}

/** The account of all that a call's key has spent. */
export function keyTotal(scopes: readonly ScopeAccounts[]) {
  return scopes.find(({ scope }) => scope.kind === 'key')?.total
}

/** Where the model is not named there are none yet: the provider stage knows. */
function candidatesOf({ gateway }: Desk, ctx: Context): readonly Target[] {
  if (ctx.targets.length > 0) return ctx.targets
  return ctx.call.model === '' ? [] : gateway.models.resolve(resolveAlias(ctx.principal, ctx.call.model))
}

import { StoreAway, formatUSD, logger } from '../../src/index.ts'
import type { Context, GatewayContext, GatewayEvent, Scope, ScopeBudget } from '../../src/index.ts'
import { lifeOf, maxOf } from './accounts.ts'
import type { Hold } from './call-state.ts'
import { ownerOf } from './refusal.ts'

/** Shares of a budget that are told, and LiteLLM's names for it. */
const THRESHOLDS = [
  { share: 0.85, type: 'threshold_crossed' },
  { share: 0.95, type: 'threshold_crossed' },
  { share: 1, type: 'budget_crossed' },
] as const

interface Crossing {
  readonly type: GatewayEvent['type']
  readonly budget: ScopeBudget
  readonly max: number | undefined
  readonly threshold?: number | undefined
  /** The figure that was reached. */
  readonly at: number
}

/** Tells of budgets that are nearly or wholly spent: each once per window, whichever node sees it first. */
export function createCrossings(gateway: Pick<GatewayContext, 'counters' | 'emit'>) {
  const { counters } = gateway

  const tellOnce = async (ctx: Context, hold: Hold, crossing: Crossing, spend: number): Promise<void> => {
    const { account } = hold
    const mark = markOf(hold, crossing)
    if (account.told.has(mark)) return
    account.told.add(mark)
    try {
      const step = await counters.add([{ key: mark, by: 1, limit: 1, ttlMs: lifeOf(account, Date.now()) }])
      if (step.ok) gateway.emit(toEvent(ctx, hold, crossing, spend))
    } catch (error) {
      account.told.delete(mark)
      if (!(error instanceof StoreAway)) throw error
    }
  }

  return {
    /**
     * Looks at an account after something was counted in it.
     * @param value what it holds, reservations included
     */
    async check(ctx: Context, hold: Hold, value: number): Promise<void> {
      const { account } = hold
      if (value < account.alertAt) return
      const now = Date.now()
      const reached = (level: number) =>
        account.budgets
          .flatMap((budget) => crossingsOf(budget, now))
          .filter((crossing) => crossing.at <= level && !account.told.has(markOf(hold, crossing)))
      // Reservations are given back: only what is settled counts. It is asked for where it can matter.
      if (reached(value).length === 0) return
      try {
        const [spend = 0] = await counters.get([hold.key], 'settled')
        for (const crossing of reached(spend)) await tellOnce(ctx, hold, crossing, spend)
      } catch (error) {
        if (!(error instanceof StoreAway)) logger.error('budget could not tell of a crossing:', error)
      }
    },
    /** A budget that is nearly spent has refused a call: for whoever pays, it is spent. */
    async refused(ctx: Context, hold: Hold, spend: number): Promise<void> {
      if (spend < hold.account.alertAt) return
      const now = Date.now()
      const nearly = hold.account.budgets
        .flatMap((budget) => crossingsOf(budget, now))
        .filter(({ threshold, max }) => threshold === 1 && max !== undefined && spend >= max * 0.95)
      for (const crossing of nearly) await tellOnce(ctx, hold, crossing, spend)
    },
  }
}

export type Crossings = ReturnType<typeof createCrossings>

/** What is counted to tell it once. A budget that was changed since is another one to be told of. */
function markOf({ key }: Hold, { budget, type, at }: Crossing): string {
  return `spend:told:${key.slice('spend:'.length)}:${budget.id}:${type}:${at}`
}

function crossingsOf(budget: ScopeBudget, now: number): Crossing[] {
  const max = maxOf(budget, now)
  const crossings: Crossing[] = []
  if (budget.soft !== undefined) crossings.push({ type: 'soft_budget_crossed', budget, max, at: budget.soft })
  if (max !== undefined && max > 0) {
    for (const { share, type } of THRESHOLDS)
      crossings.push({ type, budget, max, threshold: share, at: Math.ceil(max * share) })
  }
  return crossings
}

function toEvent(ctx: Context, { account }: Hold, crossing: Crossing, spend: number): GatewayEvent {
  const { budget, max, threshold, type } = crossing
  const { scope, window } = account
  return {
    type,
    at: Date.now(),
    message: messageOf(scope, crossing, spend),
    scope: { kind: scope.kind, id: scope.id, name: scope.name, ...ownersOf(ctx, scope) },
    budget: {
      id: budget.id,
      spend,
      max,
      soft: budget.soft,
      threshold,
      window: window === undefined ? undefined : { duration: window, start: account.start, end: account.end },
      models: budget.models,
    },
  }
}

function messageOf(scope: Scope, { type, threshold, budget, max }: Crossing, spend: number): string {
  const spent = `${ownerOf(scope)} has spent $${formatUSD(spend)}`
  const per = budget.window === undefined ? '' : ` per ${budget.window}`
  if (type === 'soft_budget_crossed')
    return `Soft Budget Crossed: ${spent}; its soft budget is $${formatUSD(budget.soft!)}${per}.`
  const of = `of its budget of $${formatUSD(max!)}${per}`
  return type === 'budget_crossed'
    ? `Budget Crossed: ${spent} ${of}; what this does not cover is refused.`
    : `Threshold Crossed: ${spent}, ${Math.round(threshold! * 100)}% or more ${of}.`
}

/** A key belongs to a user and a team; of a team's event no single key is told. */
function ownersOf({ principal }: Context, { kind }: Scope) {
  const own = kind === 'key' || kind === 'team_member'
  return {
    user: own || kind === 'user' ? principal?.user : undefined,
    team: own || kind === 'team' ? principal?.team : undefined,
    organization: kind === 'organization' || own || kind === 'team' ? principal?.organization : undefined,
  }
}

import { budgetWindow, budgetFieldsToScope, spendKey, toNano } from '../../../src/index.ts'
import type { BudgetFields, ScopeKind } from '../../../src/index.ts'
import type { Management } from './route.ts'

/** A counter outlives its window by this, milliseconds: calls that end after it, and clocks that differ. */
const AFTER_MS = 3_600_000
const NANO = 1_000_000_000

/** What is needed to set spend. */
export type SpendManagement = Pick<Management, 'gateway' | 'timezone'>

/** Whose spend is set, with the budgets that it is counted for. */
export interface Spender {
  readonly kind: ScopeKind
  readonly id: string
  /** The holder's own fields, then those of the budget that it refers to. */
  readonly fields: readonly (BudgetFields | undefined)[]
}

/** One counter of what a holder spent: since ever, or of a budget in its window of now. */
export interface SpendCounter {
  readonly key: string
  /** The budget that it is counted for; absent: since ever. */
  readonly budgetId?: string
  readonly ofModels: boolean
  readonly ttlMs?: number
}

/**
 * What a new holder spent before (USD): 0 where nothing is said, also where another one had the same id once. It counts for
 * budgets of all models; those of some begin at 0.
 */
export async function startSpend(management: SpendManagement, spender: Spender, usd: number): Promise<void> {
  await set(management, countersOf(spender, management.timezone), ({ ofModels }) => (ofModels ? 0 : toNano(usd)))
}

/** Sets what a holder spent, since ever and in the windows of now; budgets of some models stay as they are. */
export async function overwriteSpend(management: SpendManagement, spender: Spender, usd: number): Promise<void> {
  const counters = countersOf(spender, management.timezone).filter(({ ofModels }) => !ofModels)
  await set(management, counters, () => toNano(usd))
}

/**
 * Sets back what a holder spent, since ever and in the windows of now. Windows that spent less stay as they are.
 * @returns USD that had been spent since ever
 */
export async function resetSpend(management: SpendManagement, spender: Spender, usd: number): Promise<number> {
  const counters = countersOf(spender, management.timezone).filter(({ ofModels }) => !ofModels)
  const [total] = await set(management, counters, (_counter, value) => Math.min(toNano(usd), value))
  return total! / NANO
}

/** Adds what is missing: what is spent meanwhile stays counted. */
async function set(
  { gateway }: SpendManagement,
  counters: readonly SpendCounter[],
  wanted: (counter: SpendCounter, value: number) => number,
): Promise<readonly number[]> {
  const values = await gateway.counters.get(
    counters.map(({ key }) => key),
    'settled',
  )
  const settlements = counters.flatMap((counter, index) => {
    const value = values[index] ?? 0
    const by = wanted(counter, value) - value
    const { key, ttlMs } = counter
    return by === 0 ? [] : [{ key, by, ...(ttlMs === undefined ? {} : { ttlMs }) }]
  })
  if (settlements.length > 0) await gateway.counters.settle(settlements)
  return values
}

/** All counters of a holder, the one since ever first. */
export function countersOf({ kind, id, fields }: Spender, timezone: string): SpendCounter[] {
  const now = Date.now()
  const total = spendKey(kind, id)
  const { budgets = [] } = budgetFieldsToScope({ kind, id, fields })
  return [
    { key: total, ofModels: false },
    ...budgets.flatMap(({ id: name, window, models }): SpendCounter[] => {
      const ofModels = models !== undefined
      if (window === undefined) return ofModels ? [{ key: `${total}:${name}`, budgetId: name, ofModels }] : []
      const { start, end } = budgetWindow(window, now, timezone)
      return [{ key: `${total}:${name}:${start}`, budgetId: name, ofModels, ttlMs: end - now + AFTER_MS }]
    }),
  ]
}

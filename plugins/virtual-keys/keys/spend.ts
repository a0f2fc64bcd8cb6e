import { budgetWindow, budgetFieldsToScope, modelBudgetId, readModelBudget, toNano } from '../../../src/index.ts'
import type { BudgetDocument, GatewayContext, KeyDocument, ScopeBudget } from '../../../src/index.ts'
import type { KeyManagement } from './owners.ts'

const NANO = 1_000_000_000
/** A counter outlives its window by this, milliseconds: clocks of nodes differ. */
const AFTER_MS = 3_600_000

interface SpendCounter {
  readonly key: string
  readonly budget: ScopeBudget | undefined
  readonly ttlMs: number | undefined
}

/** The counters of what a key spent: since ever, and of each budget in its window of now. */
function countersOf(key: KeyDocument, budget: BudgetDocument | undefined, timezone: string): SpendCounter[] {
  const now = Date.now()
  const { budgets = [] } = budgetFieldsToScope({ kind: 'key', id: key.token, fields: [key, budget] })
  return [
    { key: `spend:key:${key.token}`, budget: undefined, ttlMs: undefined },
    ...budgets
      .filter(({ id }) => id !== 'total')
      .map((one) => {
        const name = `spend:key:${key.token}:${one.id}`
        if (!one.window) return { key: name, budget: one, ttlMs: undefined }
        const { start, end } = budgetWindow(one.window, now, timezone)
        return { key: `${name}:${start}`, budget: one, ttlMs: end - now + AFTER_MS }
      }),
  ]
}

/** USD that a key spent since ever. */
export async function spendOf({ counters }: Pick<GatewayContext, 'counters'>, token: string): Promise<number> {
  const [nano] = await counters.get([`spend:key:${token}`], 'settled')
  return nano! / NANO
}

/**
 * Sets what a key spent, since ever and in the windows of now, to an amount.
 * @param atMost true: windows that spent less stay as they are
 * @returns what it was before, USD
 */
export async function setSpend(
  { gateway, timezone }: KeyManagement,
  key: KeyDocument,
  { to, atMost = false }: { to: number; atMost?: boolean },
): Promise<number> {
  const counters = countersOf(key, await budgetOf(gateway, key), timezone).filter(({ budget }) => !budget?.models)
  const values = await gateway.counters.get(
    counters.map((counter) => counter.key),
    'settled',
  )
  const wanted = toNano(to)
  await gateway.counters.settle(
    counters.flatMap((counter, i) => {
      const by = (atMost ? Math.min(wanted, values[i]!) : wanted) - values[i]!
      return by === 0 ? [] : [settlement(counter, by)]
    }),
  )
  return values[0]! / NANO
}

/**
 * Takes what a key spent along to the key that replaces it, reservations of calls under way included: what they come to is
 * counted under the old one, and a rotation must not be a way to spend more.
 */
export async function carrySpend(
  { gateway, timezone }: KeyManagement,
  { from, to }: { from: KeyDocument; to: string },
): Promise<void> {
  const counters = countersOf(from, await budgetOf(gateway, from), timezone)
  const values = await gateway.counters.get(counters.map((counter) => counter.key))
  await gateway.counters.settle(
    counters.flatMap((counter, i) => {
      if (values[i] === 0) return []
      return [settlement({ ...counter, key: counter.key.replace(from.token, to) }, values[i]!)]
    }),
  )
}

/** LiteLLM's `model_max_budget_usage`: what was spent of each model's budget in its window. */
export async function modelUsage(
  { gateway, timezone }: KeyManagement,
  key: KeyDocument,
): Promise<Record<string, unknown> | undefined> {
  const entries = Object.entries(key.model_max_budget ?? {}).filter(([, one]) => readModelBudget(one).max !== undefined)
  if (entries.length === 0) return undefined
  const counters = new Map(countersOf(key, undefined, timezone).map((counter) => [counter.budget?.id, counter.key]))
  const ids = entries.map(([name, entry]) => modelBudgetId(name, readModelBudget(entry).window))
  const values = await gateway.counters.get(
    ids.map((id) => counters.get(id)!),
    'settled',
  )
  return Object.fromEntries(
    entries.map(([name, entry], i) => {
      const { max, window } = readModelBudget(entry)
      return [name, { current_spend: values[i]! / NANO, budget_limit: max, time_period: window ?? null }]
    }),
  )
}

/** The budget that a key refers to. */
export async function budgetOf(
  { directory }: Pick<GatewayContext, 'directory'>,
  { budget_id: id }: Pick<KeyDocument, 'budget_id'>,
): Promise<BudgetDocument | undefined> {
  return id ? await directory.get('budget', id) : undefined
}

function settlement({ key, ttlMs }: SpendCounter, by: number) {
  return { key, by, ...(ttlMs === undefined ? {} : { ttlMs }) }
}

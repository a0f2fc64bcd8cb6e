import { modelBudgetId, readModelBudget } from '../../../src/index.ts'
import type { BudgetDocument, GatewayContext, KeyDocument } from '../../../src/index.ts'
import { spendPlace } from '../common/spend.ts'
import { countersOf, overwriteSpend, resetSpend } from '../common/set-spend.ts'
import type { Spender } from '../common/set-spend.ts'
import type { KeyManagement } from './owners.ts'

const NANO = 1_000_000_000

/**
 * Sets what a key spent, since ever and in the windows of now, to an amount.
 * @param atMost true: windows that spent less stay as they are
 * @returns what it was before, USD; only with `atMost`
 */
export async function setSpend(
  management: KeyManagement,
  key: KeyDocument,
  { to, atMost = false }: { to: number; atMost?: boolean },
): Promise<number | undefined> {
  const spender = spenderOf(key, await budgetOf(management.gateway, key))
  if (atMost) return resetSpend(management, spender, to)
  await overwriteSpend(management, spender, to)
  return undefined
}

/** LiteLLM's `model_max_budget_usage`: what was spent of each model's budget in its window. */
export async function modelUsage(
  { gateway, timezone }: KeyManagement,
  key: KeyDocument,
): Promise<Record<string, unknown> | undefined> {
  const entries = Object.entries(key.model_max_budget ?? {}).filter(([, one]) => readModelBudget(one).max !== undefined)
  if (entries.length === 0) return undefined
  const counters = new Map(countersOf(spenderOf(key, undefined), timezone).map((one) => [one.budgetId, one.key]))
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

function spenderOf(key: KeyDocument, budget: BudgetDocument | undefined): Spender {
  return { kind: 'key', id: spendPlace(key), fields: [key, budget] }
}

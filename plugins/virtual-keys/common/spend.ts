import { budgetWindow, spendKey } from '../../../src/index.ts'
import type { BudgetFields, Counters, KeyDocument, ScopeKind } from '../../../src/index.ts'

const NANO = 1_000_000_000
/** Counters read in one step. */
const AT_ONCE = 1000

/** What some holders of one kind spent since ever, in USD, by id. Ids that nobody spent under are 0. */
export async function readSpend(
  counters: Counters,
  kind: ScopeKind,
  ids: readonly string[],
): Promise<ReadonlyMap<string, number>> {
  const spend = new Map<string, number>()
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const some = ids.slice(at, at + AT_ONCE)
    const values = await counters.get(
      some.map((id) => spendKey(kind, id)),
      'settled',
    )
    some.forEach((id, index) => spend.set(id, (values[index] ?? 0) / NANO))
  }
  return spend
}

/** What a key's spend is counted under: the id to read it by. */
export function spendPlace({ token, spent_as: place }: KeyDocument): string {
  return place ?? token
}

/** When the window of a budget ends, ISO 8601; null where it has none. */
export function resetAt(duration: string | null | undefined, timezone: string): string | null {
  return duration ? new Date(budgetWindow(duration, Date.now(), timezone).end).toISOString() : null
}

/** Budgets and limits as LiteLLM's reads show them: every field there, null where nothing is set. */
export function toBudgetRow(
  fields: BudgetFields,
  { budget, timezone }: { budget?: BudgetFields | undefined; timezone: string },
): Record<string, unknown> {
  return {
    max_budget: fields.max_budget ?? null,
    soft_budget: fields.soft_budget ?? null,
    budget_duration: fields.budget_duration ?? null,
    budget_reset_at: resetAt(fields.budget_duration ?? budget?.budget_duration, timezone),
    budget_limits:
      fields.budget_limits?.map((limit) => ({ ...limit, reset_at: resetAt(limit.budget_duration, timezone) })) ?? null,
    model_max_budget: fields.model_max_budget ?? {},
    tpm_limit: fields.tpm_limit ?? null,
    rpm_limit: fields.rpm_limit ?? null,
    max_parallel_requests: fields.max_parallel_requests ?? null,
    model_rpm_limit: fields.model_rpm_limit ?? null,
    model_tpm_limit: fields.model_tpm_limit ?? null,
    temp_budget_increase: fields.temp_budget_increase ?? null,
    temp_budget_expiry: fields.temp_budget_expiry ?? null,
  }
}

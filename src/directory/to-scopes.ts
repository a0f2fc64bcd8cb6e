import type { BudgetFields, ModelBudget } from '../types/directory.ts'
import type { Scope, ScopeBudget, ScopeKind, ScopeLimits } from '../types/governance.ts'

/** What a scope is made from. */
export interface ScopeSource {
  readonly kind: ScopeKind
  /** Unique for its kind; of a team member `team/user`. */
  readonly id: string
  readonly name?: string | null | undefined
  /** The holder's own fields, then those that fill what it does not say: the budget that it refers to. */
  readonly fields: BudgetFields | readonly (BudgetFields | undefined)[]
  /** LiteLLM keeps `model_rpm_limit` and `model_tpm_limit` in a holder's metadata too. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  /** False: limits only. */
  readonly budgets?: boolean | undefined
}

const NANO = 1_000_000_000

/**
 * Limits and budgets of a document's fields, in the form that calls are checked with. USD becomes integer nano-dollars.
 * Compile once per version of a document: whoever checks keeps what it knows per scope object.
 */
export function budgetFieldsToScope({ kind, id, name, fields, metadata, budgets = true }: ScopeSource): Scope {
  const merged = mergeFields(
    Array.isArray(fields) ? (fields as readonly (BudgetFields | undefined)[]) : [fields as BudgetFields],
  )
  return Object.freeze({
    kind,
    id,
    name: name ?? undefined,
    limits: toLimits(merged, metadata),
    budgets: budgets ? toBudgets(merged) : undefined,
  })
}

/** Field by field, the first that says something. */
function mergeFields(sources: readonly (BudgetFields | undefined)[]): BudgetFields {
  const merged: Record<string, unknown> = {}
  for (const source of sources) {
    for (const [name, value] of Object.entries(source ?? {})) {
      if (value !== null && value !== undefined) merged[name] ??= value
    }
  }
  return merged
}

function toLimits(fields: BudgetFields, metadata: ScopeSource['metadata']): ScopeLimits | undefined {
  const models = new Map<string, { rpm?: number; tpm?: number }>()
  const set = (model: string, what: 'rpm' | 'tpm', value: unknown) => {
    if (typeof value === 'number') models.set(model, { ...models.get(model), [what]: value })
  }
  for (const [name, entry] of Object.entries(fields.model_max_budget ?? {})) {
    for (const model of entry.models ?? [name]) {
      set(model, 'rpm', entry.rpm_limit)
      set(model, 'tpm', entry.tpm_limit)
    }
  }
  // LiteLLM's precedence: limits by model win over those beside a model's budget.
  for (const what of ['rpm', 'tpm'] as const) {
    const limits = fields[`model_${what}_limit`] ?? metadata?.[`model_${what}_limit`]
    if (typeof limits !== 'object' || limits === null) continue
    for (const [model, value] of Object.entries(limits)) set(model, what, value)
  }
  const { rpm_limit: rpm, tpm_limit: tpm, max_parallel_requests: parallel } = fields
  if (models.size === 0 && !isNumber(rpm) && !isNumber(tpm) && !isNumber(parallel)) return undefined
  return Object.freeze({
    rpm: rpm ?? undefined,
    tpm: tpm ?? undefined,
    parallel: parallel ?? undefined,
    ...(models.size > 0 ? { models: Object.freeze(Object.fromEntries(models)) } : {}),
  })
}

/** A budget is counted under its id: its window, or the model and its window. */
function toBudgets(fields: BudgetFields): readonly ScopeBudget[] | undefined {
  const budgets = new Map<string, ScopeBudget>()
  const { max_budget: max, soft_budget: soft, budget_duration: duration } = fields
  const window = duration ?? undefined
  if (isNumber(max) || isNumber(soft)) {
    const increase = isNumber(max) ? toIncrease(fields) : undefined
    const id = window ?? 'total'
    budgets.set(id, { id, max: toNano(max), soft: toNano(soft), window, increase })
  }
  for (const { budget_duration: id, max_budget } of fields.budget_limits ?? []) {
    const before = budgets.get(id)
    const most = toNano(max_budget)!
    // Two budgets of one window are counted under one name: the lower holds.
    if (before?.max === undefined || most < before.max) budgets.set(id, { ...before, id, window: id, max: most })
  }
  for (const [name, entry] of Object.entries(fields.model_max_budget ?? {})) {
    const { amount, span } = readModelBudget(entry)
    if (amount === undefined) continue
    const id = `model:${name}:${span ?? 'total'}`
    budgets.set(id, { id, max: amount, window: span, models: entry.models ?? [name] })
  }
  return budgets.size > 0 ? Object.freeze([...budgets.values()]) : undefined
}

/** Either of LiteLLM's spellings. */
function readModelBudget(entry: ModelBudget): { amount: number | undefined; span: string | undefined } {
  return { amount: toNano(entry.max_budget ?? entry.budget_limit), span: entry.budget_duration ?? entry.time_period }
}

function toIncrease({ temp_budget_increase: by, temp_budget_expiry: expiry }: BudgetFields): ScopeBudget['increase'] {
  const until = expiry ? Date.parse(expiry) : Number.NaN
  return isNumber(by) && !Number.isNaN(until) ? { by: toNano(by)!, until } : undefined
}

function toNano(usd: number | null | undefined): number | undefined {
  return isNumber(usd) ? Math.round(usd * NANO) : undefined
}

function isNumber(value: number | null | undefined): value is number {
  return typeof value === 'number'
}

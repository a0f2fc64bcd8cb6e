import type { BudgetFields, ModelBudget } from '../types/directory.ts'
import type { Scope, ScopeBudget, ScopeKind, ScopeLimits } from '../types/governance.ts'

/** What a scope is made from. */
export interface ScopeSource {
  readonly kind: ScopeKind
  /** Unique for its kind; of a team member `teamMemberId`. */
  readonly id: string
  readonly name?: string | null | undefined
  /** What its limits are counted under. Default `id`. */
  readonly countedAs?: string | undefined
  /** What it spends is counted under. Default `id`. */
  readonly spentAs?: string | undefined
  /** The holder's own fields, then those of the budget that it refers to. */
  readonly fields: BudgetFields | readonly (BudgetFields | undefined)[]
  /** LiteLLM keeps limits by model in metadata too. */
  readonly metadata?: Readonly<Record<string, unknown>> | undefined
  /** False: limits only. */
  readonly budgets?: boolean | undefined
}

const NANO = 1_000_000_000

/**
 * Limits and budgets of a document's fields, in the form that calls are checked with. USD becomes integer nano-dollars.
 * Compile once per version of a document: whoever checks keeps what it knows per scope object.
 */
export function budgetFieldsToScope({
  kind,
  id,
  name,
  countedAs,
  spentAs,
  fields,
  metadata,
  budgets = true,
}: ScopeSource): Scope {
  const merged = mergeBudgetFields(
    Array.isArray(fields) ? (fields as readonly (BudgetFields | undefined)[]) : [fields as BudgetFields],
  )
  return Object.freeze({
    kind,
    id,
    ...(name ? { name } : {}),
    ...one('countedAs', countedAs),
    ...one('spentAs', spentAs),
    ...one('limits', toLimits(merged, metadata)),
    ...(budgets ? one('budgets', toBudgets(merged)) : {}),
  })
}

/** Field by field the first that says something. */
export function mergeBudgetFields(fields: readonly (BudgetFields | undefined)[]): BudgetFields {
  const merged: Record<string, unknown> = {}
  for (const source of fields) {
    for (const [name, value] of Object.entries(source ?? {})) {
      if (value !== null && value !== undefined && merged[name] === undefined) merged[name] = value
    }
  }
  return merged
}

/** USD as integer nano-dollars. */
export function toNano(usd: number): number {
  return Math.round(usd * NANO)
}

/** The name a budget of one model, or of a group of models, is counted under. */
export function modelBudgetId(name: string, window: string | undefined): string {
  return `model:${name}:${window ?? 'total'}`
}

/** The amount and window of a model's budget, in either of LiteLLM's spellings. */
export function readModelBudget(entry: ModelBudget): { max: number | undefined; window: string | undefined } {
  return {
    max: entry.max_budget ?? entry.budget_limit ?? undefined,
    window: entry.budget_duration ?? entry.time_period ?? undefined,
  }
}

function toLimits(fields: BudgetFields, metadata: ScopeSource['metadata']): ScopeLimits | undefined {
  // A map: names of models may be names that objects have of their own.
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
    const kept = metadata?.[`model_${what}_limit`]
    const limits = fields[`model_${what}_limit`] ?? (typeof kept === 'object' ? kept : undefined) ?? {}
    for (const [model, value] of Object.entries(limits)) set(model, what, value)
  }
  const limits = {
    ...one('rpm', fields.rpm_limit),
    ...one('tpm', fields.tpm_limit),
    ...one('parallel', fields.max_parallel_requests),
    ...(models.size > 0 ? { models: Object.freeze(Object.fromEntries(models)) } : {}),
  }
  return Object.keys(limits).length > 0 ? Object.freeze(limits) : undefined
}

function toBudgets(fields: BudgetFields): readonly ScopeBudget[] | undefined {
  const budgets = new Map<string, ScopeBudget>()
  const { max_budget: max, soft_budget: soft, budget_duration: window } = fields
  if (typeof max === 'number' || typeof soft === 'number') {
    const id = window ?? 'total'
    budgets.set(id, {
      id,
      ...one('max', nano(max)),
      ...one('soft', nano(soft)),
      ...one('window', window),
      ...one('increase', typeof max === 'number' ? toIncrease(fields) : undefined),
    })
  }
  for (const limit of fields.budget_limits ?? []) {
    const id = limit.budget_duration
    const before = budgets.get(id)
    // Two budgets of one window are counted under one name: the lower holds.
    if (before?.max !== undefined && before.max <= toNano(limit.max_budget)) continue
    budgets.set(id, { ...before, id, window: id, max: toNano(limit.max_budget) })
  }
  for (const [name, entry] of Object.entries(fields.model_max_budget ?? {})) {
    const { max: most, window: length } = readModelBudget(entry)
    if (most === undefined) continue
    const id = modelBudgetId(name, length)
    budgets.set(id, { id, max: toNano(most), ...one('window', length), models: entry.models ?? [name] })
  }
  return budgets.size > 0 ? Object.freeze([...budgets.values()].map((budget) => Object.freeze(budget))) : undefined
}

function toIncrease({ temp_budget_increase: by, temp_budget_expiry: expiry }: BudgetFields) {
  const until = expiry ? Date.parse(expiry) : Number.NaN
  return typeof by === 'number' && !Number.isNaN(until) ? { by: toNano(by), until } : undefined
}

function nano(usd: number | null | undefined): number | undefined {
  return typeof usd === 'number' ? toNano(usd) : undefined
}

function one<K extends string, V>(name: K, value: V | null | undefined): { [P in K]?: V } {
  return (value === null || value === undefined ? {} : { [name]: value }) as { [P in K]?: V }
}

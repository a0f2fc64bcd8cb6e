import { invalidRequest, isDuration, z } from '../../../src/index.ts'
import type { BudgetFields, ModelBudget, Stamps } from '../../../src/index.ts'

/** USD that can be counted in whole nano-dollars. */
const MOST_USD = 9_000_000
const INERT = 'Kept and given back; has no effect here.'

/** A text of some length. */
export const text = z.string().min(1).max(256)
export const usd = z.number().min(0).max(MOST_USD)
export const count = z.int().min(0)
export const duration = z.string().refine(isDuration, 'expected a duration: 30s, 15m, 12h, 1d, 2w, 1mo')
export const moment = z.string().refine((value) => !Number.isNaN(Date.parse(value)), 'expected a time in ISO 8601')
export const names = z.array(z.string().min(1).max(512)).max(10_000)
export const free = z.record(z.string(), z.unknown())

const modelBudget = z.looseObject({
  max_budget: amount().nullish(),
  budget_limit: amount().nullish(),
  budget_duration: duration.nullish(),
  time_period: duration.nullish(),
  tpm_limit: count.nullish(),
  rpm_limit: count.nullish(),
  models: names.nullish(),
})

/** The fields of budgets and limits in a body. */
export const budgetShape = {
  max_budget: usd.nullish().describe('USD that may be spent; null: no bound.'),
  soft_budget: usd.nullish().describe('USD after which a warning is raised; nothing is refused.'),
  budget_duration: duration.nullish().describe('Length of the budget’s window: 30s, 12h, 1d, 7d, 1mo. Null: for ever.'),
  budget_limits: z
    .array(z.looseObject({ budget_duration: duration, max_budget: usd }))
    .max(20)
    .nullish()
    .describe('Several windows at once.'),
  model_max_budget: z.record(z.string(), modelBudget).nullish().describe('Budgets and limits by model.'),
  tpm_limit: count.nullish().describe('Tokens per minute.'),
  rpm_limit: count.nullish().describe('Requests per minute.'),
  max_parallel_requests: count.nullish().describe('Calls at the same time.'),
  model_rpm_limit: z.record(z.string(), count).nullish().describe('Requests per minute by model.'),
  model_tpm_limit: z.record(z.string(), count).nullish().describe('Tokens per minute by model.'),
  temp_budget_increase: usd.nullish().describe('USD added to `max_budget` until `temp_budget_expiry`.'),
  temp_budget_expiry: moment.nullish(),
} as const

export const budgetNames = Object.keys(budgetShape) as (keyof typeof budgetShape)[]

/** A field that is not taken, with what to do instead: it would be lost in silence otherwise. */
export function refused(instead: string): z.ZodType {
  return z
    .unknown()
    .refine((value) => value === undefined || value === null, `expected nothing. ${instead.replace(/\.$/, '')}`)
    .optional()
    .describe(instead)
}

/** LiteLLM's fields that mean nothing here, as schemas that take anything. */
export function inertShape(...fields: readonly string[]): Record<string, z.ZodType> {
  return Object.fromEntries(fields.map((field) => [field, z.unknown().optional().describe(INERT)]))
}

/** LiteLLM's fields of teams, users and organizations that mean nothing here. */
export const inertOfOwners = [
  'guardrails',
  'policies',
  'prompts',
  'object_permission',
  'allowed_passthrough_routes',
  'router_settings',
  'access_group_ids',
  'secret_manager_settings',
  'allowed_vector_store_indexes',
  'rpm_limit_type',
  'tpm_limit_type',
] as const

/** The budget fields that a body names, in the form that documents have. `null` stays: it clears a field. */
export function budgetFieldsOf(body: Readonly<Record<string, unknown>>): Partial<BudgetFields> {
  const increase = body['temp_budget_increase'] ?? null
  const expiry = body['temp_budget_expiry'] ?? null
  if ((increase === null) !== (expiry === null)) {
    const param = increase === null ? 'temp_budget_increase' : 'temp_budget_expiry'
    throw invalidRequest('`temp_budget_increase` and `temp_budget_expiry` go together.', param)
  }
  const fields: Record<string, unknown> = pick(body, budgetNames)
  if (expiry !== null) fields['temp_budget_expiry'] = new Date(expiry as string).toISOString()
  if (fields['model_max_budget']) {
    fields['model_max_budget'] = toModelBudgets(fields['model_max_budget'] as Record<string, Record<string, unknown>>)
  }
  return fields
}

/** The fields of a body that are of these names. */
export function pick(body: Readonly<Record<string, unknown>>, fields: readonly string[]): Record<string, unknown> {
  return Object.fromEntries(
    fields.filter((name) => body[name] !== undefined && Object.hasOwn(body, name)).map((name) => [name, body[name]]),
  )
}

/** All fields of a body that none of `known` names. */
export function rest(body: Readonly<Record<string, unknown>>, known: ReadonlySet<string>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(body).filter(([name, value]) => !known.has(name) && value !== undefined))
}

/** A document with changes: `null` takes a field away. The same object where nothing would be different. */
export function withChanges<T extends object>(stored: T, changes: Readonly<Record<string, unknown>>): T {
  const before = stored as Readonly<Record<string, unknown>>
  const different = Object.entries(changes).filter(([name, value]) => !isSame(before[name] ?? null, value ?? null))
  if (different.length === 0) return stored
  const entries = { ...before, ...Object.fromEntries(different) }
  return Object.fromEntries(
    Object.entries(entries).filter(([, value]) => value !== null && value !== undefined),
  ) as unknown as T
}

/** A document with changes and who made them; the same object where nothing is different. */
export function stamped<T extends object>(stored: T, changes: Readonly<Record<string, unknown>>, actor: string): T {
  const changed = withChanges(stored, changes)
  if (changed === stored) return stored
  return { ...changed, updated_at: new Date().toISOString(), updated_by: actor }
}

/** The stamps of a new document. */
export function newStamps(actor: string): Stamps {
  const now = new Date().toISOString()
  return { created_at: now, updated_at: now, created_by: actor, updated_by: actor }
}

/** Kept fields with changes; undefined where nothing is left. */
export function mergeOther(
  stored: Readonly<Record<string, unknown>> | undefined,
  changes: Readonly<Record<string, unknown>>,
): Record<string, unknown> | null {
  const other = withChanges(stored ?? {}, changes)
  return Object.keys(other).length > 0 ? (other as Record<string, unknown>) : null
}

/** Kept fields as rows show them, with a list of their names: some of them would restrict something elsewhere. */
export function kept(other: Readonly<Record<string, unknown>> | undefined): Record<string, unknown> {
  return other ? { ...other, unsupported_params: Object.keys(other) } : {}
}

/** LiteLLM's documentation writes some of these amounts as text. */
function amount() {
  return z.union([usd, z.string().refine((value) => value.trim() !== '' && usd.safeParse(Number(value)).success)])
}

function toModelBudgets(given: Readonly<Record<string, Record<string, unknown>>>): Record<string, ModelBudget> {
  return Object.fromEntries(
    Object.entries(given).map(([name, entry]) => [
      name,
      Object.fromEntries(
        Object.entries(entry)
          .filter(([, value]) => value !== null && value !== undefined)
          .map(([field, value]) => [
            field,
            (field === 'max_budget' || field === 'budget_limit') && typeof value === 'string' ? Number(value) : value,
          ]),
      ),
    ]),
  )
}

function isSame(a: unknown, b: unknown): boolean {
  return a === b || JSON.stringify(a) === JSON.stringify(b)
}

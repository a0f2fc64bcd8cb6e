import type { Tell } from './litellm-budget.ts'
import type { Row } from './litellm-tables.ts'
import { BadValue, mapOf, timeOf } from './litellm-values.ts'

/** Settings that LiteLLM keeps in `metadata` and that have fields of their own here. */
export interface Lifted {
  readonly tags?: string[] | undefined
  readonly enforced_params?: string[] | undefined
  readonly model_rpm_limit?: Record<string, number> | undefined
  readonly model_tpm_limit?: Record<string, number> | undefined
  readonly temp_budget_increase?: number | undefined
  readonly temp_budget_expiry?: string | undefined
  readonly soft_budget?: number | undefined
  readonly team_member_budget_id?: string | undefined
  readonly team_member_key_duration?: string | undefined
}

const KINDS = {
  tags: isTexts,
  enforced_params: isTexts,
  model_rpm_limit: isLimits,
  model_tpm_limit: isLimits,
  temp_budget_increase: isAmount,
  temp_budget_expiry: isText,
  soft_budget: isAmount,
  team_member_budget_id: isText,
  team_member_key_duration: isText,
} as const satisfies Record<keyof Lifted, (value: unknown) => boolean>

/** Settings that are kept in `metadata`, given back, and not carried out. */
const NO_EFFECT = [
  'guardrails',
  'policies',
  'prompts',
  'logging',
  'secret_manager_settings',
  'rpm_limit_type',
  'tpm_limit_type',
  'priority',
  'disable_fallbacks',
  'disable_global_guardrails',
  'allowed_cache_controls',
  'allowed_passthrough_routes',
  'allowed_vector_store_indexes',
  'budget_fallbacks',
]

/**
 * Takes the settings out of a row's metadata.
 * @param names those that this kind of row has
 * @throws BadValue where one is of another kind than LiteLLM writes
 */
export function liftMetadata<K extends keyof Lifted>(
  row: Row,
  names: readonly K[],
  tell: Tell,
): { lifted: Pick<Lifted, K>; metadata: Record<string, unknown> | undefined } {
  const rest = { ...mapOf(row, 'metadata') }
  const lifted: Record<string, unknown> = {}
  for (const name of names) {
    const value = rest[name]
    delete rest[name]
    if (value === undefined || value === null) continue
    if (!KINDS[name](value)) throw new BadValue(`metadata.${name}`, 'is not what LiteLLM writes there')
    lifted[name] = name === 'temp_budget_expiry' ? momentOf(value as string) : value
  }
  for (const name of NO_EFFECT) {
    if (!isNothing(rest[name])) tell(`metadata.${name}`, 'is kept and has no effect here')
  }
  return { lifted: lifted as Pick<Lifted, K>, metadata: Object.keys(rest).length > 0 ? rest : undefined }
}

/** A day, or a time that may have no zone: UTC then, as everywhere in LiteLLM's database. */
function momentOf(text: string): string | null {
  const column = 'metadata.temp_budget_expiry'
  return timeOf({ [column]: /^\d{4}-\d\d-\d\d$/.test(text) ? `${text} 00:00:00` : text }, column)
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText)
}

function isText(value: unknown): boolean {
  return typeof value === 'string'
}

function isAmount(value: unknown): boolean {
  return typeof value === 'number' && value >= 0
}

function isLimits(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && Object.values(value).every(isAmount)
}

function isNothing(value: unknown): boolean {
  if (value === undefined || value === null || value === false || value === '') return true
  return typeof value === 'object' && Object.keys(value).length === 0
}

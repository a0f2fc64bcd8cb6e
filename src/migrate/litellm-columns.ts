import type { Tell } from './litellm-budget.ts'
import type { Row } from './litellm-tables.ts'
import { booleanOf, jsonOf, listOf, textOf, timeOf } from './litellm-values.ts'

/** Columns that are kept in a document's `other` and have no effect here. */
const KEPT: Readonly<Record<string, (row: Row, column: string) => unknown>> = {
  router_settings: jsonOf,
  allowed_cache_controls: listOf,
  policies: listOf,
  access_group_ids: listOf,
  object_permission_id: textOf,
  allow_team_guardrail_config: booleanOf,
  default_team_member_models: listOf,
  key_rotation_at: timeOf,
}

/** Columns whose state ends with LiteLLM: sums that it does not use, times that are worked out anew here. */
const STATE = new Set(['soft_budget_cooldown', 'model_spend', 'budget_reset_at', 'last_active'])

/** What of a row has no field here. Columns that nobody knows are kept as texts, and told. */
export function otherColumns(row: Row, known: ReadonlySet<string>, tell: Tell): Record<string, unknown> | undefined {
  const other: Record<string, unknown> = {}
  for (const [column, value] of Object.entries(row)) {
    if (known.has(column) || STATE.has(column) || isNothing(value)) continue
    const read = KEPT[column]
    other[column] = read ? read(row, column) : value
    tell(column, read ? 'is kept and has no effect here' : 'is a column that is not known here: kept as text')
  }
  return Object.keys(other).length > 0 ? other : undefined
}

function isNothing(value: string | null): boolean {
  return value === null || /^\s*(|\{\s*\}|\[\s*\]|null|f|false)\s*$/.test(value)
}

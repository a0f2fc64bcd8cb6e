import type { KeyDocument } from '../types/directory.ts'
import { budgetFields } from './litellm-budget.ts'
import { otherColumns } from './litellm-columns.ts'
import { liftMetadata } from './litellm-metadata.ts'
import type { Draft, Reading } from './litellm-reading.ts'
import { Skip, checkLimitsRead, eachRow, present, stampsOf, takeSpend } from './litellm-reading.ts'
import type { Row } from './litellm-tables.ts'
import { TABLES } from './litellm-tables.ts'
import { BadValue, amountOf, booleanOf, listOf, mapOf, textOf, timeOf } from './litellm-values.ts'

const KNOWN = new Set(
  (
    'token key_name key_alias spend expires models aliases config user_id team_id agent_id project_id permissions ' +
    'max_parallel_requests metadata blocked tpm_limit rpm_limit max_budget soft_budget budget_duration allowed_routes ' +
    'model_max_budget budget_id organization_id created_at created_by updated_at updated_by rotation_count auto_rotate ' +
    'rotation_interval last_rotation_at budget_limits'
  ).split(' '),
)

const HASH = /^[0-9a-f]{64}$/
/** The team of the keys that LiteLLM's admin UI makes for its own sessions. */
const UI_TEAM = 'litellm-dashboard'

/**
 * Virtual keys. They keep working: both sides look for the SHA-256 of what a caller sends.
 * @param own hashes of keys that are not virtual here: the master key's
 */
export function readKeys(reading: Reading, own: ReadonlySet<string>): void {
  const documents = new Map<string, Draft<KeyDocument>>()
  const aliases = new Set<string>()
  eachRow(reading, {
    table: TABLES.key,
    who: nameOf,
    read(row, tell) {
      const token = row['token'] ?? ''
      if (!HASH.test(token)) throw new BadValue('token', 'is no SHA-256 hash')
      if (own.has(token)) throw new Skip('the master key is no virtual key here')
      if (row['team_id'] === UI_TEAM) throw new Skip('a session of LiteLLM’s UI')
      const expires = timeOf(row, 'expires')
      if (expires !== null && Date.parse(expires) <= reading.now) throw new Skip('expired')
      checkLimitsRead(row, reading)
      const { lifted, metadata } = liftMetadata(
        row,
        ['tags', 'enforced_params', 'model_rpm_limit', 'model_tpm_limit', 'temp_budget_increase', 'temp_budget_expiry'],
        tell,
      )
      const budget = budgetFields(row, tell)
      const document: Draft<KeyDocument> = present({
        token,
        key_name: textOf(row, 'key_name') ?? 'sk-...',
        key_alias: textOf(row, 'key_alias'),
        expires,
        models: listOf(row, 'models'),
        aliases: textsOf(row, 'aliases'),
        config: mapOf(row, 'config'),
        permissions: mapOf(row, 'permissions'),
        metadata,
        user_id: textOf(row, 'user_id'),
        team_id: textOf(row, 'team_id'),
        organization_id: textOf(row, 'organization_id'),
        project_id: textOf(row, 'project_id'),
        agent_id: textOf(row, 'agent_id'),
        allowed_routes: orNothing(listOf(row, 'allowed_routes')),
        blocked: booleanOf(row, 'blocked'),
        auto_rotate: booleanOf(row, 'auto_rotate') ?? undefined,
        rotation_interval: textOf(row, 'rotation_interval'),
        rotation_count: amountOf(row, 'rotation_count') ?? undefined,
        last_rotation_at: timeOf(row, 'last_rotation_at'),
        budget_id: textOf(row, 'budget_id'),
        ...budget,
        ...lifted,
        ...stampsOf(row),
        other: otherColumns(row, KNOWN, tell),
      })
      const { key_alias: alias } = document
      if (alias && aliases.has(alias))
        tell('key_alias', 'is that of another key as well: routes that take aliases find one of them only')
      if (alias) aliases.add(alias)
      if (document.project_id) tell('project_id', 'is kept; projects have no budgets of their own here')
      takeSpend(reading, { kind: 'key', id: token, row, budget: reading.budgets.get(document.budget_id ?? '') })
      for (const field of ['model_max_budget', 'budget_limits'] as const) {
        if (document[field]) tell(field, 'is taken; what each part spent is not in LiteLLM’s database and begins at 0')
      }
      reading.items.push({ kind: 'key', id: token, table: TABLES.key, document })
      documents.set(token, document)
    },
  })
  readOldKeys(reading, documents)
}

/** Rotated keys whose old form is still accepted for a while. */
function readOldKeys(reading: Reading, documents: ReadonlyMap<string, Draft<KeyDocument>>): void {
  eachRow(reading, {
    table: TABLES.oldKey,
    who: (row) => nameOf(documents.get(row['active_token_id'] ?? '')),
    read(row) {
      const token = row['token'] ?? ''
      if (!HASH.test(token)) throw new BadValue('token', 'is no SHA-256 hash')
      const until = timeOf(row, 'revoke_at')
      if (until === null) throw new BadValue('revoke_at', 'is empty')
      if (Date.parse(until) <= reading.now) throw new Skip('expired')
      const active = documents.get(row['active_token_id'] ?? '')
      if (!active) throw new Skip('the key that replaced it is not taken')
      const document = { ...active, token, key_name: 'sk-...', replaced_by: active.token, grace_until: until }
      reading.items.push({ kind: 'key', id: token, table: TABLES.oldKey, document })
    },
  })
}

function nameOf(row: { readonly key_alias?: unknown; readonly key_name?: unknown } | Row | undefined): string {
  return String(row?.['key_alias'] || row?.['key_name'] || 'a key without a name')
}

function textsOf(row: Row, column: string): Record<string, string> | undefined {
  const map = mapOf(row, column)
  if (!map) return undefined
  if (!Object.values(map).every((value) => typeof value === 'string')) throw new BadValue(column, 'is no map of texts')
  return map as Record<string, string>
}

function orNothing<T>(list: readonly T[]): readonly T[] | undefined {
  return list.length > 0 ? list : undefined
}

import type { KeyDocument } from '../../../src/index.ts'
import { toKeyRow } from '../common/keys.ts'
import { readSpend, resetAt, spendPlace } from '../common/spend.ts'
import type { KeyManagement } from './owners.ts'
import { budgetOf, modelUsage } from './spend.ts'

/** A key with all fields that LiteLLM's reads have and that are known here. */
export async function rowOf(management: KeyManagement, key: KeyDocument): Promise<Record<string, unknown>> {
  return (await rowsOf(management, [key]))[0]!
}

/** Rows of many keys, their spend read in one step. */
export async function rowsOf(
  management: KeyManagement,
  keys: readonly KeyDocument[],
): Promise<Record<string, unknown>[]> {
  const { gateway, timezone } = management
  const spend = await readSpend(gateway.counters, 'key', keys.map(spendPlace))
  return Promise.all(
    keys.map(async (key) => {
      const budget = await budgetOf(gateway, key)
      const usage = await modelUsage(management, key)
      return {
        ...toKeyRow(key, { spend: spend.get(spendPlace(key))!, timezone }),
        aliases: key.aliases ?? {},
        config: key.config ?? {},
        permissions: key.permissions ?? {},
        allowed_routes: key.allowed_routes ?? [],
        tags: key.tags ?? [],
        enforced_params: key.enforced_params ?? [],
        key_type: key.key_type ?? null,
        budget_id: key.budget_id ?? null,
        project_id: key.project_id ?? null,
        agent_id: key.agent_id ?? null,
        org_id: key.organization_id ?? null,
        litellm_budget_table: budget ?? null,
        budget_reset_at: resetAt(key.budget_duration ?? budget?.budget_duration, timezone),
        rotation_count: key.rotation_count ?? 0,
        last_rotation_at: key.last_rotation_at ?? null,
        created_by: key.created_by ?? null,
        updated_by: key.updated_by ?? null,
        ...(usage ? { model_max_budget_usage: usage } : {}),
      }
    }),
  )
}

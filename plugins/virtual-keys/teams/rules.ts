import type { GatewayContext, TeamDocument } from '../../../src/index.ts'
import { admits, effective } from '../common/within.ts'
import { forbidden } from '../who-may.ts'
import { organizationOf } from './find.ts'

/** What an admin of the team sets as they like: it gives the team no more than it has. */
const FREE = new Set<string>([
  'team_alias',
  'tags',
  'model_aliases',
  'soft_budget',
  'team_member_permissions',
  'team_member_budget',
  'team_member_budget_duration',
  'team_member_rpm_limit',
  'team_member_tpm_limit',
  'team_member_key_duration',
  // Follows from the ones before.
  'members_with_roles',
  'updated_at',
  'updated_by',
])
const CAPS = new Set<string>(['max_budget', 'tpm_limit', 'rpm_limit', 'max_parallel_requests'])
const MAPS = new Set<string>(['model_rpm_limit', 'model_tpm_limit'])

/**
 * What an admin of a team may do to it: name it, and take away. The budget and the limits of a team are somebody else's
 * word; only `max_budget` may rise, up to the organization's. A window may not change either: it would count anew.
 * Throws a 403 that names the field.
 */
export async function requireTeamAdminChange(
  gateway: GatewayContext,
  before: TeamDocument,
  after: TeamDocument,
): Promise<void> {
  const old = before as unknown as Record<string, unknown>
  const next = after as unknown as Record<string, unknown>
  for (const name of new Set([...Object.keys(old), ...Object.keys(next)])) {
    if (FREE.has(name) || JSON.stringify(old[name]) === JSON.stringify(next[name])) continue
    if (CAPS.has(name) && !isMore(old[name], next[name])) continue
    if (MAPS.has(name) && isTighterMap(old[name], next[name])) continue
    if (name === 'metadata' && isTighterMetadata(before.metadata, after.metadata)) continue
    if (name === 'models' && isNarrower(before.models, after.models)) continue
    if (name === 'max_budget' && (await isWithinOrganization(gateway, after))) continue
    throw forbidden(
      `Admins of a team may not raise or change its \`${name}\`: ask an admin of the organization or of the proxy.`,
      name,
    )
  }
}

function isMore(before: unknown, after: unknown): boolean {
  return (typeof after === 'number' ? after : Infinity) > (typeof before === 'number' ? before : Infinity)
}

/** LiteLLM keeps limits by model in metadata too. */
function isTighterMetadata(before: TeamDocument['metadata'], after: TeamDocument['metadata']): boolean {
  return [...MAPS].every((name) => isTighterMap(before?.[name], after?.[name]))
}

/** Every limit that there was is there, and none is higher. */
function isTighterMap(before: unknown, after: unknown): boolean {
  const old = (before ?? {}) as Record<string, number>
  const next = (after ?? {}) as Record<string, number>
  return Object.entries(old).every(([model, limit]) => next[model] !== undefined && next[model] <= limit)
}

function isNarrower(before: readonly string[], after: readonly string[]): boolean {
  if (before.length === 0) return true
  return after.length > 0 && after.every((model) => admits(before, model))
}

async function isWithinOrganization(gateway: GatewayContext, team: TeamDocument): Promise<boolean> {
  const organization = await organizationOf(gateway, team)
  const bound = organization && (await effective(gateway, organization)).max_budget
  return bound !== undefined && bound !== null && typeof team.max_budget === 'number' && team.max_budget <= bound
}

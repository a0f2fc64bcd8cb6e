import { teamMemberId } from '../../../src/index.ts'
import type { KeyDocument, TeamDocument, TeamMember } from '../../../src/index.ts'
import { kept } from '../common/fields.ts'
import { findKeys, toKeyRow } from '../common/keys.ts'
import type { Management } from '../common/route.ts'
import { readSpend, resetAt, spendPlace, toBudgetRow } from '../common/spend.ts'
import { isProxyAdmin, isSelf, mayViewAll } from '../who-may.ts'
import type { Caller } from '../who-may.ts'
import { mayManageTeamOf } from './find.ts'

/** A team with LiteLLM's fields, all of them there. */
export async function toTeamRow(
  { gateway, timezone }: Management,
  team: TeamDocument,
  spend?: number,
): Promise<Record<string, unknown>> {
  const budget = team.budget_id ? await gateway.directory.get('budget', team.budget_id) : undefined
  const { other, members_with_roles: members, ...own } = team
  return {
    ...kept(other),
    ...own,
    team_alias: team.team_alias ?? null,
    organization_id: team.organization_id ?? null,
    admins: members.filter(({ role }) => role === 'admin').map(({ user_id }) => user_id),
    members: members.map(({ user_id }) => user_id),
    members_with_roles: members.map(({ user_id, user_email, role }) => ({
      user_id,
      user_email: user_email ?? null,
      role,
    })),
    team_member_permissions: team.team_member_permissions ?? null,
    metadata: team.metadata ?? {},
    model_aliases: team.model_aliases ?? {},
    blocked: team.blocked ?? false,
    tags: team.tags ?? [],
    budget_id: team.budget_id ?? null,
    litellm_budget_table: budget ?? null,
    litellm_model_table: team.model_aliases ? { model_aliases: team.model_aliases } : null,
    team_member_budget: team.team_member_budget ?? null,
    team_member_budget_duration: team.team_member_budget_duration ?? null,
    team_member_rpm_limit: team.team_member_rpm_limit ?? null,
    team_member_tpm_limit: team.team_member_tpm_limit ?? null,
    team_member_key_duration: team.team_member_key_duration ?? null,
    ...toBudgetRow(team, { budget, timezone }),
    spend: spend ?? (await readSpend(gateway.counters, 'team', [team.team_id])).get(team.team_id)!,
  }
}

/** Rows of many teams, their spend read in one step. */
export async function toTeamRows(
  management: Management,
  teams: readonly TeamDocument[],
): Promise<Record<string, unknown>[]> {
  const spend = await readSpend(
    management.gateway.counters,
    'team',
    teams.map(({ team_id }) => team_id),
  )
  return Promise.all(teams.map((team) => toTeamRow(management, team, spend.get(team.team_id))))
}

/** Keys of a team that a caller may see there: who manages it all, a member their own. */
export async function visibleKeys(
  { gateway, timezone }: Management,
  { team, caller, keys: given }: { team: TeamDocument; caller: Caller; keys?: readonly KeyDocument[] },
): Promise<Record<string, unknown>[]> {
  const all = mayViewAll(caller) || (await mayManageTeamOf(gateway, caller, team))
  const isOwn = (key: KeyDocument) =>
    caller?.id === key.token || (caller?.user !== undefined && caller.user === key.user_id)
  const ofTeam = given ?? (await findKeys(gateway.directory, (key) => key.team_id === team.team_id))
  const keys = ofTeam.filter((key) => all || isOwn(key))
  const spend = await readSpend(gateway.counters, 'key', keys.map(spendPlace))
  return keys.map((key) => toKeyRow(key, { spend: spend.get(spendPlace(key))!, timezone }))
}

/** What members have and spent in a team: who manages it sees all, a member their own. */
export async function memberships(
  management: Management,
  { team, caller }: { team: TeamDocument; caller: Caller },
): Promise<Record<string, unknown>[]> {
  const { gateway } = management
  const all = isProxyAdmin(caller) || mayViewAll(caller) || (await mayManageTeamOf(gateway, caller, team))
  const members = team.members_with_roles.filter(
    ({ user_id }) => all || isSelf(caller, user_id) || (caller?.team === team.team_id && caller.user === user_id),
  )
  return toMemberships(management, team, members)
}

/** Memberships of some members of a team. */
export async function toMemberships(
  { gateway, timezone }: Management,
  team: TeamDocument,
  members: readonly TeamMember[],
): Promise<Record<string, unknown>[]> {
  const id = (member: TeamMember) => teamMemberId(team.team_id, member.user_id)
  const spend = await readSpend(gateway.counters, 'team_member', members.map(id))
  return members.map((member) => {
    const { budget } = member
    return {
      user_id: member.user_id,
      team_id: team.team_id,
      budget_id: null,
      spend: spend.get(id(member))!,
      budget_reset_at: resetAt(budget?.budget_duration, timezone),
      litellm_budget_table: budget ?? null,
    }
  })
}

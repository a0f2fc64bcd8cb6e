import type { KeyDocument, TeamDocument, UserDocument } from '../../../src/index.ts'
import { kept } from '../common/fields.ts'
import { group } from '../common/group.ts'
import { findKeys, toKeyRow } from '../common/keys.ts'
import type { Management } from '../common/route.ts'
import { readSpend, spendPlace, toBudgetRow } from '../common/spend.ts'
import { organizationOf } from '../teams/find.ts'
import { toTeamRows } from '../teams/view.ts'
import { mayViewKey, mayViewTeam } from '../who-may.ts'
import type { Caller } from '../who-may.ts'

/** Users with LiteLLM's fields, all of them there. */
export async function toUserRows(
  { gateway, timezone }: Management,
  users: readonly UserDocument[],
): Promise<Record<string, unknown>[]> {
  const { directory, counters } = gateway
  const ids = users.map(({ user_id }) => user_id)
  const [spend, teams, organizations] = await Promise.all([
    readSpend(counters, 'user', ids),
    directory.list('team'),
    directory.list('organization'),
  ])
  const teamsOf = group(teams, (team) => team.members_with_roles.map(({ user_id }) => user_id))
  const organizationsOf = group(organizations, ({ members }) => members.map(({ user_id }) => user_id))
  return Promise.all(
    users.map(async ({ other, ...user }) => {
      const budget = user.budget_id ? await directory.get('budget', user.budget_id) : undefined
      const inOrganizations = organizationsOf.get(user.user_id) ?? []
      return {
        ...kept(other),
        ...user,
        user_email: user.user_email ?? null,
        user_alias: user.user_alias ?? null,
        user_role: user.user_role ?? null,
        sso_user_id: user.sso_user_id ?? null,
        metadata: user.metadata ?? {},
        blocked: user.blocked ?? false,
        budget_id: user.budget_id ?? null,
        teams: (teamsOf.get(user.user_id) ?? []).map(({ team_id }) => team_id),
        organizations: inOrganizations.map(({ organization_id }) => organization_id),
        organization_memberships: inOrganizations.map(({ organization_id, members }) => ({
          user_id: user.user_id,
          organization_id,
          user_role: members.find(({ user_id }) => user_id === user.user_id)!.user_role,
        })),
        ...toBudgetRow(user, { budget, timezone }),
        litellm_budget_table: budget ?? null,
        spend: spend.get(user.user_id)!,
      }
    }),
  )
}

/** Keys that a test finds, of those that a caller sees. */
export async function visibleKeyRows(
  { gateway, timezone }: Management,
  caller: Caller,
  test: (key: KeyDocument) => boolean,
): Promise<Record<string, unknown>[]> {
  const { directory, counters } = gateway
  const visible: { key: KeyDocument; team: TeamDocument | undefined }[] = []
  for (const key of await findKeys(directory, test)) {
    const team = key.team_id ? await directory.get('team', key.team_id) : undefined
    const id = team?.organization_id ?? key.organization_id
    const organization = id ? await directory.get('organization', id) : undefined
    if (mayViewKey(caller, key, { team, organization })) visible.push({ key, team })
  }
  const spend = await readSpend(
    counters,
    'key',
    visible.map(({ key }) => spendPlace(key)),
  )
  return visible.map(({ key, team }) => ({
    ...toKeyRow(key, { spend: spend.get(spendPlace(key))!, timezone }),
    team_alias: team?.team_alias ?? null,
  }))
}

/** Teams that a test finds, of those that a caller sees. */
export async function visibleTeamRows(
  management: Management,
  caller: Caller,
  test: (team: TeamDocument) => boolean,
): Promise<Record<string, unknown>[]> {
  const { gateway } = management
  const teams: TeamDocument[] = []
  for (const team of (await gateway.directory.list('team')).filter(test)) {
    if (mayViewTeam(caller, team, await organizationOf(gateway, team))) teams.push(team)
  }
  return toTeamRows(management, teams)
}

import type { GatewayContext, OrganizationDocument, OrganizationMember } from '../../../src/index.ts'
import { kept } from '../common/fields.ts'
import type { Management } from '../common/route.ts'
import { readSpend, toBudgetRow } from '../common/spend.ts'
import { toTeamRows } from '../teams/view.ts'
import { mayManageOrganization, mayViewAll, mayViewTeam } from '../who-may.ts'
import type { Caller } from '../who-may.ts'

/** An organization with LiteLLM's fields, without its members and teams. */
export async function toOrganizationRows(
  { gateway, timezone }: Management,
  organizations: readonly OrganizationDocument[],
): Promise<Record<string, unknown>[]> {
  const spend = await readSpend(
    gateway.counters,
    'organization',
    organizations.map(({ organization_id }) => organization_id),
  )
  return Promise.all(
    organizations.map(async ({ other, members: _members, ...organization }) => {
      const budget = organization.budget_id ? await gateway.directory.get('budget', organization.budget_id) : undefined
      const own = toBudgetRow(organization, { budget, timezone })
      return {
        ...kept(other),
        ...organization,
        organization_alias: organization.organization_alias ?? null,
        metadata: organization.metadata ?? {},
        blocked: organization.blocked ?? false,
        budget_id: organization.budget_id ?? null,
        ...own,
        litellm_budget_table: budget ? { ...budget, ...toBudgetRow(budget, { timezone }) } : own,
        spend: spend.get(organization.organization_id)!,
      }
    }),
  )
}

/** An organization with its members and teams: who manages it sees all of them, others themselves and their own teams. */
export async function toFullRow(
  management: Management,
  organization: OrganizationDocument,
  caller: Caller,
): Promise<Record<string, unknown>> {
  const { gateway } = management
  const [row] = await toOrganizationRows(management, [organization])
  const all = mayViewAll(caller) || mayManageOrganization(caller, organization)
  const teams = (await gateway.directory.list('team')).filter(
    (team) => team.organization_id === organization.organization_id && (all || mayViewTeam(caller, team, organization)),
  )
  const members = organization.members.filter(({ user_id }) => all || user_id === caller?.user)
  return {
    ...row,
    members: await toMemberRows(gateway, organization, members),
    teams: await toTeamRows(management, teams),
  }
}

/** Members of an organization, with the addresses of their users. */
export async function toMemberRows(
  gateway: GatewayContext,
  organization: OrganizationDocument,
  members: readonly OrganizationMember[],
): Promise<Record<string, unknown>[]> {
  return Promise.all(
    members.map(async ({ user_id, user_role, budget }) => ({
      user_id,
      organization_id: organization.organization_id,
      user_role,
      user_email: (await gateway.directory.get('user', user_id))?.user_email ?? null,
      budget_id: null,
      litellm_budget_table: budget ?? null,
    })),
  )
}

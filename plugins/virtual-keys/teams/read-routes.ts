import { z } from '../../../src/index.ts'
import type { TeamDocument } from '../../../src/index.ts'
import { group } from '../common/group.ts'
import { pageQuery, toPage } from '../common/page.ts'
import { addRoute } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { mayViewTeam } from '../who-may.ts'
import type { Caller } from '../who-may.ts'
import { findTeam, organizationOf } from './find.ts'
import { teamBody, teamInfo, teamList, teamPage } from './schemas.ts'
import { memberships, toTeamRow, toTeamRows, visibleKeys } from './view.ts'

const tags = ['Teams']
const filters = {
  user_id: z.string().optional().describe('Teams of this user.'),
  organization_id: z.string().optional(),
  team_id: z.string().optional(),
  team_alias: z.string().optional().describe('Part of an alias.'),
}
const sortable = ['team_alias', 'team_id', 'created_at', 'updated_at', 'organization_id', 'max_budget', 'spend']

/** Adds the routes that read teams. Everybody sees their own. */
export function addTeamReadRoutes(management: Management): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'GET',
    path: '/team/info',
    tags,
    summary: 'A team with its keys and memberships; members see their own of these',
    query: teamBody,
    response: teamInfo,
    async handler({ query, principal: caller }) {
      const team = await findTeam(gateway, caller, query['team_id']!)
      return {
        team_id: team.team_id,
        team_info: await toTeamRow(management, team),
        keys: await visibleKeys(management, { team, caller }),
        team_memberships: await memberships(management, { team, caller }),
      }
    },
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/team/list',
    tags,
    summary: 'All teams that the caller sees',
    query: z.looseObject(filters),
    response: teamList,
    async handler({ query, principal: caller }) {
      const teams = await visibleTeams(management, caller, query)
      const rows = await toTeamRows(management, teams)
      const keys = group(await gateway.directory.list('key'), ({ team_id }) => (team_id ? [team_id] : []))
      return Promise.all(
        teams.map(async (team, index) => ({
          ...rows[index],
          keys: await visibleKeys(management, { team, caller, keys: keys.get(team.team_id) ?? [] }),
          team_memberships: await memberships(management, { team, caller }),
        })),
      )
    },
  })
  addRoute(gateway, {
    method: 'GET',
    path: '/v2/team/list',
    tags,
    summary: 'Teams that the caller sees, page by page',
    query: z.looseObject({ ...filters, ...pageQuery }),
    response: teamPage,
    async handler({ query, principal: caller }) {
      const teams = await visibleTeams(management, caller, query)
      const { items, ...page } = toPage(await toTeamRows(management, teams), { query, sortable, size: 10 })
      return { teams: items, ...page }
    },
  })
  addAvailableRoute(management)
}

/** Teams that the caller may join: of what a member would see only what helps to choose. */
function addAvailableRoute({ gateway, availableTeams }: Management): void {
  addRoute(gateway, {
    method: 'GET',
    path: '/team/available',
    tags,
    summary: 'Teams that the caller may join by themselves, with /team/member_add',
    async handler({ principal: caller }) {
      const teams = await Promise.all(availableTeams.map((id) => gateway.directory.get('team', id)))
      return teams
        .filter((team) => team !== undefined)
        .filter(({ members_with_roles: members }) => !members.some(({ user_id }) => user_id === caller?.user))
        .map(({ team_id, team_alias, models, metadata }) => ({
          team_id,
          team_alias: team_alias ?? null,
          description: metadata?.['description'] ?? null,
          models,
        }))
    },
  })
}

async function visibleTeams(
  { gateway }: Management,
  caller: Caller,
  query: Readonly<Record<string, string>>,
): Promise<TeamDocument[]> {
  const { user_id: user, organization_id: organization, team_id: id } = query
  const alias = query['team_alias']?.toLowerCase()
  const wanted = (await gateway.directory.list('team')).filter(
    (team) =>
      (user === undefined || team.members_with_roles.some(({ user_id }) => user_id === user)) &&
      (organization === undefined || team.organization_id === organization) &&
      (id === undefined || team.team_id === id) &&
      (alias === undefined || (team.team_alias ?? '').toLowerCase().includes(alias)),
  )
  const visible: TeamDocument[] = []
  for (const team of wanted) {
    if (mayViewTeam(caller, team, await organizationOf(gateway, team))) visible.push(team)
  }
  return visible
}

import { GatewayError, invalidRequest, teamMemberId } from '../../../src/index.ts'
import type { BudgetFields, RouteRequest, TeamDocument, TeamMember } from '../../../src/index.ts'
import { deleteKeys } from '../common/keys.ts'
import { actorOf, addRoute, notFound, paramOf } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { resetSpend } from '../common/set-spend.ts'
import { readSpend } from '../common/spend.ts'
import { requireWithin } from '../common/within.ts'
import { ensureUser } from '../users/ensure.ts'
import type { UserName } from '../users/ensure.ts'
import { forbidden, isProxyAdmin, isSelf, isViewer, requireProxyAdmin } from '../who-may.ts'
import type { Caller } from '../who-may.ts'
import { changeTeam, findTeam, organizationOf, requireRight } from './find.ts'
import { changedMember, memberBudgetOf, memberNamed, toMember, withMember, withMembers } from './members.ts'
import { addMemberBody, bulkAddBody, deleteMemberBody, resetSpendBody, teamRow, updateMemberBody } from './schemas.ts'
import { memberDefaults } from './to-team.ts'
import { toMemberships, toTeamRow } from './view.ts'

const tags = ['Teams']

interface GivenMember extends UserName {
  readonly role?: TeamMember['role']
}

/** Adds the routes of a team's members. */
export function addMemberRoutes(management: Management): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'POST',
    path: '/team/member_add',
    tags,
    summary: 'Adds members to a team; users that do not exist are made',
    body: addMemberBody,
    response: teamRow,
    async handler(request) {
      const given = [request.body['member']].flat() as GivenMember[]
      const { team, added } = await addMembers(management, request, given)
      return {
        ...(await toTeamRow(management, team)),
        updated_users: added.map(({ user_id, user_email }) => ({ user_id, user_email: user_email ?? null })),
        updated_team_memberships: await toMemberships(management, team, added),
      }
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/team/bulk_member_add',
    tags,
    summary: 'Adds many members, each by itself',
    body: bulkAddBody,
    handler: (request) => bulkAdd(management, request),
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/team/member_update',
    tags,
    summary: 'Changes a member’s role, budget or limits in a team',
    body: updateMemberBody,
    async handler(request) {
      const { team, member } = await updateMember(management, request)
      return {
        team_id: team.team_id,
        user_id: member.user_id,
        user_email: member.user_email ?? null,
        role: member.role,
        max_budget_in_team: member.budget?.max_budget ?? null,
        budget_duration: member.budget?.budget_duration ?? null,
        tpm_limit: member.budget?.tpm_limit ?? null,
        rpm_limit: member.budget?.rpm_limit ?? null,
        litellm_budget_table: member.budget ?? null,
      }
    },
  })
  addRoute(gateway, {
    method: 'POST',
    path: '/team/member_delete',
    tags,
    summary: 'Takes a member and their keys out of a team',
    body: deleteMemberBody,
    response: teamRow,
    async handler({ body, principal: caller }) {
      const id = body['team_id'] as string
      const found = await findTeam(gateway, caller, id)
      await requireRight(gateway, { caller, team: found, right: 'manage' })
      const { user_id } = memberNamed(found, body as UserName)
      const ofMember = (key: { team_id?: unknown; user_id?: unknown }) => key.team_id === id && key.user_id === user_id
      // Keys before the membership, whose budget they keep; and once more for those that were made meanwhile.
      await deleteKeys(gateway.directory, ofMember)
      const team = await changeTeam(gateway, {
        caller,
        id,
        right: 'manage',
        change: (stored) => withMember(stored, user_id, undefined),
      })
      await deleteKeys(gateway.directory, ofMember)
      return toTeamRow(management, team)
    },
  })
  addResetRoute(management)
}

/** LiteLLM's way to let a member go on whose budget is spent. */
function addResetRoute(management: Management): void {
  const { gateway } = management
  addRoute(gateway, {
    method: 'POST',
    path: '/team/:team_id/member/:user_id/reset_spend',
    tags,
    summary: 'Sets back what a member has spent in a team',
    body: resetSpendBody,
    async handler(request) {
      const { body, principal: caller } = request
      const team = await findTeam(gateway, caller, paramOf(request, 'team_id'))
      await requireRight(gateway, { caller, team, right: 'manage' })
      const { user_id, budget } = memberNamed(team, { user_id: paramOf(request, 'user_id') })
      if (user_id === caller?.user && !isProxyAdmin(caller)) {
        throw forbidden('Nobody may set back their own spend in a team.', 'user_id')
      }
      const to = body['reset_to'] as number
      const id = teamMemberId(team.team_id, user_id)
      const spend = (await readSpend(gateway.counters, 'team_member', [id])).get(id)!
      if (to > spend) throw invalidRequest(`\`reset_to\` is above what was spent: ${spend}.`, 'reset_to')
      const spender = { kind: 'team_member', id, fields: [budget] } as const
      const before = await resetSpend(management, spender, to)
      return { team_id: team.team_id, user_id, spend: to, previous_spend: before }
    },
  })
}

/** Rights are checked before a user is made, and again in the step that adds them. */
async function addMembers(
  { gateway, availableTeams }: Management,
  request: RouteRequest,
  given: readonly GivenMember[],
): Promise<{ team: TeamDocument; added: TeamMember[] }> {
  const { body, principal: caller } = request
  const id = body['team_id'] as string
  const joins = availableTeams.includes(id) && isJoining(request, given)
  const found = joins ? await gateway.directory.get('team', id) : await findTeam(gateway, caller, id)
  if (!found) throw notFound(caller, 'team', 'team_id')
  const right = joins ? 'join' : 'manage'
  await requireRight(gateway, { caller, team: found, right })
  const budget = { ...memberDefaults(found), ...memberBudgetOf(body) }
  await requireMemberBudget({ gateway, caller, team: found, budget: memberBudgetOf(body) })
  const added: TeamMember[] = []
  for (const name of given) {
    const user = await ensureUser(gateway, name, actorOf(request))
    added.push(toMember(user, { role: name.role ?? 'user', budget }))
  }
  const team = await changeTeam(gateway, { caller, id, right, change: (stored) => withMembers(stored, added) })
  return { team, added }
}

/** A user puts themselves into a team, as a plain member with what the team gives all. */
function isJoining({ body, principal: caller }: RouteRequest, given: readonly GivenMember[]): boolean {
  const [one] = given
  const plain = given.length === 1 && (one!.role ?? 'user') === 'user' && Object.keys(memberBudgetOf(body)).length === 0
  return plain && !isViewer(caller) && isSelf(caller, one!.user_id)
}

async function bulkAdd(management: Management, request: RouteRequest): Promise<Record<string, unknown>> {
  const { gateway } = management
  const { body, principal: caller } = request
  if (body['all_users'] === true) requireProxyAdmin(caller, 'add all users to a team')
  const given: GivenMember[] =
    body['all_users'] === true
      ? (await gateway.directory.list('user')).map(({ user_id }) => ({ user_id }))
      : ((body['members'] ?? []) as GivenMember[])
  if (given.length === 0) throw invalidRequest('Name `members`, or set `all_users`.', 'members')
  const results: Record<string, unknown>[] = []
  for (const name of given) {
    const result = { user_id: name.user_id ?? null, user_email: name.user_email ?? null }
    try {
      const { team, added } = await addMembers(management, request, [name])
      const [membership] = await toMemberships(management, team, added)
      results.push({ ...result, ...added[0], success: true, error: null, updated_team_membership: membership })
    } catch (error) {
      // Only what is wrong with one member is said of one; the rest fails the whole.
      if (!(error instanceof GatewayError) || error.status !== 400) throw error
      results.push({ ...result, success: false, error: error.message })
    }
  }
  const added = results.filter(({ success }) => success === true).length
  return {
    team_id: body['team_id'],
    results,
    total_requested: given.length,
    successful_additions: added,
    failed_additions: given.length - added,
    updated_team: await toTeamRow(management, await findTeam(gateway, caller, body['team_id'] as string)),
  }
}

async function updateMember(
  { gateway }: Management,
  { body, principal: caller }: RouteRequest,
): Promise<{ team: TeamDocument; member: TeamMember }> {
  const budget = memberBudgetOf(body)
  let member: TeamMember | undefined
  const team = await changeTeam(gateway, {
    caller,
    id: body['team_id'] as string,
    right: 'manage',
    async change(stored) {
      const before = memberNamed(stored, body as UserName)
      await requireMemberBudget({ gateway, caller, team: stored, budget, member: before })
      member = changedMember(before, { role: body['role'] as TeamMember['role'] | null, budget })
      return withMember(stored, before.user_id, member)
    },
  })
  return { team, member: member! }
}

interface MemberBudget {
  readonly gateway: Management['gateway']
  readonly caller: Caller
  readonly team: TeamDocument
  readonly budget: Partial<BudgetFields>
  readonly member?: TeamMember
}

/** A member's budget is bounded by the organization's; and nobody sets their own. */
async function requireMemberBudget({ gateway, caller, team, budget, member }: MemberBudget): Promise<void> {
  if (Object.keys(budget).length === 0) return
  if (member && member.user_id === caller?.user && !isProxyAdmin(caller)) {
    throw forbidden('Nobody may change their own budget and limits in a team.', 'user_id')
  }
  await requireWithin(gateway, budget, await organizationOf(gateway, team))
}

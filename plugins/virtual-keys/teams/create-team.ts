import { invalidRequest } from '../../../src/index.ts'
import type { TeamDocument, TeamMember } from '../../../src/index.ts'
import type { Management } from '../common/route.ts'
import { unknown } from '../common/route.ts'
import { startSpend } from '../common/set-spend.ts'
import { effective, requireWithin } from '../common/within.ts'
import { ensureUser } from '../users/ensure.ts'
import type { UserName } from '../users/ensure.ts'
import { forbidden, isOrgAdmin, isProxyAdmin } from '../who-may.ts'
import type { Caller } from '../who-may.ts'
import { organizationOf } from './find.ts'
import { toMember, withMembers } from './members.ts'
import { memberDefaults, toTeam } from './to-team.ts'

export interface CreateTeam {
  readonly caller: Caller
  readonly actor: string
  readonly body: Readonly<Record<string, unknown>>
}

/** Makes a team: proxy admins any, organization admins those of their organization, whose first admin they are. */
export async function createTeam(management: Management, { caller, actor, body }: CreateTeam): Promise<TeamDocument> {
  const { gateway } = management
  const organization_id = (body['organization_id'] ?? undefined) as string | undefined
  const organization = await organizationOf(gateway, { organization_id })
  if (!isProxyAdmin(caller) && !isOrgAdmin(caller, organization)) {
    throw forbidden('Only proxy admins, and organization admins in their organization, may make teams.')
  }
  if (organization_id && !organization) throw unknown('organization', 'organization_id', organization_id)
  const spend = (body['spend'] ?? 0) as number
  if (spend > 0 && !isProxyAdmin(caller)) throw forbidden('Only proxy admins may set `spend`.', 'spend')
  const id = (body['team_id'] ?? crypto.randomUUID()) as string
  if (await gateway.directory.get('team', id)) throw taken(id)
  const empty = toTeam(body, { id, members: [], actor })
  const fields = await effective(gateway, empty)
  await requireWithin(gateway, empty, organization)
  const members: TeamMember[] = []
  for (const { name, role } of membersOf(body, caller)) {
    members.push(toMember(await ensureUser(gateway, name, actor), { role, budget: memberDefaults(empty) }))
  }
  const team = withMembers(empty, members)
  await gateway.directory.update('team', id, async (stored) => {
    if (stored) throw taken(id)
    await startSpend(management, { kind: 'team', id, fields: [fields] }, spend)
    return team
  })
  return team
}

interface NewMember {
  readonly name: UserName
  readonly role: TeamMember['role']
}

/** LiteLLM's three ways to name members; whoever makes a team is an admin of it. */
function membersOf(body: CreateTeam['body'], caller: Caller): NewMember[] {
  const listed = (body['members_with_roles'] ?? []) as (UserName & { role?: TeamMember['role'] })[]
  const members: NewMember[] = listed.map((name) => ({ name, role: name.role ?? 'user' }))
  const add = (id: string, role: TeamMember['role']) => {
    if (!members.some(({ name }) => name.user_id === id)) members.push({ name: { user_id: id }, role })
  }
  for (const id of (body['admins'] ?? []) as string[]) add(id, 'admin')
  for (const id of (body['members'] ?? []) as string[]) add(id, 'user')
  if (caller?.user !== undefined && !isProxyAdmin(caller)) add(caller.user, 'admin')
  return members
}

function taken(id: string) {
  return invalidRequest(`There is a team \`${id}\` already.`, 'team_id', 'team_exists')
}

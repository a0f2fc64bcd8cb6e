import { invalidRequest } from '../../../src/index.ts'
import type { UserDocument } from '../../../src/index.ts'
import { newStamps, rest, withChanges } from '../common/fields.ts'
import { unknown } from '../common/route.ts'
import type { Management } from '../common/route.ts'
import { startSpend } from '../common/set-spend.ts'
import { effective, requireWithin } from '../common/within.ts'
import { addOrganizationMembers } from '../organizations/members.ts'
import { changeTeam, organizationOf, requireRight } from '../teams/find.ts'
import { toMember, withMembers } from '../teams/members.ts'
import { memberDefaults } from '../teams/to-team.ts'
import { forbidden, isOrgAdmin, isProxyAdmin } from '../who-may.ts'
import type { Caller } from '../who-may.ts'
import { requireAllowedUser, userChanges } from './change-user.ts'
import type { ChangeUser } from './change-user.ts'
import { emailTaken, withEmail } from './email.ts'
import { keyFieldsOfUser } from './schemas.ts'

interface TeamPlace {
  readonly team_id: string
  readonly max_budget_in_team?: number | null
  readonly user_role?: string | null
}

/**
 * Makes a user and puts them into teams and organizations: proxy admins any, organization admins those of their
 * organizations. All is checked before anything is written.
 */
export async function createUser(management: Management, { caller, actor, body }: ChangeUser): Promise<UserDocument> {
  const { gateway } = management
  const id = (body['user_id'] ?? crypto.randomUUID()) as string
  const email = (body['user_email'] ?? undefined) as string | undefined
  const organizations = [...new Set((body['organizations'] ?? []) as string[])]
  const places = ((body['teams'] ?? []) as (string | TeamPlace)[]).map((place) =>
    typeof place === 'string' ? { team_id: place } : place,
  )
  await requireMayCreate(management, caller, organizations)
  const spend = (body['spend'] ?? 0) as number
  if (spend > 0 && !isProxyAdmin(caller)) throw forbidden('Only proxy admins may set `spend`.', 'spend')
  const empty: UserDocument = { user_id: id, models: [], ...newStamps(actor) }
  const ofUser = rest(body, new Set<string>(['auto_create_key', ...keyFieldsOfUser]))
  const user = withChanges(empty, userChanges(empty, ofUser))
  await requireAllowedUser(management, { caller, before: undefined, after: user })
  for (const organizationId of organizations) {
    await requireWithin(gateway, user, await gateway.directory.get('organization', organizationId))
  }
  for (const { team_id, max_budget_in_team: max } of places as TeamPlace[]) {
    const team = await gateway.directory.get('team', team_id)
    if (!team) throw unknown('team', 'teams', team_id)
    await requireRight(gateway, { caller, team, right: 'manage' })
    await requireWithin(gateway, { max_budget: max }, await organizationOf(gateway, team))
  }

  const create = async (found?: UserDocument) => {
    if (found) throw emailTaken()
    const fields = [await effective(gateway, user)]
    await gateway.directory.update('user', id, async (stored) => {
      if (stored) throw invalidRequest(`There is a user \`${id}\` already.`, 'user_id', 'user_exists')
      await startSpend(management, { kind: 'user', id, fields }, spend)
      return user
    })
    return user
  }
  await (email === undefined ? create() : withEmail(gateway, email, create))
  for (const organizationId of organizations) {
    const members = [{ user_id: id, user_role: 'internal_user' as const }]
    await addOrganizationMembers(gateway, { caller, id: organizationId, members })
  }
  for (const place of places) {
    await changeTeam(gateway, {
      caller,
      id: place.team_id,
      right: 'manage',
      change: (team) => withMembers(team, [toTeamMember(user, place, memberDefaults(team))]),
    })
  }
  return (await gateway.directory.get('user', id)) ?? user
}

async function requireMayCreate({ gateway }: Management, caller: Caller, organizations: string[]): Promise<void> {
  const refuse = () => forbidden('Only proxy admins, and organization admins in their organization, may make users.')
  if (!isProxyAdmin(caller) && organizations.length === 0) throw refuse()
  for (const id of organizations) {
    const organization = await gateway.directory.get('organization', id)
    if (!isProxyAdmin(caller) && !isOrgAdmin(caller, organization)) throw refuse()
    if (!organization) throw unknown('organization', 'organizations', id)
  }
}

function toTeamMember(user: UserDocument, place: TeamPlace, defaults: ReturnType<typeof memberDefaults>) {
  const own = place.max_budget_in_team ?? null
  return toMember(user, {
    role: place.user_role === 'admin' ? 'admin' : 'user',
    budget: own === null ? defaults : { ...defaults, max_budget: own },
  })
}

import type {
  BudgetDocument,
  Directory,
  DirectoryDocuments,
  DirectoryKind,
  OrganizationDocument,
  TeamDocument,
  UserDocument,
} from '../../src/index.ts'
import type { Identity } from './identity.ts'
import { invalidToken, notAllowed, shown } from './refusals.ts'

/** The documents behind one way to use a token: as a member of a team, or without one. */
export interface TokenDocuments {
  readonly user: UserDocument | undefined
  readonly userBudget: BudgetDocument | undefined
  readonly team: TeamDocument | undefined
  readonly teamBudget: BudgetDocument | undefined
  readonly organization: OrganizationDocument | undefined
  readonly organizationBudget: BudgetDocument | undefined
}

export interface ReadOptions {
  readonly directory: Directory
  readonly userIdUpsert: boolean
  readonly teamIdUpsert: boolean
}

/**
 * Reads what the gateway knows of a token's user and teams; makes it where that is wanted. Only one team is made: a token
 * may carry all groups that its user is in.
 * @param teams the teams to choose from: the token's, or the one that the caller chose of them
 * @returns one entry per team that exists; one without a team where the token has none
 */
export async function readDocuments(
  identity: Identity,
  teams: readonly string[],
  options: ReadOptions,
): Promise<readonly TokenDocuments[]> {
  const { directory } = options
  const user = await readUser(identity, options)
  const userBudget = await maybe(directory, 'budget', user?.budget_id)
  const found = await readTeams(identity, teams, options)
  const entries: TokenDocuments[] = []
  for (const team of found.length > 0 ? found : [undefined]) {
    const organization = await readOrganization(identity, team, directory)
    entries.push({
      user,
      userBudget,
      team,
      teamBudget: await maybe(directory, 'budget', team?.budget_id),
      organization,
      organizationBudget: await maybe(directory, 'budget', organization?.budget_id),
    })
  }
  return entries
}

async function readUser(
  { user: id, email, admin }: Identity,
  { directory, userIdUpsert }: ReadOptions,
): Promise<UserDocument | undefined> {
  if (id === undefined) return undefined
  let user = await directory.get('user', id)
  if (!user && userIdUpsert) {
    const stamps = made()
    user = await directory.update('user', id, (stored) => {
      return stored ?? { user_id: id, user_email: email ?? null, user_role: 'internal_user', models: [], ...stamps }
    })
  }
  if (user?.blocked) throw invalidToken('The user of this token is blocked.', 'user_blocked')
  if (!user && !admin) {
    throw notAllowed(`The user of this token (${shown(id)}) does not exist in this gateway.`, 'user_not_found')
  }
  return user
}

async function readTeams(
  { admin }: Identity,
  ids: readonly string[],
  { directory, teamIdUpsert }: ReadOptions,
): Promise<TeamDocument[]> {
  if (ids.length === 0) return []
  const stored = await Promise.all(ids.map((id) => directory.get('team', id)))
  const found = stored.filter((team) => team !== undefined)
  if (found.length === 0 && ids.length === 1 && teamIdUpsert) {
    const [id] = ids as [string]
    const stamps = made()
    const team = await directory.update('team', id, (existing) => {
      return existing ?? { team_id: id, team_alias: null, members_with_roles: [], models: [], ...stamps }
    })
    if (team) found.push(team)
  }
  if (found.length === 0 && admin) return []
  if (found.length === 0) {
    const which = ids.length === 1 ? `The team of this token (${shown(ids[0]!)}) does` : 'The teams of this token do'
    throw notAllowed(`${which} not exist in this gateway.`, 'team_not_found')
  }
  const open = found.filter((team) => !team.blocked)
  if (open.length === 0) throw invalidToken('The team of this token is blocked.', 'team_blocked')
  return open
}

async function readOrganization(
  identity: Identity,
  team: TeamDocument | undefined,
  directory: Directory,
): Promise<OrganizationDocument | undefined> {
  const id = team?.organization_id ?? identity.organization
  if (id === undefined) return undefined
  const organization = await directory.get('organization', id)
  if (organization?.blocked) throw invalidToken('The organization of this token is blocked.', 'organization_blocked')
  if (!organization && !identity.admin) {
    throw notAllowed(
      `The organization of this token (${shown(id)}) does not exist in this gateway.`,
      'organization_not_found',
    )
  }
  return organization
}

async function maybe<K extends DirectoryKind>(
  directory: Directory,
  kind: K,
  id: string | null | undefined,
): Promise<DirectoryDocuments[K] | undefined> {
  return id ? directory.get(kind, id) : undefined
}

function made() {
  const now = new Date().toISOString()
  return { created_at: now, updated_at: now, created_by: 'jwt-auth', updated_by: 'jwt-auth' }
}

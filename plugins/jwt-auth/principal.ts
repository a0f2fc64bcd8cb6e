import { scopeOf, storageKey, teamMemberId } from '../../src/index.ts'
import type { Principal, Role, Scope } from '../../src/index.ts'
import type { TokenDocuments } from './documents.ts'
import type { Identity } from './identity.ts'

/** Puts together who is calling: identity from the token, models, limits and budgets from the gateway's documents. */
export function toPrincipal(identity: Identity, documents: TokenDocuments): Principal {
  const { user, team, organization } = documents
  const proxyRole = roleOf(identity, documents)
  const aliases = team?.model_aliases
  return Object.freeze({
    // The same over all tokens of a user: what is cached and counted by caller stays together.
    id: storageKey('jwt', identity.user ?? '', team?.team_id ?? ''),
    role: proxyRole === 'proxy_admin' ? 'admin' : 'user',
    proxyRole,
    name: user?.user_alias ?? identity.email ?? user?.user_email ?? undefined,
    user: identity.user,
    team: team?.team_id,
    organization: organization?.organization_id,
    metadata: Object.freeze({ ...user?.metadata, ...team?.metadata }),
    scopes: Object.freeze(toScopes(identity, documents)),
    modelLists: toLists(identity, documents),
    aliases: aliases && Object.keys(aliases).length > 0 ? aliases : undefined,
    tags: team?.tags && team.tags.length > 0 ? team.tags : undefined,
    endUser: identity.endUser,
  })
}

/** Whose token it is, for the books of calls that are refused: nothing of it is looked up. */
export function toCaller({ user, email, teams }: Identity): Principal {
  const team = teams.length === 1 ? teams[0] : undefined
  return Object.freeze({ id: storageKey('jwt', user ?? '', team ?? ''), role: 'user', name: email, user, team })
}

/** Rights over the gateway are a user's own: a team's budget and name do not carry them. */
function roleOf(identity: Identity, { user, team }: TokenDocuments): Role {
  if (identity.admin) return 'proxy_admin'
  if (identity.role !== undefined) return identity.role
  if (identity.user === undefined) return 'team'
  const role = user?.user_role ?? 'internal_user'
  return team && (role === 'proxy_admin' || role === 'proxy_admin_viewer') ? 'internal_user' : role
}

/** A user's budget is for calls of their own; their rates hold for calls of a team as well. */
function toScopes({ user: userId }: Identity, documents: TokenDocuments): Scope[] {
  const { user, team, organization, userBudget, teamBudget, organizationBudget } = documents
  const scopes: Scope[] = []
  if (team) {
    const { team_id: id, team_alias: name, metadata } = team
    scopes.push(scopeOf(team, teamBudget, { kind: 'team', id, name, metadata, fields: [team, teamBudget] }))
    if (userId !== undefined) {
      const member = team.members_with_roles.find(({ user_id }) => user_id === userId)
      // Without a budget as well: what they spend in the team is counted.
      const source = { kind: 'team_member', id: teamMemberId(id, userId), fields: [member?.budget] } as const
      scopes.push(scopeOf(team, undefined, source))
    }
  }
  if (user) {
    const { user_id: id, metadata } = user
    const name = user.user_alias ?? user.user_email
    const source = { kind: 'user', id, name, metadata, fields: [user, userBudget], budgets: !team } as const
    scopes.push(scopeOf(user, userBudget, source))
  }
  if (organization) {
    const { organization_id: id, organization_alias: name, metadata } = organization
    const fields = [organization, organizationBudget]
    scopes.push(scopeOf(organization, organizationBudget, { kind: 'organization', id, name, metadata, fields }))
  }
  return scopes
}

/** An empty list of a document restricts nothing; scopes of a token that name no model admit none. */
function toLists({ models, admin }: Identity, documents: TokenDocuments): readonly (readonly string[])[] | undefined {
  if (admin) return undefined
  const { user, team, organization } = documents
  const lists = [team ? team.models : user?.models, organization?.models].filter(
    (list): list is readonly string[] => list !== undefined && list.length > 0,
  )
  if (models) lists.push(models)
  return lists.length > 0 ? Object.freeze(lists) : undefined
}

import { budgetFieldsToScope, storageKey, teamMemberId } from '../../src/index.ts'
import type { BudgetDocument, CustomerDocument, Principal, Role, Scope, ScopeSource } from '../../src/index.ts'
import type { TokenDocuments } from './documents.ts'
import type { Identity } from './identity.ts'

/** Scopes by their documents: who limits keeps what it compiled per scope object. */
const known = new WeakMap<object, Map<string, { readonly budget: BudgetDocument | undefined; readonly scope: Scope }>>()
const joined = new WeakMap<Principal, WeakMap<Scope, Principal>>()
const limited = new WeakMap<CustomerDocument, boolean>()
const loose = new WeakMap<BudgetDocument, Map<string, Scope>>()
const MOST = 10_000

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

/** Whether a customer says anything of limits or budgets, so that those of everybody are not meant for it. */
export function hasOwnLimits(customer: CustomerDocument): boolean {
  let has = limited.get(customer)
  if (has === undefined) {
    const { limits, budgets } = budgetFieldsToScope({ kind: 'end_user', id: customer.user_id, fields: customer })
    limited.set(customer, (has = limits !== undefined || budgets !== undefined))
  }
  return has
}

/** Adds an end user's limits and budgets to a principal; the same object for the same documents. */
export function joinEndUser(
  principal: Principal,
  customer: CustomerDocument,
  budget: BudgetDocument | undefined,
): Principal {
  const { user_id: id, alias: name } = customer
  return joinScope(principal, id, scopeOf(customer, budget, { kind: 'end_user', id, name, fields: [customer, budget] }))
}

/** Adds the budget of all end users that have no document. Their ids are what callers say: only so many are remembered. */
export function joinUnknownEndUser(principal: Principal, id: string, budget: BudgetDocument): Principal {
  let scopes = loose.get(budget)
  if (!scopes) loose.set(budget, (scopes = new Map()))
  let scope = scopes.get(id)
  if (!scope) {
    scopes.set(id, (scope = budgetFieldsToScope({ kind: 'end_user', id, fields: budget })))
    if (scopes.size > MOST) scopes.delete(scopes.keys().next().value!)
  }
  return joinScope(principal, id, scope)
}

function joinScope(principal: Principal, id: string, scope: Scope): Principal {
  let scopes = joined.get(principal)
  if (!scopes) joined.set(principal, (scopes = new WeakMap()))
  let one = scopes.get(scope)
  if (!one) {
    one = Object.freeze({ ...principal, endUser: id, scopes: Object.freeze([...(principal.scopes ?? []), scope]) })
    scopes.set(scope, one)
  }
  return one
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

function scopeOf(document: object, budget: BudgetDocument | undefined, source: ScopeSource): Scope {
  let scopes = known.get(document)
  if (!scopes) known.set(document, (scopes = new Map()))
  const name = `${source.kind}:${source.budgets !== false}:${source.id}`
  const found = scopes.get(name)
  if (found && found.budget === budget) return found.scope
  const scope = budgetFieldsToScope(source)
  scopes.set(name, { budget, scope })
  return scope
}

import { scopeOf, teamMemberId } from '../../src/index.ts'
import type { Scope } from '../../src/index.ts'
import type { KeyDocuments } from './read-documents.ts'

/**
 * Whose limits and budgets the calls of a key keep. The budget of a user is for their own keys; their rates hold for keys
 * of teams as well. A budget that is referred to fills what its holder does not say.
 */
export function keyScopes(documents: KeyDocuments): Scope[] {
  const { key, teamId, team, user, organization } = documents
  const scopes = [
    scopeOf(key, documents.keyBudget, {
      kind: 'key',
      id: key.token,
      name: key.key_alias,
      countedAs: key.counted_as,
      spentAs: key.spent_as,
      fields: [key, documents.keyBudget],
      metadata: key.metadata,
    }),
  ]
  if (team) {
    const source = { fields: [team, documents.teamBudget], metadata: team.metadata, name: team.team_alias }
    scopes.push(scopeOf(team, documents.teamBudget, { kind: 'team', id: team.team_id, ...source }))
    if (key.user_id) {
      const member = team.members_with_roles.find(({ user_id }) => user_id === key.user_id)
      const id = teamMemberId(team.team_id, key.user_id)
      scopes.push(scopeOf(team, undefined, { kind: 'team_member', id, fields: [member?.budget] }))
    }
  }
  if (key.user_id) {
    const budgets = teamId === undefined
    const name = user?.user_alias ?? user?.user_email
    const source = { fields: [user, documents.userBudget], metadata: user?.metadata, name, budgets }
    scopes.push(scopeOf(user ?? key, documents.userBudget, { kind: 'user', id: key.user_id, ...source }))
  }
  if (organization) {
    const budget = documents.organizationBudget
    const source = { fields: [organization, budget], metadata: organization.metadata }
    const { organization_id: id, organization_alias: name } = organization
    scopes.push(scopeOf(organization, budget, { kind: 'organization', id, name, ...source }))
  }
  return scopes
}

import { invalidRequest } from '../../../src/index.ts'
import type { BudgetFields, TeamDocument, TeamMember } from '../../../src/index.ts'
import { budgetFieldsOf, withChanges } from '../common/fields.ts'
import { unknown } from '../common/route.ts'
import type { UserName } from '../users/ensure.ts'

/** Budget and limits of a member as bodies name them. `null` stays: it clears a field. */
export function memberBudgetOf(body: Readonly<Record<string, unknown>>): Partial<BudgetFields> {
  const { max_budget: _whole, ...fields } = budgetFieldsOf(body)
  return body['max_budget_in_team'] === undefined
    ? fields
    : { ...fields, max_budget: body['max_budget_in_team'] as null }
}

/** A team with more members. Throws 400 for one who is in it already. */
export function withMembers(team: TeamDocument, members: readonly TeamMember[]): TeamDocument {
  const all = [...team.members_with_roles]
  for (const member of members) {
    if (all.some(({ user_id }) => user_id === member.user_id)) {
      throw invalidRequest(
        `User \`${member.user_id}\` is in this team already.`,
        'member.user_id',
        'team_member_already_in_team',
      )
    }
    all.push(member)
  }
  return { ...team, members_with_roles: all }
}

/** A new member, with a budget where something is set. */
export function toMember(
  { user_id, user_email }: { user_id: string; user_email?: string | null | undefined },
  { role, budget }: { role: TeamMember['role']; budget: Partial<BudgetFields> },
): TeamMember {
  const own = withChanges<BudgetFields>({}, budget)
  return {
    user_id,
    role,
    ...(user_email ? { user_email } : {}),
    ...(Object.keys(own).length > 0 ? { budget: own } : {}),
  }
}

/** The member of a name. Throws 404 where the team has none. */
export function memberNamed(team: TeamDocument, name: UserName): TeamMember {
  const { user_id: id, user_email: email } = name
  if (!id && !email) {
    throw invalidRequest('Name a member by `user_id` or `user_email`.', 'user_id', 'missing_required_parameter')
  }
  const member = team.members_with_roles.find((one) =>
    id ? one.user_id === id : one.user_email?.toLowerCase() === email!.toLowerCase(),
  )
  if (!member) throw unknown('team member', id ? 'user_id' : 'user_email', (id ?? email)!)
  return member
}

/** A team with one member changed, or without them. */
export function withMember(team: TeamDocument, id: string, next: TeamMember | undefined): TeamDocument {
  return {
    ...team,
    members_with_roles: team.members_with_roles.flatMap((member) =>
      member.user_id === id ? (next ? [next] : []) : [member],
    ),
  }
}

/** A member with a role and a budget changed. */
export function changedMember(
  { budget: stored, ...member }: TeamMember,
  { role, budget }: { role?: TeamMember['role'] | null | undefined; budget: Partial<BudgetFields> },
): TeamMember {
  const own = withChanges<BudgetFields>(stored ?? {}, budget)
  return { ...member, role: role ?? member.role, ...(Object.keys(own).length > 0 ? { budget: own } : {}) }
}

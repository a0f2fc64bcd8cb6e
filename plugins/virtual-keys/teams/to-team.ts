import type { BudgetFields, TeamDocument, TeamMember } from '../../../src/index.ts'
import { budgetFieldsOf, mergeOther, newStamps, pick, rest, stamped, withChanges } from '../common/fields.ts'
import { changedMember } from './members.ts'
import { knownTeamFields, teamFields } from './schemas.ts'

type Body = Readonly<Record<string, unknown>>

/** A new team from a body. */
export function toTeam(
  body: Body,
  { id, members, actor }: { id: string; members: readonly TeamMember[]; actor: string },
): TeamDocument {
  const empty: TeamDocument = { team_id: id, members_with_roles: members, models: [], ...newStamps(actor) }
  return withChanges(empty, changesOf(empty, body))
}

/**
 * A team with what a body says. What is set for all members reaches those who have the old value of it: whoever was given
 * something else keeps that.
 * `null` clears a field; of a list of models it makes an empty one.
 * @param except a member whom that does not reach: who changes it for themselves
 */
export function withTeamChanges(
  team: TeamDocument,
  body: Body,
  { actor, except }: { actor: string; except?: string | undefined },
): TeamDocument {
  const changed = stamped(team, changesOf(team, body), actor)
  if (changed === team) return team
  const [before, after] = [memberDefaults(team), memberDefaults(changed)]
  if (JSON.stringify(before) === JSON.stringify(after)) return changed
  return {
    ...changed,
    members_with_roles: changed.members_with_roles.map((member) =>
      member.user_id === except ? member : follow(member, before, after),
    ),
  }
}

/** What a member of a team has who was given nothing of their own; null where that is nothing. */
export function memberDefaults(team: TeamDocument): BudgetFields {
  return {
    max_budget: team.team_member_budget ?? null,
    budget_duration: team.team_member_budget_duration ?? null,
    rpm_limit: team.team_member_rpm_limit ?? null,
    tpm_limit: team.team_member_tpm_limit ?? null,
  }
}

function follow(member: TeamMember, before: BudgetFields, after: BudgetFields): TeamMember {
  const names = Object.keys(before) as (keyof BudgetFields)[]
  const same = names.filter((name) => (member.budget?.[name] ?? null) === before[name])
  return changedMember(member, { budget: Object.fromEntries(same.map((name) => [name, after[name]])) })
}

function changesOf(team: TeamDocument, body: Body): Record<string, unknown> {
  const fields = pick(body, teamFields)
  return {
    ...fields,
    ...budgetFieldsOf(body),
    ...(fields['models'] === null ? { models: [] } : {}),
    other: mergeOther(team.other, rest(body, knownTeamFields)),
  }
}

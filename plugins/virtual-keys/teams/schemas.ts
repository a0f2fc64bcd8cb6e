import { z } from '../../../src/index.ts'
import {
  budgetNames,
  budgetShape,
  count,
  duration,
  free,
  inertOfOwners,
  inertShape,
  names,
  refused,
} from '../common/fields.ts'
import { text, usd } from '../common/fields.ts'
import { memberPermissions } from '../who-may.ts'

/** A `/` would make `team/user`, the name of a member, mean two things. */
export const teamId = text.refine((id) => !id.includes('/'), 'expected no slash')

const role = z.enum(['admin', 'user'])

export const memberSchema = z.looseObject({
  user_id: text.nullish(),
  user_email: text.nullish(),
  role: role.default('user'),
})

const { max_budget: _whole, ...others } = budgetShape
/** Budget and limits of a member in the team. */
const memberBudget = {
  max_budget_in_team: usd.nullish().describe('USD that this member may spend in the team.'),
  ...others,
}

const shape = {
  team_alias: text.nullish(),
  organization_id: text.nullish(),
  metadata: free.nullish(),
  models: names.nullish().describe('Empty: all that the organization has.'),
  model_aliases: z.record(z.string(), z.string()).nullish(),
  tags: names.nullish(),
  blocked: z.boolean().nullish(),
  budget_id: text.nullish(),
  team_member_permissions: z.array(z.enum(memberPermissions)).nullish(),
  team_member_budget: usd.nullish().describe('USD of a member without a budget of their own.'),
  team_member_budget_duration: duration.nullish(),
  team_member_rpm_limit: count.nullish(),
  team_member_tpm_limit: count.nullish(),
  team_member_key_duration: duration
    .nullish()
    .describe('How long keys live that members have in the team, and at most. Not of service accounts.'),
  ...budgetShape,
}

/** Fields of a team that a body may set. */
export const teamFields = Object.keys(shape).filter((name) => !(budgetNames as string[]).includes(name))

const inert = inertShape(...inertOfOwners, 'soft_budget_alerting_emails', 'model_tpm_limit_type')

export const newTeamBody = z.looseObject({
  team_id: teamId.nullish().describe('Default: a UUID.'),
  members_with_roles: z.array(memberSchema).max(1000).nullish(),
  admins: names.nullish().describe('Ids of users.'),
  members: names.nullish().describe('Ids of users.'),
  spend: usd.nullish().describe('What was spent before. Proxy admins only.'),
  ...shape,
  ...inert,
})

const members = refused('Use /team/member_add, member_update and member_delete.')

export const updateTeamBody = z.looseObject({
  team_id: text,
  ...shape,
  spend: usd.nullish().describe('What counts as spent. Proxy admins only.'),
  members_with_roles: members,
  admins: members,
  members,
  ...inert,
})

/** Names of bodies that are not kept in `other`. */
export const knownTeamFields = new Set([
  ...Object.keys(shape),
  'team_id',
  'members_with_roles',
  'admins',
  'members',
  'spend',
])

export const deleteTeamsBody = z.looseObject({ team_ids: z.array(text).min(1).max(1000) })
export const teamBody = z.looseObject({ team_id: text })
export const modelsBody = z.looseObject({ team_id: text, models: names })
export const permissionsBody = z.looseObject({
  team_id: text,
  team_member_permissions: z.array(z.enum(memberPermissions)),
})

export const addMemberBody = z.looseObject({
  team_id: text,
  member: z.union([memberSchema, z.array(memberSchema).min(1).max(1000)]),
  ...memberBudget,
})
export const bulkAddBody = z.looseObject({
  team_id: text,
  members: z.array(memberSchema).max(500).nullish(),
  all_users: z.boolean().nullish().describe('All users there are. Proxy admins only.'),
  ...memberBudget,
})
const whichMember = { team_id: text, user_id: text.nullish(), user_email: text.nullish() }
export const updateMemberBody = z.looseObject({ ...whichMember, role: role.nullish(), ...memberBudget })
export const deleteMemberBody = z.looseObject(whichMember)
export const resetSpendBody = z.looseObject({ reset_to: usd })

const member = z.looseObject({ user_id: z.string(), user_email: z.string().nullable(), role })

/** A team as it is read. */
export const teamRow = z
  .looseObject({
    team_id: z.string(),
    team_alias: z.string().nullable(),
    organization_id: z.string().nullable(),
    members_with_roles: z.array(member),
    models: z.array(z.string()),
    blocked: z.boolean(),
    spend: z.number(),
    max_budget: z.number().nullable(),
    budget_reset_at: z.string().nullable(),
  })
  .meta({ id: 'Team' })

const keys = z.array(z.looseObject({ token: z.string() }))
const memberships = z.array(z.looseObject({ user_id: z.string(), team_id: z.string(), spend: z.number() }))

export const teamInfo = z.looseObject({ team_id: z.string(), team_info: teamRow, keys, team_memberships: memberships })
export const teamList = z.array(teamRow)
export const teamPage = z.looseObject({
  teams: teamList,
  total: z.number(),
  page: z.number(),
  page_size: z.number(),
  total_pages: z.number(),
})

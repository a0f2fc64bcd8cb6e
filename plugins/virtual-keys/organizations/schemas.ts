import { z } from '../../../src/index.ts'
import { budgetNames, budgetShape, free, inertOfOwners, inertShape, names, text, usd } from '../common/fields.ts'

const shape = {
  models: names.nullish().describe('Empty: all.'),
  metadata: free.nullish(),
  budget_id: text.nullish(),
  blocked: z.boolean().nullish(),
  ...budgetShape,
  ...inertShape(...inertOfOwners),
}

/** Fields of an organization that a body may set, besides budgets. */
export const organizationFields = ['organization_alias', 'models', 'metadata', 'budget_id', 'blocked'] as const

/** Names of bodies that are not kept in `other`. */
export const knownOrganizationFields = new Set<string>([...organizationFields, ...budgetNames, 'organization_id'])

export const newOrganizationBody = z.looseObject({
  organization_id: text.nullish().describe('Default: a UUID.'),
  organization_alias: text,
  ...shape,
})
export const updateOrganizationBody = z.looseObject({
  organization_id: text,
  organization_alias: text.nullish(),
  ...shape,
})
export const deleteOrganizationsBody = z.looseObject({ organization_ids: z.array(text).min(1).max(1000) })

const role = z.enum(['org_admin', 'internal_user', 'internal_user_viewer'])
const member = z.looseObject({
  user_id: text.nullish(),
  user_email: text.nullish(),
  role: role.nullish().describe('Default: internal_user.'),
})
const budget = usd.nullish().describe('Kept and given back; has no effect here.')

export const addMemberBody = z.looseObject({
  organization_id: text,
  member: z.union([member, z.array(member).min(1).max(1000)]),
  max_budget_in_organization: budget,
})
const which = { organization_id: text, user_id: text.nullish(), user_email: text.nullish() }
export const updateMemberBody = z.looseObject({ ...which, role: role.nullish(), max_budget_in_organization: budget })
export const deleteMemberBody = z.looseObject(which)

/** An organization as it is read. */
export const organizationRow = z
  .looseObject({
    organization_id: z.string(),
    organization_alias: z.string().nullable(),
    models: z.array(z.string()),
    spend: z.number(),
    max_budget: z.number().nullable(),
  })
  .meta({ id: 'Organization' })

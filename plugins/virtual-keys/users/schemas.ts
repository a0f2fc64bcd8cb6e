import { z } from '../../../src/index.ts'
import {
  budgetNames,
  budgetShape,
  duration,
  free,
  inertOfOwners,
  inertShape,
  names,
  refused,
} from '../common/fields.ts'
import { text, usd } from '../common/fields.ts'

export const roles = ['proxy_admin', 'proxy_admin_viewer', 'internal_user', 'internal_user_viewer'] as const

/** Ids never begin with a control character: {@link ../users/ensure.ts} keeps such names to itself. */
// oxlint-disable-next-line no-control-regex -- they are what is refused
export const userId = text.regex(/^[^\u0000-\u001F]+$/, 'expected no control characters')

const shape = {
  user_email: text.nullish(),
  user_alias: text.nullish(),
  user_role: z.enum(roles).nullish(),
  sso_user_id: text.nullish(),
  models: names.nullish().describe('Of the keys that belong to no team. Empty: all.'),
  metadata: free.nullish(),
  blocked: z.boolean().nullish(),
  budget_id: text.nullish(),
  ...budgetShape,
}
const password = refused('Users have no passwords: they sign in with keys or tokens.')

/** Fields of a user that a body may set, besides budgets. */
export const userFields = Object.keys(shape).filter((name) => !(budgetNames as string[]).includes(name))

const inert = inertShape(...inertOfOwners, 'send_invite_email')

export const newUserBody = z.looseObject({
  user_id: userId.nullish().describe('Default: a UUID.'),
  ...shape,
  teams: z
    .array(
      z.union([
        text,
        z.looseObject({ team_id: text, max_budget_in_team: usd.nullish(), user_role: z.string().nullish() }),
      ]),
    )
    .max(100)
    .nullish()
    .describe('Teams that the user is put into.'),
  organizations: names.nullish().describe('Organizations that the user is put into.'),
  auto_create_key: z.boolean().default(true).describe('Makes a key, which the answer holds.'),
  key_alias: text.nullish().describe('Of the key, as are the next ones.'),
  duration: duration.nullish(),
  aliases: z.record(z.string(), z.string()).nullish(),
  config: free.nullish(),
  permissions: free.nullish(),
  spend: usd.nullish().describe('What was spent before. Proxy admins only.'),
  password,
  ...inert,
})

export const updateUserBody = z.looseObject({
  user_id: text.nullish(),
  ...shape,
  spend: usd.nullish().describe('What counts as spent. Proxy admins only.'),
  teams: refused('Use /team/member_add and member_delete.'),
  organizations: refused('Use /organization/member_add and member_delete.'),
  password,
  ...inert,
})

/** Names of bodies that are not kept in `other`. */
export const knownUserFields = new Set<string>([
  ...Object.keys(shape),
  'user_id',
  'teams',
  'organizations',
  'spend',
  'password',
])

/** Names that a body of a new user has for its key. */
export const keyFieldsOfUser = ['key_alias', 'duration', 'aliases', 'config', 'permissions'] as const

const one = z.looseObject({ user_id: text.nullish(), user_email: text.nullish() })
export const bulkUpdateBody = z.looseObject({
  users: z.array(one).max(500).nullish().describe('Each with the fields to change.'),
  all_users: z.boolean().nullish(),
  user_updates: z.looseObject({}).nullish().describe('With `all_users`: the fields to change of everybody.'),
})
export const deleteUsersBody = z.looseObject({ user_ids: z.array(text).min(1).max(1000) })

/** A user as it is read. */
export const userRow = z
  .looseObject({
    user_id: z.string(),
    user_email: z.string().nullable(),
    user_alias: z.string().nullable(),
    user_role: z.string().nullable(),
    teams: z.array(z.string()),
    spend: z.number(),
    max_budget: z.number().nullable(),
    models: z.array(z.string()),
  })
  .meta({ id: 'User' })

const list = z.array(z.looseObject({}))
export const userInfo = z.looseObject({
  user_id: z.string().nullable(),
  user_info: userRow.nullable(),
  keys: list,
  teams: list,
})
export const userPage = z.looseObject({
  users: z.array(userRow),
  total: z.number(),
  page: z.number(),
  page_size: z.number(),
  total_pages: z.number(),
})

/** LiteLLM's `/user/available_roles`. */
export const roleNotes = {
  proxy_admin: { description: 'Sees and changes everything.', ui_label: 'Admin (All Permissions)' },
  proxy_admin_viewer: { description: 'Sees everything, changes nothing.', ui_label: 'Admin (View Only)' },
  internal_user: {
    description: 'Makes, sees and deletes their own keys.',
    ui_label: 'Internal User (Create/Delete/View)',
  },
  internal_user_viewer: { description: 'Sees their own keys and spend.', ui_label: 'Internal User (View Only)' },
} as const satisfies Record<(typeof roles)[number], unknown>

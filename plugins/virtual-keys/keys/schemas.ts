import { z } from '../../../src/index.ts'
import {
  budgetNames,
  budgetShape,
  duration,
  free,
  inertOfOwners,
  inertShape,
  names,
  text,
  usd,
} from '../common/fields.ts'
import { routesOfType } from '../allowed-routes.ts'
import { KEY_PREFIX } from '../hash-key.ts'

/** Keys of one's own: LiteLLM's prefix, printable, not so short that it can be guessed by chance. */
const ownKey = z
  .string()
  .max(256)
  .refine(
    (key) => key.startsWith(KEY_PREFIX) && key.length >= 8,
    'expected a key that begins with sk-, 8 characters or more',
  )
  .refine((key) => /^[\x21-\x7e]+$/.test(key), 'expected printable characters without spaces')

/** The key itself, or its hash. */
const which = text.describe('The key, or its hash.')

const tokens = z.int().positive()

/** How clients of LiteLLM say it who do not know of `null`. */
export const FOR_EVER = '-1'

const shape = {
  key_alias: text.nullish().describe('A name that no other key has.'),
  models: names
    .nullish()
    .describe('Names, patterns (`openai/*`) and access groups. Empty: all that the team, else the user, may use.'),
  aliases: z.record(z.string(), z.string()).nullish().describe('Names of the key’s own for models.'),
  config: free.nullish(),
  permissions: free.nullish(),
  metadata: free.nullish().describe('`tags` and `enforced_params` in it have an effect as well.'),
  user_id: text.nullish(),
  team_id: text.nullish(),
  organization_id: text.nullish(),
  project_id: text.nullish(),
  agent_id: text.nullish(),
  budget_id: text.nullish(),
  allowed_routes: names
    .nullish()
    .describe('Paths, patterns (`/key/*`) and groups (`llm_api_routes`, `management_routes`, `info_routes`).'),
  tags: names.nullish(),
  enforced_params: names.nullish().describe('Body fields, as paths, that every call must have.'),
  default_estimated_output_tokens: tokens
    .nullish()
    .describe('Tokens of an answer that limits reserve for a call that sets no maximum.'),
  default_estimated_output_tokens_per_model: z.record(z.string(), tokens).nullish(),
  blocked: z.boolean().nullish(),
  ...budgetShape,
}

/** Fields of a key that are stored as they are given. */
export const keyFields = Object.keys(shape).filter((name) => !(budgetNames as string[]).includes(name))

const NO_SCHEDULE = 'keys are not rotated on a schedule, use /key/regenerate'

/** Fields that a body has besides the stored ones. */
const special = {
  duration: duration
    .or(z.literal(FOR_EVER))
    .nullish()
    .describe(`How long the key lives: 30s, 12h, 30d, 1mo. Null, as LiteLLM’s older "${FOR_EVER}": for ever.`),
  key_type: z
    .enum(Object.keys(routesOfType) as [string, ...string[]])
    .nullish()
    .describe('What it may reach: models only, management only, reading only. Sets `allowed_routes`.'),
  spend: usd.nullish().describe('USD that count as spent. Not for plain users.'),
  send_invite_email: z.literal(false, 'invitations are not sent').nullish(),
  auto_rotate: z.literal(false, NO_SCHEDULE).nullish(),
  rotation_interval: z.null(NO_SCHEDULE).optional(),
}

const inert = inertShape(...inertOfOwners, 'budget_fallbacks', 'allowed_cache_controls')

/** Names of bodies that are not kept in `other`. */
export const knownKeyFields = new Set([
  ...Object.keys(shape),
  ...Object.keys(special),
  'key',
  'new_key',
  'new_master_key',
  'grace_period',
  'key_name',
  'token',
  'token_id',
])

export const generateBody = z.looseObject({
  key: ownKey.nullish().describe('A key of your own choice; begins with sk-. Default: 128 random bits.'),
  ...shape,
  ...special,
  ...inert,
})
export const serviceAccountBody = z.looseObject({
  ...generateBody.shape,
  team_id: text,
  user_id: z.null('a service account has no user').optional(),
})
export const updateBody = z.looseObject({ key: which, ...shape, ...special, ...inert })
export const bulkUpdateBody = z.looseObject({ keys: z.array(updateBody).min(1).max(500) })
export const deleteBody = z.looseObject({
  keys: z.array(text).min(1).max(1000).nullish(),
  key_aliases: z.array(text).min(1).max(1000).nullish(),
})
export const whichBody = z.looseObject({ key: which })
export const infosBody = z.looseObject({ keys: z.array(text).min(1).max(1000) })
const regenerateShape = {
  new_key: ownKey.nullish().describe('A key of your own choice; begins with sk-.'),
  new_master_key: z.null('the master key is changed in the config').optional(),
  grace_period: duration.nullish().describe('How long the old key goes on working. Default: not at all.'),
  ...shape,
  ...special,
  ...inert,
}
export const regenerateBody = z.looseObject({ key: which, ...regenerateShape })
export const regeneratePathBody = z.looseObject(regenerateShape)
export const resetSpendBody = z.looseObject({ reset_to: usd })

const flag = z.enum(['true', 'false', '1', '0', 'True', 'False']).optional()
const paging = {
  page: z
    .string()
    .regex(/^[1-9]\d{0,5}$/, 'expected a number from 1')
    .optional(),
  size: z
    .string()
    .regex(/^[1-9]\d{0,2}$/, 'expected a number from 1 to 100')
    .optional()
    .describe('At most 100.'),
}

/** What lists of keys are sorted by. */
export const sortable = ['spend', 'max_budget', 'created_at', 'updated_at', 'token', 'key_alias'] as const

export const infoQuery = z.looseObject({ key: text.optional().describe('Default: the key that asks.') })
export const listQuery = z.looseObject({
  ...paging,
  user_id: text.optional(),
  team_id: text.optional(),
  organization_id: text.optional(),
  project_id: text.optional(),
  key_alias: text.optional(),
  key_hash: text.optional(),
  access_group_id: text.optional(),
  return_full_object: flag.describe('Rows instead of hashes.'),
  include_team_keys: flag.describe('Keys of the teams whose keys the caller may list.'),
  include_created_by_keys: flag.describe('Keys that the caller made for others.'),
  sort_by: z.enum(sortable).optional(),
  sort_order: z.enum(['asc', 'desc']).optional(),
  expand: z.literal('user').optional().describe('Adds each key’s user.'),
})
export const aliasesQuery = z.looseObject({ ...paging, search: text.optional(), team_id: text.optional() })

/** A key as it is read. Never the key itself. */
export const keyRow = z
  .looseObject({
    token: z.string().describe('SHA-256 of the key, hex.'),
    token_id: z.string(),
    key_name: z.string().describe('`sk-...` and the last four characters.'),
    key_alias: z.string().nullable(),
    spend: z.number().describe('USD, since ever.'),
    max_budget: z.number().nullable(),
    expires: z.string().nullable(),
    models: z.array(z.string()),
    user_id: z.string().nullable(),
    team_id: z.string().nullable(),
    organization_id: z.string().nullable(),
    budget_reset_at: z.string().nullable(),
    blocked: z.boolean().nullable(),
  })
  .meta({ id: 'Key' })

export const newKey = z
  .looseObject({
    ...keyRow.shape,
    key: z.string().describe('The key. It is shown here and nowhere again.'),
    key_id: z.string().describe('Its hash, as `token`.'),
    unsupported_params: z.array(z.string()).optional().describe('Fields that were kept and have no effect here.'),
  })
  .meta({ id: 'NewKey' })

export const keyInfo = z.looseObject({ key: z.string(), info: keyRow })
export const keyInfos = z.looseObject({ key: z.array(z.string()), info: z.array(keyRow) })
export const keyList = z.looseObject({
  keys: z.array(z.union([z.string(), keyRow])),
  total_count: z.number(),
  current_page: z.number(),
  total_pages: z.number(),
})
export const aliasList = z.looseObject({
  aliases: z.array(z.string()),
  total_count: z.number(),
  current_page: z.number(),
  total_pages: z.number(),
  size: z.number(),
})

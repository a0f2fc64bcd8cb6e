import { createEndUsers, definePlugin, z } from '../../src/index.ts'
import { createGate } from './gate.ts'
import { createKeyBook } from './key-book.ts'
import { addKeyRoutes } from './keys/routes.ts'
import { addManagementRoutes } from './management.ts'

/** Virtual keys: who is calling, whose limits and budgets the call keeps, and the API that manages keys and their owners. */
export default definePlugin({
  name: 'virtual-keys',
  description: 'Virtual keys, teams, users, customers, budgets and organizations',
  options: z.object({
    timezone: z
      .string()
      .refine(isTimezone, 'Expected an IANA timezone, such as Europe/Berlin')
      .optional()
      .describe('Where the days of budgets begin. Default: what the plugin `budget` is set to, else UTC.'),
    availableTeams: z
      .array(z.string())
      .default([])
      .describe('Ids of teams that users may join by themselves (`GET /team/available` lists them).'),
    endUserBudget: z
      .string()
      .optional()
      .describe('`budget_id` of the budget that every end user has who has no limits of their own.'),
    whenAway: z
      .enum(['open', 'closed'])
      .default('closed')
      .describe(
        'What a store that is away means for end users that this node has not seen: `closed` 503, `open` calls go on without their limits.',
      ),
    enforceUser: z.boolean().default(false).describe('Calls with a virtual key must name their end user.'),
    enforcedParams: z
      .array(z.string())
      .default([])
      .describe('Body fields that calls with a virtual key must have, as paths: `user`, `metadata.generation_name`.'),
    rejectTags: z.boolean().default(false).describe('Calls with a virtual key may not bring tags of their own.'),
    keyHeader: z
      .string()
      .regex(/^[\w-]+$/)
      .transform((name) => name.toLowerCase())
      .optional()
      .describe(
        'A header of your own that keys come in, looked at before the usual ones. Set it for `master-key` too.',
      ),
    masterKey: z
      .string()
      .optional()
      .describe('The master key, so that no store is asked about it. Default: that of the plugin `master-key`.'),
  }),
  env: { masterKey: ['GATEWAY_MASTER_KEY', 'LITELLM_MASTER_KEY'] },
  litellm: {
    'general_settings.master_key': 'masterKey',
    'general_settings.litellm_key_header_name': 'keyHeader',
    'general_settings.enforce_user_param': 'enforceUser',
    'general_settings.enforced_params': 'enforcedParams',
    'general_settings.reject_clientside_metadata_tags': 'rejectTags',
    'litellm_settings.max_end_user_budget_id': 'endUserBudget',
    'litellm_settings.timezone': 'timezone',
  },
  setup(options, gateway) {
    // The config's own word wins over the environment's, as it does for the plugin that admits the master key.
    const masterKey = settingOf(gateway.config.plugins, 'master-key', 'key') ?? options.masterKey
    const timezone = options.timezone ?? settingOf(gateway.config.plugins, 'budget', 'timezone') ?? 'UTC'
    addKeyRoutes({ gateway, timezone, masterKey })
    addManagementRoutes(gateway, { ...options, timezone })
    return {
      auth: createGate({
        ...options,
        gateway,
        masterKey,
        book: createKeyBook(gateway.directory),
        endUsers: createEndUsers(gateway.directory, { budgetId: options.endUserBudget, whenAway: options.whenAway }),
      }),
    }
  },
})

/** What the config says of another plugin: both must mean the same key, and the same days. */
function settingOf(
  plugins: Readonly<Record<string, unknown>> | undefined,
  plugin: string,
  option: string,
): string | undefined {
  const settings = plugins?.[plugin]
  const value =
    typeof settings === 'object' && settings !== null ? (settings as Record<string, unknown>)[option] : undefined
  return typeof value === 'string' ? value : undefined
}

function isTimezone(name: string): boolean {
  try {
    new Intl.DateTimeFormat('en', { timeZone: name })
    return true
  } catch {
    return false
  }
}

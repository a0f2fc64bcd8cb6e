import { z } from '../../src/index.ts'

/** Signed with a private key, checked with a public one. With a shared secret, whoever can check could also sign. */
const ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const

const list = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
  z.array(z.string().min(1)),
)
const addresses = z.preprocess(
  (value) => (typeof value === 'string' ? value.split(',').map((part) => part.trim()) : value),
  z.array(z.url({ protocol: /^https?$/ })).min(1),
)
const claim = z.string().min(1)

/** LiteLLM's roles, with its other names of the viewers. */
const role = z.preprocess(
  (value) =>
    value === 'internal_user_view_only'
      ? 'internal_user_viewer'
      : value === 'proxy_admin_view_only'
        ? 'proxy_admin_viewer'
        : value,
  z.enum([
    'proxy_admin',
    'proxy_admin_viewer',
    'org_admin',
    'internal_user',
    'internal_user_viewer',
    'team',
    'customer',
  ]),
)

/** Options of `jwt-auth`. Claims are named as paths: `realm_access.roles`. */
export const options = z
  .object({
    enabled: z.boolean().optional().describe('LiteLLM’s `enable_jwt_auth`. Default: on where `jwksUrl` is set.'),
    jwksUrl: addresses
      .optional()
      .describe(
        'Where the identity provider lists its public keys: the address of a JWKS, or of the provider’s ' +
          '`/.well-known/openid-configuration`. Several: a list, or separated by commas.',
      ),
    audience: list.optional().describe('Accepted `aud`. Without it, tokens meant for other services are accepted.'),
    issuer: list.optional().describe('Accepted `iss`. Default: what the OpenID configuration says, else any.'),
    algorithms: z
      .array(z.enum(ALGORITHMS))
      .min(1)
      .default([...ALGORITHMS])
      .describe('Accepted signatures. Only those with public keys can be.'),
    clockTolerance: z.number().min(0).max(600).default(30).describe('Seconds that clocks may differ.'),
    publicKeyTtl: z.number().positive().default(600).describe('Seconds that public keys are kept.'),
    keyCooldown: z
      .number()
      .min(0)
      .default(30)
      .describe('Seconds before an unknown key makes the gateway look for new keys again.'),
    tokenTtl: z
      .number()
      .min(0)
      .default(300)
      .describe('Seconds that a checked token is not checked again; never longer than it lives.'),
    maxTokens: z.int().positive().default(10_000).describe('Checked tokens that are remembered.'),

    userIdField: claim
      .optional()
      .describe('Claim with the user’s id. Default `sub`, where no other claim says who is calling.'),
    userEmailField: claim.optional().describe('Claim with the user’s address.'),
    teamIdField: claim.optional().describe('Claim with a team’s id.'),
    teamIdDefault: z.string().min(1).optional().describe('The team of tokens that name none.'),
    teamIdsField: claim.optional().describe('Claim with a list of teams’ ids.'),
    orgIdField: claim.optional().describe('Claim with an organization’s id.'),
    endUserIdField: claim.optional().describe('Claim with the end user’s id; callers cannot name another then.'),
    objectIdField: claim.optional().describe('Claim with the id of a user or a team: which, `roleMappings` say.'),
    rolesField: claim.optional().describe('Claim with roles, for `roleMappings`.'),
    roleMappings: z
      .array(z.object({ role: z.string(), internal_role: role }))
      .default([])
      .describe(
        'Which role of the gateway a role of the token is: `[{ role: "ai-admin", internal_role: "proxy_admin" }]`.',
      ),
    roleMap: z
      .array(z.object({ jwt_role: z.string(), litellm_role: role }))
      .default([])
      .describe('The same by LiteLLM’s `jwt_litellm_role_map`; `*` matches anything.'),
    enforceRoles: z.boolean().default(false).describe('Refuse tokens without a role of the gateway.'),
    userRolesField: claim.optional().describe('Claim with roles, for `userAllowedRoles`.'),
    userAllowedRoles: list.optional().describe('Users need one of these in `userRolesField`.'),
    adminScope: z.string().min(1).default('litellm_proxy_admin').describe('The scope that makes a token an admin’s.'),
    adminAllowedRoutes: z
      .array(z.string())
      .default(['management_routes', 'spend_tracking_routes', 'global_spend_tracking_routes', 'info_routes'])
      .describe(
        'What tokens with that scope may use: groups of routes, paths, patterns. Calls of models: `openai_routes`.',
      ),
    teamAllowedRoutes: z
      .array(z.string())
      .default(['openai_routes', 'info_routes'])
      .describe('What tokens of a team may use.'),
    enforceTeamAccess: z.boolean().default(false).describe('Refuse model calls of tokens that name no team.'),
    scopeMappings: z
      .array(z.object({ scope: z.string(), models: z.array(z.string()) }))
      .default([])
      .describe('Models by scope: `[{ scope: "ai.small", models: ["small"] }]`.'),
    enforceScopes: z.boolean().default(false).describe('Tokens may use the models of their scopes only.'),
    userIdUpsert: z.boolean().default(false).describe('Make users that do not exist yet. Default: refuse them.'),
    teamIdUpsert: z.boolean().default(false).describe('Make teams that do not exist yet. Default: refuse them.'),
    userAllowedEmailDomain: z.string().min(1).optional().describe('Users need an address of this domain.'),
  })
  .refine(({ enabled, jwksUrl }) => enabled !== true || jwksUrl !== undefined, {
    path: ['jwksUrl'],
    message: 'is needed to check tokens with (or JWT_PUBLIC_KEY_URL)',
  })

/** The options as checked. */
export type JwtOptions = z.output<typeof options>

/** LiteLLM's settings: `general_settings.litellm_jwtauth.<name>`. */
export const litellmNames = {
  user_id_jwt_field: 'userIdField',
  user_email_jwt_field: 'userEmailField',
  team_id_jwt_field: 'teamIdField',
  team_id_default: 'teamIdDefault',
  team_ids_jwt_field: 'teamIdsField',
  org_id_jwt_field: 'orgIdField',
  end_user_id_jwt_field: 'endUserIdField',
  object_id_jwt_field: 'objectIdField',
  roles_jwt_field: 'rolesField',
  role_mappings: 'roleMappings',
  jwt_litellm_role_map: 'roleMap',
  enforce_rbac: 'enforceRoles',
  user_roles_jwt_field: 'userRolesField',
  user_allowed_roles: 'userAllowedRoles',
  admin_jwt_scope: 'adminScope',
  admin_allowed_routes: 'adminAllowedRoutes',
  team_allowed_routes: 'teamAllowedRoutes',
  enforce_team_based_model_access: 'enforceTeamAccess',
  scope_mappings: 'scopeMappings',
  enforce_scope_based_access: 'enforceScopes',
  user_id_upsert: 'userIdUpsert',
  team_id_upsert: 'teamIdUpsert',
  user_allowed_email_domain: 'userAllowedEmailDomain',
  public_key_ttl: 'publicKeyTtl',
} as const satisfies Record<string, keyof JwtOptions>

import { compilePattern } from '../../src/index.ts'
import type { Role } from '../../src/index.ts'
import type { JwtOptions } from './options.ts'
import { notAllowed } from './refusals.ts'
import type { Claims } from './verify.ts'

/** Who a token says is calling. Everything in it was signed by the identity provider. */
export interface Identity {
  /** Has the admin scope. */
  readonly admin: boolean
  readonly user: string | undefined
  readonly email: string | undefined
  /** In the token's order. */
  readonly teams: readonly string[]
  readonly organization: string | undefined
  readonly endUser: string | undefined
  /** By the mappings of roles. */
  readonly role: Role | undefined
  /** Models of the token's scopes, where those decide. */
  readonly models: readonly string[] | undefined
}

/** Roles by what they may do: of several, the token has the first. */
const ROLES: readonly Role[] = [
  'proxy_admin',
  'proxy_admin_viewer',
  'org_admin',
  'internal_user',
  'internal_user_viewer',
  'team',
  'customer',
]
const LONGEST_ID = 256

/** Makes the reading of claims. Throws a 403 for a token that says too little, or of somebody who is not admitted. */
export function createIdentify(options: JwtOptions): (claims: Claims) => Identity {
  const names = [options.teamIdField, options.teamIdsField, options.objectIdField, options.teamIdDefault]
  const userField = options.userIdField ?? (names.every((name) => name === undefined) ? 'sub' : undefined)
  const roleOf = createRoles(options)

  return (claims) => {
    const scopes = words(claims['scope'] ?? claims['scp'])
    const admin = scopes.includes(options.adminScope)
    const role = roleOf(claims)
    const object = idAt(claims, options.objectIdField)
    const objectIsTeam = role === 'team'
    const isAdmin = admin || role === 'proxy_admin'
    const user =
      idAt(claims, userField) ?? (objectIsTeam ? undefined : object) ?? (isAdmin ? idAt(claims, 'sub') : undefined)
    const email = idAt(claims, options.userEmailField)
    const teams = [
      ...ids([at(claims, options.teamIdField)].flat()),
      ...ids(list(at(claims, options.teamIdsField))),
      ...(objectIsTeam && object !== undefined ? [object] : []),
    ]
    if (teams.length === 0 && options.teamIdDefault !== undefined) teams.push(options.teamIdDefault)
    const identity: Identity = {
      admin: isAdmin,
      user,
      email,
      teams: [...new Set(teams)],
      organization: idAt(claims, options.orgIdField),
      endUser: idAt(claims, options.endUserIdField),
      role: admin ? 'proxy_admin' : role,
      models: options.enforceScopes
        ? options.scopeMappings.flatMap(({ scope, models }) => (scopes.includes(scope) ? models : []))
        : undefined,
    }
    if (!identity.admin) admit(identity, claims, options)
    return identity
  }
}

function admit({ user, teams, role, email }: Identity, claims: Claims, options: JwtOptions): void {
  if (user === undefined && teams.length === 0) {
    throw notAllowed('The token names neither a user nor a team of this gateway.', 'no_identity')
  }
  if (options.enforceRoles && role === undefined) {
    throw notAllowed('The token has none of the roles that are admitted here.', 'no_role')
  }
  const { userAllowedRoles, userAllowedEmailDomain: domain } = options
  if (
    userAllowedRoles &&
    !list(at(claims, options.userRolesField)).some((one) => userAllowedRoles.includes(String(one)))
  ) {
    throw notAllowed('The token has none of the roles that users need here.', 'no_role')
  }
  if (domain === undefined || user === undefined) return
  const verified = claims['email_verified'] !== false
  if (verified && email?.toLowerCase().endsWith(`@${domain.toLowerCase()}`)) return
  throw notAllowed('The token has no verified address of a domain that is admitted here.', 'email_domain_not_allowed')
}

function createRoles({ rolesField, roleMappings, roleMap }: JwtOptions): (claims: Claims) => Role | undefined {
  const rules = [
    ...roleMappings.map(({ role, internal_role }) => ({ test: (name: string) => name === role, role: internal_role })),
    ...roleMap.map(({ jwt_role, litellm_role }) => {
      const pattern = compilePattern(jwt_role)
      return { test: (name: string) => pattern.match(name) !== undefined, role: litellm_role }
    }),
  ]
  return (claims) => {
    const names = list(at(claims, rolesField)).filter((name) => typeof name === 'string')
    const found = rules.filter(({ test }) => names.some(test)).map(({ role }) => role)
    return ROLES.find((role) => found.includes(role))
  }
}

/** A claim by its path: `realm_access.roles`, `kubernetes.io.namespace`. LiteLLM wants dots of names as `\\.`. */
function at(claims: Claims, path: string | undefined): unknown {
  return path === undefined ? undefined : walk(claims, path.replaceAll('\\.', '.').split('.'))
}

/** Names may hold dots themselves (`https://example.com/roles`): the longest that is there is gone into first. */
function walk(value: unknown, parts: readonly string[]): unknown {
  if (parts.length === 0) return value
  if (typeof value !== 'object' || value === null) return undefined
  for (let length = parts.length; length > 0; length--) {
    const name = parts.slice(0, length).join('.')
    if (!Object.hasOwn(value, name)) continue
    const found = walk((value as Record<string, unknown>)[name], parts.slice(length))
    if (found !== undefined) return found
  }
  return undefined
}

function idAt(claims: Claims, path: string | undefined): string | undefined {
  return ids([at(claims, path)])[0]
}

/** An id that is cut would be another's, and so would be one that is rounded: numbers of JSON are exact up to 2^53 only. */
function ids(values: readonly unknown[]): string[] {
  return values
    .map((value) => (Number.isSafeInteger(value) ? String(value) : value))
    .filter((value) => typeof value === 'string' && value !== '' && value.length <= LONGEST_ID) as string[]
}

/** A list, or what stands alone; text is separated by blanks or commas. */
function list(value: unknown): unknown[] {
  if (Array.isArray(value)) return value as unknown[]
  return typeof value === 'string' ? words(value.replaceAll(',', ' ')) : value === undefined ? [] : [value]
}

/** RFC 6749 §3.3: scopes are separated by blanks; some providers send a list. */
function words(value: unknown): string[] {
  if (Array.isArray(value)) return value.filter((one) => typeof one === 'string')
  return typeof value === 'string' ? value.split(/\s+/).filter(Boolean) : []
}

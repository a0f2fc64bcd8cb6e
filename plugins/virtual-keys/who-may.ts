import { GatewayError } from '../../src/index.ts'
import type { KeyDocument, OrganizationDocument, Principal, TeamDocument, UserDocument } from '../../src/index.ts'

/**
 * Who may see and change what. LiteLLM's roles: a proxy admin everything; a proxy viewer sees everything; an organization's
 * admin its teams and users; a team's admin its members, budget and keys; an internal user their own keys.
 *
 * A key of a team or an organization acts for its user there only. Whoever manages a team can make keys for its members,
 * and must not get hold of what these members may do elsewhere.
 */
export type Caller = Principal | undefined

/** What {@link mayManageKey} needs to know of a key's owners, where they exist. */
export interface Owners {
  readonly team?: TeamDocument | undefined
  readonly organization?: OrganizationDocument | undefined
}

/** What team members may be allowed to do with keys of the team (`team_member_permissions`). */
export const memberPermissions = [
  '/key/info',
  '/key/health',
  '/key/list',
  '/key/generate',
  '/key/service-account/generate',
  '/key/update',
  '/key/delete',
  '/key/regenerate',
  '/key/block',
  '/key/unblock',
] as const

/** One of {@link memberPermissions}. */
export type KeyAction = (typeof memberPermissions)[number]

/** What members may do where a team says nothing: read. */
export const defaultPermissions: readonly string[] = ['/key/info', '/key/health', '/key/list']

/** The master key, a proxy admin, or anyone on this machine while the gateway has no master key. */
export function isProxyAdmin(caller: Caller): boolean {
  return caller?.role === 'admin' || caller?.proxyRole === 'proxy_admin'
}

/** Sees all keys, teams, users and their spend. */
export function mayViewAll(caller: Caller): boolean {
  return isProxyAdmin(caller) || caller?.proxyRole === 'proxy_admin_viewer'
}

/** Changes nothing at all, whatever else they are. */
export function isViewer(caller: Caller): boolean {
  if (isProxyAdmin(caller)) return false
  return caller?.proxyRole === 'proxy_admin_viewer' || caller?.proxyRole === 'internal_user_viewer'
}

/** Whether the caller is in a team: by its user, or as a key of that team. */
export function isTeamMember(caller: Caller, team: TeamDocument): boolean {
  if (caller?.team !== undefined) return caller.team === team.team_id
  return actsIn(caller, team) && memberOf(caller, team) !== undefined
}

/** Whether the caller's user is an admin of the team. Proxy admins are not meant here. */
export function isTeamAdmin(caller: Caller, team: TeamDocument): boolean {
  if (isViewer(caller) || !actsIn(caller, team)) return false
  return memberOf(caller, team)?.role === 'admin'
}

/** Whether the caller's user is an admin of the organization. Proxy admins are not meant here. */
export function isOrgAdmin(caller: Caller, organization: OrganizationDocument | undefined): boolean {
  if (!organization || isViewer(caller) || caller?.team !== undefined || caller?.user === undefined) return false
  if (caller.organization !== undefined && caller.organization !== organization.organization_id) return false
  return organization.members.some(({ user_id, user_role }) => user_id === caller.user && user_role === 'org_admin')
}

/** Whether the caller's user is in the organization, or the caller's key is one of it. */
export function isOrgMember(caller: Caller, organization: OrganizationDocument): boolean {
  if (caller?.organization === organization.organization_id) return true
  if (caller?.team !== undefined || caller?.user === undefined) return false
  return organization.members.some(({ user_id }) => user_id === caller.user)
}

/** Creates teams and users in an organization, and changes the organization's members. */
export function mayManageOrganization(caller: Caller, organization: OrganizationDocument | undefined): boolean {
  return isProxyAdmin(caller) || isOrgAdmin(caller, organization)
}

/** Sees an organization. */
export function mayViewOrganization(caller: Caller, organization: OrganizationDocument): boolean {
  return mayViewAll(caller) || isOrgMember(caller, organization)
}

/** Changes a team, its members and their budgets. `organization`: the team's. */
export function mayManageTeam(
  caller: Caller,
  team: TeamDocument,
  organization: OrganizationDocument | undefined,
): boolean {
  return isProxyAdmin(caller) || isTeamAdmin(caller, team) || isOrgAdmin(caller, ofTeam(team, organization))
}

/** Sees a team and its members. */
export function mayViewTeam(
  caller: Caller,
  team: TeamDocument,
  organization: OrganizationDocument | undefined,
): boolean {
  return mayViewAll(caller) || isTeamMember(caller, team) || isOrgAdmin(caller, ofTeam(team, organization))
}

/**
 * Changes a user: proxy admins anyone, organization admins the plain users that are in their organization and no other.
 * `organizations`: those the user is in.
 */
export function mayManageUser(
  caller: Caller,
  user: UserDocument,
  organizations: readonly OrganizationDocument[],
): boolean {
  if (isProxyAdmin(caller)) return true
  if (user.user_role === 'proxy_admin' || user.user_role === 'proxy_admin_viewer') return false
  return organizations.length > 0 && organizations.every((organization) => isOrgAdmin(caller, organization))
}

/** Sees a user: themselves, and whoever manages them. */
export function mayViewUser(
  caller: Caller,
  user: UserDocument,
  organizations: readonly OrganizationDocument[],
): boolean {
  if (mayViewAll(caller) || isSelf(caller, user.user_id)) return true
  return organizations.some((organization) => isOrgAdmin(caller, organization))
}

/** Whether the caller acts for this user with all their rights: by a key of no team and no organization. */
export function isSelf(caller: Caller, userId: string | null | undefined): boolean {
  if (caller?.team !== undefined || caller?.organization !== undefined) return false
  return caller?.user !== undefined && caller.user === userId
}

/** Sees a key: its holder, its user, and by the team's rules its members. */
export function mayViewKey(caller: Caller, key: KeyDocument, owners: Owners): boolean {
  if (mayViewAll(caller) || caller?.id === key.token) return true
  if (ownsKey(caller, key) || isOrgAdmin(caller, owners.organization)) return true
  const { team } = owners
  if (!team || team.team_id !== key.team_id || caller?.user === undefined || !actsIn(caller, team)) return false
  return memberOf(caller, team)?.role === 'admin' || mayInTeam(caller, team, '/key/info')
}

/**
 * Changes a key: its user their own ones; of a team's keys its admins all, and its members what
 * `team_member_permissions` says, their own as well as service accounts' (others' keys never).
 */
export function mayManageKey(caller: Caller, key: KeyDocument, action: KeyAction, owners: Owners): boolean {
  if (isProxyAdmin(caller)) return true
  if (isViewer(caller) || !caller || caller.user === undefined) return false
  if (isOrgAdmin(caller, owners.organization)) return true
  if (!key.team_id) return ownsKey(caller, key)
  const { team } = owners
  if (!team || team.team_id !== key.team_id) return false
  if (isTeamAdmin(caller, team)) return true
  return (!key.user_id || ownsKey(caller, key)) && mayInTeam(caller, team, action)
}

/** What the members of a team are allowed, for a caller who is one of them. */
export function mayInTeam(caller: Caller, team: TeamDocument, action: KeyAction): boolean {
  if (!memberOf(caller, team) || !actsIn(caller, team)) return false
  return (team.team_member_permissions ?? defaultPermissions).includes(action)
}

/** Throws a 403 unless the caller is a proxy admin. */
export function requireProxyAdmin(caller: Caller, what: string): void {
  if (!isProxyAdmin(caller)) throw forbidden(`Only proxy admins may ${what}.`)
}

/** Throws a 403 unless the caller sees everything. */
export function requireViewAll(caller: Caller, what: string): void {
  if (!mayViewAll(caller)) throw forbidden(`Only proxy admins and viewers may ${what}.`)
}

/** Throws a 403 unless `allowed`, for the checks above that depend on documents. */
export function requireAllowed(allowed: boolean, what: string): void {
  if (!allowed) throw forbidden(`This key may not ${what}.`)
}

/** The 403 of everything that a role does not allow. */
export function forbidden(message: string, param?: string): GatewayError {
  return new GatewayError(403, message, { type: 'permission_error', code: 'not_allowed', param })
}

function memberOf(caller: Caller, team: TeamDocument) {
  if (caller?.user === undefined) return undefined
  return team.members_with_roles.find(({ user_id }) => user_id === caller.user)
}

function ownsKey(caller: Caller, key: KeyDocument): boolean {
  if (caller?.user === undefined || caller.user !== key.user_id) return false
  if (caller.team !== undefined) return caller.team === key.team_id
  return caller.organization === undefined || caller.organization === key.organization_id
}

/** A key of a team reaches nothing outside it, one of an organization no team of another or of none. */
function actsIn(caller: Caller, team: TeamDocument): boolean {
  if (caller?.team !== undefined) return caller.team === team.team_id
  return caller?.organization === undefined || caller.organization === team.organization_id
}

function ofTeam(team: TeamDocument, organization: OrganizationDocument | undefined) {
  return organization && organization.organization_id === team.organization_id ? organization : undefined
}

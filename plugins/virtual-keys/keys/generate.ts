import { GatewayError, invalidRequest } from '../../../src/index.ts'
import type { GatewayContext, KeyDocument, RouteRequest } from '../../../src/index.ts'
import { newStamps } from '../common/fields.ts'
import { actorOf, unknown } from '../common/route.ts'
import { hashKey, makeKey } from '../hash-key.ts'
import { isMember } from '../to-principal.ts'
import { ensureUser } from '../users/ensure.ts'
import { forbidden, isOrgAdmin, isProxyAdmin, isSelf, isTeamAdmin, isViewer, mayInTeam } from '../who-may.ts'
import type { Caller, Owners } from '../who-may.ts'
import { withAlias } from './alias.ts'
import type { KeyManagement } from './owners.ts'
import { ownersOf } from './owners.ts'
import { rowOf } from './row.ts'
import { isInCharge, requireNoNewBudget, requireWithinOwner, withinCaller } from './rules.ts'
import { setSpend } from './spend.ts'
import { withTeamDuration } from './team-duration.ts'
import { toKey, unsupported } from './to-key.ts'

/** Makes a key. Returns LiteLLM's answer: the key in plain, once, and its row. */
export async function generateKey(
  management: KeyManagement,
  request: RouteRequest,
  { serviceAccount = false }: { serviceAccount?: boolean } = {},
): Promise<Record<string, unknown>> {
  const { gateway } = management
  const { principal: caller } = request
  if (isViewer(caller) || !caller) throw forbidden('This key may not make keys.')
  const actor = actorOf(request)
  const body = withUser(request, serviceAccount)
  const plain = (body['key'] as string | null | undefined) ?? makeKey()
  requireNotMaster(management, plain)
  // Who made a key may change it freely later: that is the caller, whomever an admin names for the books.
  let key: KeyDocument = { ...toKey(body, { key: plain, actor }), created_by: caller.user ?? caller.id }
  const owners = await requireOwners(gateway, { caller, key, actor, serviceAccount })
  key = withTeamDuration(key, owners)
  if (body['key']) key = await withOwnSpend(gateway, key)
  const spend = (body['spend'] ?? 0) as number
  if (!isProxyAdmin(caller)) {
    if (spend > 0 && !isInCharge(caller, owners)) throw forbidden('`spend` is for an admin to set.', 'spend')
    if (key.temp_budget_increase && !isInCharge(caller, owners)) {
      throw forbidden('`temp_budget_increase` is for an admin to set.', 'temp_budget_increase')
    }
    if (!isInCharge(caller, owners)) requireNoNewBudget(undefined, key)
    await requireBudget(gateway, key)
    const own = isInCharge(caller, owners) ? undefined : await gateway.directory.get('key', caller.id)
    key = withinCaller(gateway, caller, { own, key })
    await requireWithinOwner(gateway, key, owners)
  }
  await storeNew(gateway, key)
  if (spend > 0) await setSpend(management, key, { to: spend })
  return toNewKey(management, { key, plain, body })
}

/** Stores a new key, if neither it nor its alias is taken. */
export async function storeNew(gateway: GatewayContext, key: KeyDocument): Promise<void> {
  await withAlias(gateway, { alias: key.key_alias, token: key.token }, () =>
    gateway.directory.update('key', key.token, (stored) => {
      if (stored) throw invalidRequest('This key cannot be used: choose another.', 'key', 'key_exists')
      return key
    }),
  )
}

/** Where this hash is what a rotated key's spend is counted under, the new one gets a place of its own. */
async function withOwnSpend({ directory }: GatewayContext, key: KeyDocument): Promise<KeyDocument> {
  const isTaken = (await directory.list('key')).some(({ spent_as: place }) => place === key.token)
  return isTaken ? { ...key, spent_as: crypto.randomUUID() } : key
}

/** What a new key is answered with. */
export async function toNewKey(
  management: KeyManagement,
  { key, plain, body }: { key: KeyDocument; plain: string; body: RouteRequest['body'] },
): Promise<Record<string, unknown>> {
  const without = unsupported(body)
  return {
    key: plain,
    key_id: key.token,
    ...(await rowOf(management, key)),
    ...(without.length > 0 ? { unsupported_params: without } : {}),
  }
}

/** The master key is nobody's virtual key. */
export function requireNotMaster({ masterKey }: KeyManagement, plain: string): void {
  if (masterKey !== undefined && hashKey(plain) === hashKey(masterKey)) {
    throw invalidRequest('This key cannot be used: choose another.', 'key', 'key_exists')
  }
}

/** Throws 404 where a budget that a key refers to is not there. */
export async function requireBudget(gateway: GatewayContext, { budget_id: id }: KeyDocument): Promise<void> {
  if (id && !(await gateway.directory.get('budget', id))) throw unknown('budget', 'budget_id', id)
}

/** Keys of callers with a user are that user's where they say nothing else; service accounts have none. */
function withUser({ body, principal }: RouteRequest, serviceAccount: boolean): RouteRequest['body'] {
  if (serviceAccount) return { ...body, user_id: null }
  if (body['user_id'] !== undefined || isProxyAdmin(principal)) return body
  return { ...body, user_id: principal?.user ?? null }
}

interface NewKey {
  readonly caller: Caller
  readonly key: KeyDocument
  readonly actor: string
  readonly serviceAccount: boolean
}

/**
 * Throws unless the caller may make a key for these owners. A team or user that a proxy admin names need not be there: it is
 * made, without limits and without rights, so that all spend has an owner who can be found.
 */
async function requireOwners(gateway: GatewayContext, { caller, key, actor, serviceAccount }: NewKey): Promise<Owners> {
  const { team_id: teamId, user_id: userId, organization_id: organizationId } = key
  if (isProxyAdmin(caller)) await requireBudget(gateway, key)
  if (isProxyAdmin(caller) && teamId) await ensureTeam(gateway, teamId, actor)
  if (isProxyAdmin(caller) && userId) await ensureUser(gateway, { user_id: userId }, actor)
  const owners = await ownersOf(gateway.directory, key)
  const { team, organization } = owners
  if (isProxyAdmin(caller)) {
    if (organizationId && !organization) throw unknown('organization', 'organization_id', organizationId)
    requireOneOrganization(key, owners)
    return owners
  }
  if (teamId) {
    const action = serviceAccount ? '/key/service-account/generate' : '/key/generate'
    const inCharge = team !== undefined && (isTeamAdmin(caller, team) || isOrgAdmin(caller, organization))
    if (!team || !(inCharge || mayInTeam(caller, team, action))) throw notInTeam()
    if (userId && !isMember(team, userId)) throw invalidRequest('The user is no member of the team.', 'user_id')
    if (!inCharge && !serviceAccount && userId !== caller?.user) throw notYours()
  } else if (organizationId) {
    if (!organization) throw forbidden('This key may not make keys of that organization.', 'organization_id')
    const inCharge = isOrgAdmin(caller, organization)
    const belongs = (id: string) => organization.members.some(({ user_id }) => user_id === id)
    if (!inCharge && !(isSelf(caller, userId) && belongs(userId!))) {
      throw forbidden('This key may not make keys of that organization.', 'organization_id')
    }
    if (userId && !belongs(userId)) throw invalidRequest('The user is not in the organization.', 'user_id')
  } else if (!isSelf(caller, userId)) {
    throw notYours()
  }
  requireOneOrganization(key, owners)
  return owners
}

/** A key of a team belongs to the team's organization and no other. */
export function requireOneOrganization(key: KeyDocument, { team }: Owners): void {
  if (!key.organization_id || !team || team.organization_id === key.organization_id) return
  throw invalidRequest('The team is not in that organization.', 'organization_id')
}

/** A team of this id, made where there is none. */
export async function ensureTeam(gateway: GatewayContext, id: string, actor: string): Promise<void> {
  if (await gateway.directory.get('team', id)) return
  if (id.includes('/')) throw invalidRequest('Ids of teams have no slash.', 'team_id')
  await gateway.directory.update(
    'team',
    id,
    (stored) => stored ?? { team_id: id, members_with_roles: [], models: [], ...newStamps(actor) },
  )
}

function notYours(): GatewayError {
  return forbidden('This key may make keys for its own user only.', 'user_id')
}

function notInTeam(): GatewayError {
  return new GatewayError(403, 'This key may not make keys of that team.', {
    type: 'permission_error',
    code: 'team_member_permission_error',
    param: 'team_id',
  })
}

import { GatewayError, invalidRequest } from '../../../src/index.ts'
import type { GatewayContext, KeyDocument, Principal, RouteRequest } from '../../../src/index.ts'
import { stamped } from '../common/fields.ts'
import { actorOf, notFound, unknown } from '../common/route.ts'
import { ensureUser } from '../users/ensure.ts'
import { forbidden, isProxyAdmin } from '../who-may.ts'
import type { Caller, KeyAction, Owners } from '../who-may.ts'
import { withAlias } from './alias.ts'
import { ensureTeam, requireBudget, requireOneOrganization } from './generate.ts'
import { findManaged, keyOfPath, ownersOf, requireManaged } from './owners.ts'
import type { KeyManagement } from './owners.ts'
import { rowOf } from './row.ts'
import { isInCharge, requireFreeHands, requireNoNewBudget, requireTightening, requireWithinOwner } from './rules.ts'
import { setSpend } from './spend.ts'
import { requireTeamDuration } from './team-duration.ts'
import { unsupported, withKeyChanges } from './to-key.ts'

const OWNERS = ['user_id', 'team_id', 'organization_id'] as const

type Body = RouteRequest['body']

/** Changes a key. Returns LiteLLM's answer: the row, with the key as the caller named it. */
export async function updateKey(
  management: KeyManagement,
  request: RouteRequest,
  body: Body = request.body,
): Promise<Record<string, unknown>> {
  const { gateway } = management
  const { principal: caller } = request
  const named = body['key'] as string
  const actor = actorOf(request)
  const { key, owners } = await findManaged(gateway.directory, { caller, key: named, action: '/key/update' })
  const spend = body['spend'] as number | null | undefined
  if (typeof spend === 'number' && !isInCharge(caller, owners))
    throw forbidden('`spend` is for an admin to set.', 'spend')
  if (isProxyAdmin(caller)) await ensureOwners(gateway, body, actor)
  const alias = body['key_alias'] as string | null | undefined
  const changed = await withAlias(gateway, { alias, token: key.token }, () =>
    changeKey(gateway, {
      caller,
      token: key.token,
      action: '/key/update',
      change: (stored) => withKeyChanges(stored, body, actor),
    }),
  )
  if (typeof spend === 'number') await setSpend(management, changed, { to: spend })
  const without = unsupported(body)
  return {
    ...(await rowOf(management, changed)),
    key: named,
    ...(without.length > 0 ? { unsupported_params: without } : {}),
  }
}

/** Refuses all calls with a key, or takes them again. Its user may only do the former. */
export async function setBlocked(
  management: KeyManagement,
  request: RouteRequest,
  blocked: boolean,
): Promise<Record<string, unknown>> {
  const { gateway } = management
  const { principal: caller, body } = request
  const action = blocked ? '/key/block' : '/key/unblock'
  const { key } = await findManaged(gateway.directory, { caller, key: body['key'] as string, action })
  const changed = await changeKey(gateway, {
    caller,
    token: key.token,
    action,
    change: (stored) => stamped(stored, { blocked }, actorOf(request)),
  })
  return rowOf(management, changed)
}

export interface ChangeKey {
  readonly caller: Caller
  readonly token: string
  readonly action: KeyAction
  change(key: KeyDocument): KeyDocument
}

/** Changes a key in one step: rights are checked against what is stored at that moment. */
export async function changeKey(
  gateway: GatewayContext,
  { caller, token, action, change }: ChangeKey,
): Promise<KeyDocument> {
  const stored = await gateway.directory.update('key', token, async (key) => {
    if (!key || key.replaced_by !== undefined) throw notFound(caller, 'key', 'key')
    const owners = await ownersOf(gateway.directory, key)
    requireManaged(caller, key, { action, owners })
    const changed = change(key)
    if (changed !== key) await requireChange(gateway, { caller: caller!, before: key, after: changed, owners, action })
    return changed
  })
  return stored!
}

interface Change {
  readonly caller: Principal
  readonly before: KeyDocument
  readonly after: KeyDocument
  readonly owners: Owners
  readonly action: KeyAction
}

/** Throws unless the caller may make this change. */
export async function requireChange(
  gateway: GatewayContext,
  { caller, before, after, owners, action }: Change,
): Promise<void> {
  if (!isInCharge(caller, owners)) requireNoNewBudget(before, after)
  await requireBudget(gateway, after)
  const moved = OWNERS.find((name) => (before[name] ?? null) !== (after[name] ?? null))
  if (isProxyAdmin(caller)) {
    const now = moved === undefined ? owners : await ownersOf(gateway.directory, after)
    if (after.team_id && !now.team) throw unknown('team', 'team_id', after.team_id)
    if (after.organization_id && !now.organization)
      throw unknown('organization', 'organization_id', after.organization_id)
    return requireOneOrganization(after, now)
  }
  if (moved !== undefined) throw forbidden(`Only proxy admins may change the \`${moved}\` of a key.`, moved)
  if (!isInCharge(caller, owners)) {
    const own = await gateway.directory.get('key', caller.id)
    if (own && own.token !== before.token) requireFreeHands(own, 'changing')
    // Who may unblock by the word of the team may; a user does not undo what an admin did.
    const unblocks = before.blocked === true && after.blocked !== true
    const granted = action === '/key/unblock' && before.team_id
    if (unblocks && !granted) throw forbidden('A blocked key is for an admin to unblock.', 'blocked')
    const theirs = before.created_by === caller.user && own?.token !== before.token
    if (!theirs && !unblocks) requireTightening(before, after)
    if (after.temp_budget_increase && after.temp_budget_increase !== before.temp_budget_increase) {
      throw forbidden('`temp_budget_increase` is for an admin to set.', 'temp_budget_increase')
    }
  }
  if ((after.expires ?? null) !== (before.expires ?? null)) requireTeamDuration(after, owners)
  await requireWithinOwner(gateway, after, owners)
}

/** Changes many keys, each by itself: what fails is said, and spares the others. */
export async function updateKeys(management: KeyManagement, request: RouteRequest): Promise<Record<string, unknown>> {
  const entries = request.body['keys'] as Body[]
  const successful: Record<string, unknown>[] = []
  const failed: Record<string, unknown>[] = []
  for (const entry of entries) {
    try {
      successful.push({ key: entry['key'], key_info: await updateKey(management, request, entry) })
    } catch (error) {
      if (!(error instanceof GatewayError)) throw error
      failed.push({ key: entry['key'], key_info: null, failed_reason: error.message })
    }
  }
  return { total_requested: entries.length, successful_updates: successful, failed_updates: failed }
}

/** LiteLLM's `reset_spend`: lowers what a key spent, in its windows of now as well. */
export async function resetSpend(
  management: KeyManagement,
  { principal: caller, body, params }: RouteRequest,
): Promise<Record<string, unknown>> {
  const { gateway } = management
  const named = keyOfPath(params)
  const { key, owners } = await findManaged(gateway.directory, { caller, key: named, action: '/key/update' })
  if (!isInCharge(caller, owners)) throw forbidden('What a key spent is for an admin to reset.')
  const to = body['reset_to'] as number
  const row = await rowOf(management, key)
  if (to > (row['spend'] as number)) {
    throw invalidRequest(`\`reset_to\` is above what the key spent, ${String(row['spend'])}.`, 'reset_to')
  }
  const previous = await setSpend(management, key, { to, atMost: true })
  const { max_budget, budget_reset_at } = row
  return { key_hash: key.token, spend: to, previous_spend: previous, max_budget, budget_reset_at }
}

/** A team or user that a proxy admin names need not be there (see `generateKey`). */
async function ensureOwners(gateway: GatewayContext, body: Body, actor: string): Promise<void> {
  if (typeof body['team_id'] === 'string') await ensureTeam(gateway, body['team_id'], actor)
  if (typeof body['user_id'] === 'string') await ensureUser(gateway, { user_id: body['user_id'] }, actor)
}

import { invalidRequest } from '../../../src/index.ts'
import type { KeyDocument, RouteRequest } from '../../../src/index.ts'
import { actorOf, notFound } from '../common/route.ts'
import { hashKey, keyName, makeKey } from '../hash-key.ts'
import { spendPlace } from '../common/spend.ts'
import { forbidden } from '../who-may.ts'
import { withAlias } from './alias.ts'
import { requireChange } from './change.ts'
import { deleteOld } from './delete.ts'
import { requireNotMaster, toNewKey } from './generate.ts'
import { findManaged, keyOfPath, ownersOf, requireManaged } from './owners.ts'
import type { KeyManagement } from './owners.ts'
import { isInCharge } from './rules.ts'
import { setSpend } from './spend.ts'
import { requireTeamDuration } from './team-duration.ts'
import { endOf, withKeyChanges } from './to-key.ts'

const action = '/key/regenerate'

/**
 * Replaces a key by a new one with everything it had, what it spent and the minute of its rates included. The old one ends
 * at once, or after `grace_period`; until then it acts as the new one.
 */
export async function regenerateKey(
  management: KeyManagement,
  request: RouteRequest,
): Promise<Record<string, unknown>> {
  const { gateway } = management
  const { directory } = gateway
  const { principal: caller, body, params } = request
  const named = (body['key'] as string | undefined) ?? keyOfPath(params)
  const plain = (body['new_key'] as string | null | undefined) ?? makeKey()
  requireNotMaster(management, plain)
  const { key: found, owners } = await findManaged(directory, { caller, key: named, action })
  const spend = body['spend'] as number | null | undefined
  if (typeof spend === 'number' && !isInCharge(caller, owners))
    throw forbidden('`spend` is for an admin to set.', 'spend')
  const token = hashKey(plain)
  if (token === found.token)
    throw invalidRequest('The new key is the old one: choose another.', 'new_key', 'key_exists')
  const grace = body['grace_period'] as string | null | undefined
  const actor = actorOf(request)
  const now = Date.now()
  const graceUntil = grace ? endOf(grace, now, 'grace_period') : undefined

  let next: KeyDocument | undefined
  const alias = (body['key_alias'] as string | null | undefined) ?? found.key_alias
  const takes = alias !== undefined && alias !== found.key_alias ? alias : undefined
  await withAlias(gateway, { alias: takes, token }, () =>
    directory.update('key', found.token, async (key) => {
      if (!key || key.replaced_by !== undefined) throw notFound(caller, 'key', 'key')
      const stored = await ownersOf(directory, key)
      requireManaged(caller, key, { action, owners: stored })
      const rotated: KeyDocument = {
        ...withKeyChanges(key, body, actor),
        token,
        key_name: keyName(plain),
        counted_as: key.counted_as ?? key.token,
        spent_as: spendPlace(key),
        rotation_count: (key.rotation_count ?? 0) + 1,
        last_rotation_at: new Date(now).toISOString(),
        updated_at: new Date(now).toISOString(),
        updated_by: actor,
      }
      if (body['duration'] !== undefined) requireTeamDuration(rotated, stored)
      await requireChange(gateway, { caller: caller!, before: key, after: rotated, owners: stored, action })
      // Seen before its lock is waited for: two keys that are to become each other would wait for ever.
      if (await directory.get('key', token)) throw keyExists()
      // The new one first: a process that dies between the two leaves a key that nobody knows, not a caller without one.
      await directory.update('key', token, (taken) => {
        if (taken) throw keyExists()
        return rotated
      })
      next = rotated
      if (!graceUntil) return undefined
      const { key_name, created_at } = key
      const stamps = { created_at, updated_at: rotated.updated_at }
      return { token: key.token, key_name, models: [], ...stamps, replaced_by: token, grace_until: graceUntil }
    }),
  )
  if (typeof spend === 'number') await setSpend(management, next!, { to: spend })
  await deleteOld(directory)
  return toNewKey(management, { key: next!, plain, body })
}

function keyExists() {
  return invalidRequest('This key cannot be used: choose another.', 'new_key', 'key_exists')
}

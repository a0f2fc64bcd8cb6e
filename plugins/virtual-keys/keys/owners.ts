import { GatewayError } from '../../../src/index.ts'
import type { Directory, GatewayContext, KeyDocument } from '../../../src/index.ts'
import { notFound } from '../common/route.ts'
import { toToken } from '../hash-key.ts'
import { mayManageKey, mayViewKey } from '../who-may.ts'
import type { Caller, KeyAction, Owners } from '../who-may.ts'

/** What the routes of keys work with. */
export interface KeyManagement {
  readonly gateway: GatewayContext
  /** Where days of budgets begin: an IANA name. */
  readonly timezone: string
  readonly masterKey: string | undefined
}

/** The owners that decide who may see and change a key. */
export async function ownersOf(
  directory: Directory,
  key: Pick<KeyDocument, 'team_id' | 'organization_id'>,
): Promise<Owners> {
  const team = key.team_id ? await directory.get('team', key.team_id) : undefined
  const id = team?.organization_id ?? key.organization_id
  return { team, organization: id ? await directory.get('organization', id) : undefined }
}

/** A key by itself or its hash; that of a rotated one leads to what replaced it while its grace lasts. */
export async function findKey(directory: Directory, keyOrHash: string): Promise<KeyDocument | undefined> {
  let key = await directory.get('key', toToken(keyOrHash))
  for (let i = 0; key?.replaced_by !== undefined && i < 10; i++) {
    if (!(Date.parse(key.grace_until ?? '') > Date.now())) return undefined
    key = await directory.get('key', key.replaced_by)
  }
  return key
}

/** A key that a caller sees. Throws 404, or 403 for those whom its absence is no business of. */
export async function findVisible(directory: Directory, caller: Caller, keyOrHash: string): Promise<KeyDocument> {
  const key = await findKey(directory, keyOrHash)
  if (!key || !mayViewKey(caller, key, await ownersOf(directory, key))) throw notFound(caller, 'key', 'key')
  return key
}

/** A key that a caller may change in a way. Throws 404 or 403; of keys that the caller does not see the same 403 as of none. */
export async function findManaged(
  directory: Directory,
  { caller, key: keyOrHash, action }: { caller: Caller; key: string; action: KeyAction },
): Promise<{ key: KeyDocument; owners: Owners }> {
  const key = await findVisible(directory, caller, keyOrHash)
  const owners = await ownersOf(directory, key)
  requireManaged(caller, key, { action, owners })
  return { key, owners }
}

/** Throws a 403 unless the caller may change the key in this way. */
export function requireManaged(
  caller: Caller,
  key: KeyDocument,
  { action, owners }: { action: KeyAction; owners: Owners },
): void {
  if (mayManageKey(caller, key, action, owners)) return
  throw new GatewayError(403, `This key may not do ${action} with that key.`, {
    type: 'permission_error',
    code: key.team_id ? 'team_member_permission_error' : 'not_allowed',
    param: 'key',
  })
}

/** The key that a path names. */
export function keyOfPath(params: Readonly<Record<string, string>>): string {
  const text = params['key'] ?? ''
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

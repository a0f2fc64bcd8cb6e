import { invalidRequest } from '../../../src/index.ts'
import type { Directory, GatewayContext, KeyDocument, RouteRequest } from '../../../src/index.ts'
import { notFound } from '../common/route.ts'
import { isProxyAdmin } from '../who-may.ts'
import { findManaged, requireManaged, ownersOf } from './owners.ts'
import { isInCharge, requireFreeHands } from './rules.ts'

/** Deletes keys by themselves, their hashes or their aliases: all of them, or none where one may not be deleted. */
export async function deleteKeysOf(
  gateway: GatewayContext,
  { body, principal: caller }: RouteRequest,
): Promise<Record<string, unknown>> {
  const { directory } = gateway
  const named = (body['keys'] ?? []) as string[]
  const aliases = (body['key_aliases'] ?? []) as string[]
  if (named.length + aliases.length === 0) {
    throw invalidRequest('Name `keys` or `key_aliases`.', 'keys', 'missing_required_parameter')
  }
  const found = new Map<string, KeyDocument>()
  const own = caller && !isProxyAdmin(caller) ? await directory.get('key', caller.id) : undefined
  for (const name of [
    ...named,
    ...(await tokensOf(directory, aliases, () => notFound(caller, 'key', 'key_aliases'))),
  ]) {
    const { key, owners } = await findManaged(directory, { caller, key: name, action: '/key/delete' })
    if (own && own.token !== key.token && !isInCharge(caller, owners)) requireFreeHands(own, 'changing')
    found.set(key.token, key)
  }
  for (const token of found.keys()) {
    await directory.update('key', token, async (key) => {
      if (!key) return undefined
      requireManaged(caller, key, { action: '/key/delete', owners: await ownersOf(directory, key) })
      return undefined
    })
  }
  await deleteOld(directory, (key) => found.has(key.replaced_by!))
  return { deleted_keys: [...named, ...aliases] }
}

/** Deletes hashes of rotated keys that lead nowhere any more: their grace is over, or a test says so. */
export async function deleteOld(
  directory: Directory,
  test: (key: KeyDocument) => boolean = () => false,
): Promise<void> {
  const now = Date.now()
  for (const key of await directory.list('key')) {
    if (key.replaced_by === undefined) continue
    if (!(Date.parse(key.grace_until ?? '') > now) || test(key)) {
      await directory.update('key', key.token, () => undefined)
    }
  }
}

async function tokensOf(directory: Directory, aliases: readonly string[], missing: () => Error): Promise<string[]> {
  if (aliases.length === 0) return []
  const byAlias = new Map((await directory.list('key')).map((key) => [key.key_alias, key.token]))
  return aliases.map((alias) => {
    const token = byAlias.get(alias)
    if (token === undefined) throw missing()
    return token
  })
}

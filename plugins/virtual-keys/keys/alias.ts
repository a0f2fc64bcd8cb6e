import { invalidRequest, storageKey } from '../../../src/index.ts'
import type { Directory, GatewayContext, KeyDocument } from '../../../src/index.ts'

/**
 * Runs what gives a key an alias, if no other key has it: one at a time over all nodes. Which key took an alias last is
 * written down beside the keys, since another node's list of keys may be a moment behind. Throws a 400 where it is taken.
 */
export async function withAlias<T>(
  { directory, storage }: Pick<GatewayContext, 'directory' | 'storage'>,
  { alias, token }: { alias: string | null | undefined; token: string },
  work: () => Promise<T>,
): Promise<T> {
  if (!alias) return work()
  let result: { value: T } | undefined
  // A document that is never written: only its lock is wanted. No hash looks like it.
  await directory.update('key', `\u0000alias:${alias}`, async () => {
    const place = storageKey('key-alias', alias)
    const taker = await storage.getItem<string>(place)
    const found = typeof taker === 'string' ? await stored(directory, taker) : undefined
    const others = found?.key_alias === alias ? [found] : await directory.list('key')
    if (others.some((key) => key.key_alias === alias && key.token !== token && key.replaced_by === undefined)) {
      throw invalidRequest(`There is a key with the alias \`${alias}\` already.`, 'key_alias', 'key_alias_exists')
    }
    result = { value: await work() }
    await storage.setItem(place, token)
    return undefined
  })
  return result!.value
}

/** A key as it is in storage now, not as it was a moment ago. */
async function stored(directory: Directory, token: string): Promise<KeyDocument | undefined> {
  let found: KeyDocument | undefined
  await directory.update('key', token, (key) => (found = key))
  return found
}

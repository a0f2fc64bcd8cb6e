import type { Directory, KeyDocument } from '../../../src/index.ts'
import { resetAt, toBudgetRow } from './spend.ts'

const AT_ONCE = 16

/** All keys that a test finds. */
export async function findKeys(directory: Directory, test: (key: KeyDocument) => boolean): Promise<KeyDocument[]> {
  return (await directory.list('key')).filter(test)
}

/**
 * Deletes all keys that a test finds, and looks again until there are none: keys that were made meanwhile go as well.
 * @returns how many there were
 */
export async function deleteKeys(directory: Directory, test: (key: KeyDocument) => boolean): Promise<number> {
  const deleted = new Set<string>()
  for (;;) {
    const keys = await findKeys(directory, (key) => !deleted.has(key.token) && test(key))
    if (keys.length === 0) return deleted.size
    for (let at = 0; at < keys.length; at += AT_ONCE) {
      const some = keys.slice(at, at + AT_ONCE)
      await Promise.all(some.map(({ token }) => directory.update('key', token, () => undefined)))
    }
    for (const { token } of keys) deleted.add(token)
  }
}

/** A key as lists show it: LiteLLM's fields, its hash as `token`, and nothing that could be used to call. */
export function toKeyRow(
  { other, counted_as: _rates, spent_as: _spend, ...key }: KeyDocument,
  { spend, timezone }: { spend: number; timezone: string },
): Record<string, unknown> {
  return {
    ...other,
    ...key,
    token_id: key.token,
    key_alias: key.key_alias ?? null,
    user_id: key.user_id ?? null,
    team_id: key.team_id ?? null,
    organization_id: key.organization_id ?? null,
    expires: key.expires ?? null,
    metadata: key.metadata ?? {},
    blocked: key.blocked ?? null,
    ...toBudgetRow(key, { timezone }),
    budget_reset_at: resetAt(key.budget_duration, timezone),
    spend,
  }
}

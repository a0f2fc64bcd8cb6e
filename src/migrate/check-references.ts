import type { DirectoryKind } from '../types/directory.ts'
import type { Reading } from './litellm-reading.ts'

/** Fields that name another document, and its kind. */
const REFERENCES = {
  budget_id: 'budget',
  team_id: 'team',
  user_id: 'user',
  organization_id: 'organization',
} as const satisfies Record<string, DirectoryKind>

/** Tells which documents name others that are not taken: LiteLLM's database does not hold all of them together. */
export function checkReferences({ items, notes }: Reading): void {
  const taken = new Set(items.map(({ kind, id }) => `${kind}:${id}`))
  for (const { kind, table, document } of items) {
    const fields = document as unknown as Readonly<Record<string, unknown>>
    for (const [field, named] of Object.entries(REFERENCES)) {
      const id = fields[field]
      // An end user's own id has the name of a user's.
      if (typeof id !== 'string' || named === kind || (kind === 'customer' && named === 'user')) continue
      if (taken.has(`${named}:${id}`)) continue
      const who =
        fields['key_alias'] ?? fields['team_alias'] ?? fields['alias'] ?? fields['key_name'] ?? fields[`${kind}_id`]
      notes.add({
        table,
        field,
        reason: `names ${named === 'organization' ? 'an' : 'a'} ${named} that was not taken`,
        who: typeof who === 'string' ? who : undefined,
      })
    }
  }
}

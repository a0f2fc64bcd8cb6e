import { isDeepStrictEqual } from 'node:util'
import type { Directory, DirectoryDocuments, DirectoryKind } from '../types/directory.ts'
import type { Draft, Item } from './litellm-reading.ts'
import { inParallel } from './in-parallel.ts'
import type { TakenBefore } from './taken-before.ts'

/** What became of a document. */
export type Written = 'new' | 'changed' | 'unchanged' | 'newer' | 'deleted' | 'failed'

export interface WriteOptions {
  readonly directory: Directory
  readonly taken: TakenBefore
  readonly dryRun: boolean
  /** Milliseconds since the epoch. */
  readonly now: number
  readonly onError: (item: Item, error: unknown) => void
}

const AT_ONCE = 16

/**
 * Writes documents into the directory. Writing one again changes nothing; one that was changed here after its last change
 * there stays as it is, and one that was deleted here stays deleted: a revoked key must not come back.
 */
export async function writeDocuments(items: readonly Item[], options: WriteOptions): Promise<Map<Item, Written>> {
  const written = new Map<Item, Written>()
  await inParallel(items, AT_ONCE, async (item) => {
    try {
      written.set(item, await writeOne(item, options))
    } catch (error) {
      written.set(item, 'failed')
      options.onError(item, error)
    }
  })
  return written
}

async function writeOne(item: Item, { directory, taken, dryRun, now }: WriteOptions): Promise<Written> {
  let outcome: Written = 'unchanged'
  const decide = (stored: Stored | undefined): Stored | undefined => {
    const document = withTimes(item.document, stored, new Date(now).toISOString())
    outcome = !stored && taken.get(item.kind)?.has(item.id) ? 'deleted' : compare(item.document, document, stored)
    return outcome === 'new' || outcome === 'changed' ? document : stored
  }
  if (dryRun) decide(await directory.get(item.kind, item.id))
  else await directory.update(item.kind, item.id, decide as never)
  return outcome
}

type Stored = DirectoryDocuments[DirectoryKind]

/** Rows without times (end users) have those of their first import. */
function withTimes(draft: Draft<Stored>, stored: Stored | undefined, now: string): Stored {
  const created_at = draft.created_at ?? stored?.created_at ?? now
  return { ...draft, created_at, updated_at: draft.updated_at ?? stored?.updated_at ?? created_at } as Stored
}

function compare(draft: Draft<Stored>, document: Stored, stored: Stored | undefined): Written {
  if (!stored) return 'new'
  // As JSON keeps them: what is undefined is not there.
  if (isDeepStrictEqual(JSON.parse(JSON.stringify(document)), stored)) return 'unchanged'
  const since = draft.updated_at ?? stored.created_at
  return stored.updated_at > since ? 'newer' : 'changed'
}

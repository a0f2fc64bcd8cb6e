import type { Storage } from 'unstorage'
import type { Counters } from '../types/counters.ts'
import type { Directory, DirectoryDocuments, DirectoryKind } from '../types/directory.ts'
import { createKeyedQueue } from '../storage/keyed-queue.ts'
import { logger } from '../logger.ts'
import { storageKey } from '../storage/storage-key.ts'
import { withLock } from './lock.ts'
import { createCache } from './cache.ts'
import { watchVersion } from './watch-version.ts'

export interface OpenDirectory extends Directory {
  /** Stops looking for other nodes' changes. */
  close(): void
}

export interface DirectoryOptions {
  readonly storage: Storage
  readonly counters: Counters
  /** Milliseconds between two looks for other nodes' changes. Default 300. */
  readonly pollMs?: number | undefined
}

type Document = DirectoryDocuments[DirectoryKind]

const PLACE = 'directory'
/** Documents read at once by `list`. */
const AT_ONCE = 64

/**
 * The directory over a document store. Each change anywhere adds to one counter, which every node reads a few times a
 * second: what was cached before a change is read anew on its next use. Where counters are in memory there is one node.
 */
export function createDirectory({ storage, counters, pollMs = 300 }: DirectoryOptions): OpenDirectory {
  const cache = createCache<Document>()
  const lists = new Map<DirectoryKind, { generation: number; documents: Map<string, Document> }>()
  const queue = createKeyedQueue()
  let changes = 0
  const version = watchVersion({ counters, pollMs, onChange: () => (cache.expire(), changes++) })

  const read = async (kind: DirectoryKind, id: string): Promise<Document | undefined> => {
    const place = placeOf(kind, id)
    const found: unknown = await storage.getItem(place)
    if (found === null || found === undefined) return undefined
    // Half a document would be an owner without limits.
    if (!isDocument(kind, found)) throw new Error(`${damaged(place)}. Bring it back from a backup, or remove it.`)
    return found
  }

  const store = async (kind: DirectoryKind, id: string, document: Document | undefined) => {
    if (document === undefined) await storage.removeItem(placeOf(kind, id))
    else await storage.setItem(placeOf(kind, id), document as never)
    cache.set(cacheKey(kind, id), document, cache.generation())
    const listed = lists.get(kind)
    if (document === undefined) listed?.documents.delete(id)
    else listed?.documents.set(id, document)
    changes++
    await version.tell()
  }

  return {
    get(kind, id) {
      version.watch()
      const key = cacheKey(kind, id)
      const known = cache.get(key)
      if (known) return known.value as never
      const generation = cache.generation()
      return queue(`read:${key}`, async () => {
        // Whoever asked first has read it for those who waited.
        const meanwhile = cache.get(key)
        if (meanwhile) return meanwhile.value
        const document = await read(kind, id)
        // A change of our own was faster: what was read may be older than it.
        const since = cache.get(key)
        if (since) return since.value
        cache.set(key, document, generation)
        return document
      }) as never
    },
    update(kind, id, change) {
      const key = cacheKey(kind, id)
      return queue(key, () =>
        withLock(counters, `${PLACE}:lock:${key}`, async () => {
          const stored = await read(kind, id)
          const document = await change(stored as never)
          if (document !== stored) await store(kind, id, document)
          return document as never
        }),
      )
    },
    async list(kind) {
      version.watch()
      const known = lists.get(kind)
      if (known?.generation === cache.generation()) return [...known.documents.values()] as never
      const generation = cache.generation()
      const keys = await storage.getKeys(storageKey(PLACE, kind))
      const documents = new Map<string, Document>()
      for (let at = 0; at < keys.length; at += AT_ONCE) {
        const places = keys.slice(at, at + AT_ONCE)
        const some: unknown[] = await Promise.all(places.map((key) => storage.getItem(key)))
        for (const [i, document] of some.entries()) {
          if (document === null) continue
          // One of thousands is no reason to show none of them.
          if (isDocument(kind, document)) documents.set(String(document[ID_FIELDS[kind] as never]), document)
          else logger.error(`${damaged(places[i]!)}, and is left out of lists.`)
        }
      }
      lists.set(kind, { generation, documents })
      return [...documents.values()] as never
    },
    version: () => changes,
    close: () => version.stop(),
  }
}

/** Where a document is kept. */
function placeOf(kind: DirectoryKind, id: string): string {
  return storageKey(PLACE, kind, id)
}

function cacheKey(kind: DirectoryKind, id: string): string {
  return `${kind}:${id}`
}

const ID_FIELDS = {
  key: 'token',
  team: 'team_id',
  user: 'user_id',
  customer: 'user_id',
  budget: 'budget_id',
  organization: 'organization_id',
} as const satisfies Record<DirectoryKind, string>

/** A file may have been edited by hand, cut off or restored in part. */
function isDocument(kind: DirectoryKind, found: unknown): found is Document {
  if (typeof found !== 'object' || found === null) return false
  return typeof (found as Record<string, unknown>)[ID_FIELDS[kind]] === 'string'
}

function damaged(place: string): string {
  return `the document ${place} in the storage is damaged`
}

import type { Storage } from 'unstorage'
import { storageKey } from '../storage/storage-key.ts'
import type { DirectoryKind } from '../types/directory.ts'
import type { Item } from './litellm-reading.ts'

/** What earlier runs took: a document that is not there although it was taken has been deleted here since. */
export type TakenBefore = ReadonlyMap<DirectoryKind, ReadonlySet<string>>

/** Reads what runs before took of these kinds. */
export async function readTaken(storage: Storage, items: readonly Item[]): Promise<TakenBefore> {
  const kinds = [...new Set(items.map(({ kind }) => kind))]
  return new Map(await Promise.all(kinds.map(async (kind) => [kind, await read(storage, kind)] as const)))
}

/** Adds what is there now. After the documents: a run that was interrupted has not taken what it did not write. */
export async function writeTaken(storage: Storage, items: readonly Item[]): Promise<void> {
  const kinds = new Map<DirectoryKind, string[]>()
  for (const { kind, id } of items) {
    const ids = kinds.get(kind)
    if (ids) ids.push(id)
    else kinds.set(kind, [id])
  }
  for (const [kind, ids] of kinds) {
    const before = await read(storage, kind)
    const all = new Set([...before, ...ids])
    if (all.size > before.size) await storage.setItem(placeOf(kind), [...all])
  }
}

async function read(storage: Storage, kind: DirectoryKind): Promise<ReadonlySet<string>> {
  const ids = await storage.getItem<string[]>(placeOf(kind))
  return new Set(Array.isArray(ids) ? ids : [])
}

/** Beside the directory, so that it moves with it. */
function placeOf(kind: DirectoryKind): string {
  return storageKey('directory', 'litellm', kind)
}

import { StoreAway, findCallerBy } from '../../src/index.ts'
import type { Awaitable, Directory } from '../../src/index.ts'
import { isPromise, readDocuments } from './read-documents.ts'
import type { KeyDocuments } from './read-documents.ts'
import { compileKey } from './to-principal.ts'
import type { CompiledKey } from './to-principal.ts'

/** Keys as calls need them. */
export interface KeyBook {
  /**
   * Finds a key by its hash; at once where it and its owners are known. Known keys go on while storage is away, as they
   * were; others reject with a `StoreAway`.
   * @param teamId a team that the caller chose and is a member of, in place of the key's
   */
  find(token: string, teamId?: string): Awaitable<CompiledKey | undefined>
}

interface Entry {
  /** The directory's version that `compiled` is known to hold for. */
  version: number
  readonly compiled: CompiledKey
}

/** What a key was looked for by, and what it is kept under. */
interface Place {
  readonly name: string
  readonly token: string
  readonly teamId: string | undefined
}

const MOST_KEYS = 100_000

/** Compiles keys once, and anew only where the directory says that something changed and it was about them. */
export function createKeyBook(directory: Directory): KeyBook {
  const entries = new Map<string, Entry>()

  const keep = (place: Place, documents: KeyDocuments | undefined, version: number): CompiledKey | undefined => {
    const { name, token, teamId } = place
    const before = entries.get(name)
    if (!documents) {
      if (before) entries.delete(name)
      return undefined
    }
    if (before && isSame(before.compiled.documents, documents)) {
      before.version = version
      return before.compiled
    }
    const compiled = compileKey(documents)
    findCallerBy(compiled.principal, async () => (await find(token, teamId))?.principal)
    entries.delete(name)
    entries.set(name, { version, compiled })
    if (entries.size > MOST_KEYS) entries.delete(entries.keys().next().value!)
    return compiled
  }

  const find: KeyBook['find'] = (token, teamId) => {
    const name = teamId === undefined ? token : `${token}:${teamId}`
    const version = directory.version()
    const entry = entries.get(name)
    if (entry?.version === version) return entry.compiled
    const found = readDocuments(directory, token, teamId)
    const place = { name, token, teamId }
    if (!isPromise(found)) return keep(place, found, version)
    return found.then(
      // What changed while it was read is looked for on the next call: the version is the one from before.
      (documents) => keep(place, documents, version),
      (error: unknown) => {
        if (error instanceof StoreAway && entry) return entry.compiled
        throw error
      },
    )
  }
  return { find }
}

function isSame(a: KeyDocuments, b: KeyDocuments): boolean {
  return (Object.keys(b) as (keyof KeyDocuments)[]).every((name) => a[name] === b[name])
}

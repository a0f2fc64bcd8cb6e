/** What is known of documents, absence included. Everything in it may be declared stale at once. */
export interface Cache<T> {
  /** The value where it is known and not stale. */
  get(key: string): { readonly value: T | undefined } | undefined
  /** @param generation what {@link Cache.generation} said when reading began: what was read before a change is stale */
  set(key: string, value: T | undefined, generation: number): void
  generation(): number
  /** Everything is stale from now on. */
  expire(): void
}

interface Entry<T> {
  readonly value: T | undefined
  readonly generation: number
}

/** Absent documents are remembered too, or a wrong key would cost a read of storage each time; only so many of them. */
const MOST_ABSENT = 10_000
const MOST_PRESENT = 200_000

/** A cache whose entries are as old as the generation they were read in. */
export function createCache<T>(): Cache<T> {
  const present = new Map<string, Entry<T>>()
  const absent = new Map<string, Entry<T>>()
  let generation = 0

  return {
    get(key) {
      const entry = present.get(key) ?? absent.get(key)
      return entry?.generation === generation ? entry : undefined
    },
    set(key, value, read) {
      present.delete(key)
      absent.delete(key)
      const map = value === undefined ? absent : present
      map.set(key, { value, generation: read })
      if (map.size > (value === undefined ? MOST_ABSENT : MOST_PRESENT)) map.delete(map.keys().next().value!)
    },
    generation: () => generation,
    expire: () => void generation++,
  }
}

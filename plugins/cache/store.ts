import type { Usage } from '../../src/index.ts'

/** A stored answer. Times are milliseconds since the epoch. */
export interface Entry {
  readonly at: number
  readonly until: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  readonly usage?: Usage | undefined
}

/** The part of unstorage's Storage that is used. */
export interface DocumentStorage {
  getItem(key: string): Promise<unknown>
  setItem(key: string, value: Entry, options: { ttl: number }): Promise<void>
  removeItem(key: string): Promise<void>
}

export interface Store {
  /** Undefined: not there, too old, or the store did not answer in time. Never rejects. */
  get(key: string): Promise<Entry | undefined>
  /** Never rejects. */
  set(key: string, entry: Entry): Promise<void>
}

export interface StoreOptions {
  readonly prefix: string
  /** Milliseconds that a call waits for the store. */
  readonly deadline: number
  onError(error: unknown): void
}

const FAILURES = 5
const REST_MS = 30_000

/**
 * Keeps entries with their own end, since unstorage's drivers differ in whether they know one. A store that is slow or
 * away costs a call at most the deadline, and after five failures in a row nothing for 30 s.
 */
export function createStore(storage: DocumentStorage, options: StoreOptions): Store {
  let failures = 0
  let closedUntil = 0

  const guarded = async <T>(work: () => Promise<T>): Promise<T | undefined> => {
    if (closedUntil > Date.now()) return undefined
    try {
      const result = await withDeadline(work(), options.deadline)
      failures = 0
      return result
    } catch (error) {
      if (++failures >= FAILURES) {
        failures = 0
        closedUntil = Date.now() + REST_MS
      }
      options.onError(error)
      return undefined
    }
  }

  return {
    async get(key) {
      const path = `${options.prefix}:${key}`
      const found = await guarded(() => storage.getItem(path))
      if (!isEntry(found)) return undefined
      if (found.until > Date.now()) return found
      void guarded(() => storage.removeItem(path))
      return undefined
    },
    async set(key, entry) {
      // Redis takes whole seconds.
      const ttl = Math.max(1, Math.ceil((entry.until - entry.at) / 1000))
      await guarded(() => storage.setItem(`${options.prefix}:${key}`, entry, { ttl }))
    },
  }
}

/** Files can be read half-written, and anyone may write to a shared store. */
function isEntry(value: unknown): value is Entry {
  if (typeof value !== 'object' || value === null) return false
  const { at, until, headers, body } = value as Partial<Entry>
  if (typeof at !== 'number' || typeof until !== 'number' || typeof body !== 'string') return false
  if (typeof headers !== 'object' || headers === null) return false
  return Object.values(headers).every((header) => typeof header === 'string')
}

async function withDeadline<T>(work: Promise<T>, ms: number): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`the cache's storage did not answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

import type { Storage, StorageValue } from 'unstorage'
import type { Entry } from './envelope.ts'
import { fromEnvelope, toEnvelope } from './envelope.ts'
import { createKeyedQueue } from './keyed-queue.ts'

export interface EnvelopedOptions {
  readonly now: () => number
  /** Seconds that entries of a mount live where a write says nothing, by the mount's base (`cache:`). */
  readonly ttlOf?: ((base: string) => number | undefined) | undefined
}

/** As unstorage takes them; `ttl` in seconds. */
type Options = Record<string, unknown> | undefined

/**
 * An unstorage Storage that keeps the same promises on every driver: a value comes back with its type and as a copy, an
 * entry ends after its `ttl`, and writes of one key happen in the order of the calls. Each value is kept in a small JSON
 * envelope; bytes (Uint8Array) are values like others.
 */
export function withEnvelopes(inner: Storage, options: EnvelopedOptions): Storage {
  const { now } = options
  const queue = createKeyedQueue()

  const read = async (key: string, opts?: Options): Promise<Entry | undefined> => {
    const entry = fromEnvelope(await inner.getItem(checkKey(key), opts))
    if (entry?.until === undefined || entry.until > now()) return entry
    // Not where it was written anew in the meantime: writes of this process wait in the same queue.
    void queue(key, async () => {
      const again = fromEnvelope(await inner.getItem(key, opts))
      if (again?.until !== undefined && again.until <= now()) await inner.removeItem(key, opts)
    }).catch(() => {})
    return undefined
  }
  const getItem = async (key: string, opts?: Options) => (await read(key, opts))?.value ?? null
  const hasItem = async (key: string, opts?: Options) => (await read(key, opts)) !== undefined
  const removeItem = (key: string, opts?: Options | boolean) =>
    queue(checkKey(key), () => inner.removeItem(key, opts as Options))
  const setItem = async (key: string, value: unknown, opts?: Options): Promise<void> => {
    if (value === undefined) return removeItem(key, opts)
    const ttl = toTtl(opts?.['ttl'] ?? options.ttlOf?.(inner.getMount(checkKey(key)).base))
    if (ttl !== undefined && ttl <= 0) return removeItem(key, opts)
    const text = toEnvelope({ value, until: ttl === undefined ? undefined : now() + ttl * 1000 })
    // For drivers whose store ends entries by itself; most of those take whole seconds.
    const passed = ttl === undefined ? opts : { ...opts, ttl: Math.ceil(ttl) }
    await queue(checkKey(key), () => inner.setItem(key, text, passed))
  }
  const getItems = (items: readonly (string | { key: string; options?: Options })[], common?: Options) =>
    Promise.all(
      items.map(async (item) => {
        const [key, own] = typeof item === 'string' ? [item, undefined] : [item.key, item.options]
        return { key, value: (await getItem(key, { ...common, ...own })) as StorageValue }
      }),
    )
  const setItems = async (items: readonly { key: string; value: unknown; options?: Options }[], common?: Options) => {
    await Promise.all(items.map(({ key, value, options: own }) => setItem(key, value, { ...common, ...own })))
  }
  const getMeta = async (key: string, opts?: Options | boolean) => {
    const native = await inner.getMeta(key, { nativeOnly: true })
    const nativeOnly = typeof opts === 'boolean' ? opts : opts?.['nativeOnly'] === true
    return nativeOnly ? native : { ...native, ...((await getItem(`${key}$`)) as object | null) }
  }

  // unstorage clears whole mounts only: of a base inside of one it leaves everything.
  const clear = async (base?: string, opts?: Options) => {
    await inner.clear(base, opts)
    for (const key of await inner.getKeys(base, opts)) await removeItem(key, opts)
  }

  const storage = {
    ...inner,
    getItem,
    hasItem,
    setItem,
    removeItem,
    getItems,
    setItems,
    getItemRaw: getItem,
    setItemRaw: setItem,
    getMeta,
    clear,
    setMeta: (key: string, value: unknown, opts?: Options) => setItem(`${key}$`, value, opts),
    removeMeta: (key: string, opts?: Options) => removeItem(`${key}$`, opts),
    get: getItem,
    has: hasItem,
    set: setItem,
    del: removeItem,
    remove: removeItem,
  } as unknown as Storage
  storage.mount = (base, driver) => {
    inner.mount(base, driver)
    return storage
  }
  return storage
}

/** unstorage cuts keys at `?`, so two documents would become one. */
function checkKey(key: string): string {
  if (key.includes('?')) throw new Error('storage: a key holds "?". Make keys of users\' texts with storageKey().')
  return key
}

function toTtl(ttl: unknown): number | undefined {
  if (ttl === undefined || ttl === null) return undefined
  if (typeof ttl !== 'number' || Number.isNaN(ttl)) throw new TypeError('storage: ttl is not a number of seconds')
  return ttl === Infinity ? undefined : ttl
}

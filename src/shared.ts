interface Held {
  value: unknown
  holders: number
}

const held = new Map<string, Held>()

/** A thing of the process that several gateways hold, and how to let go of it. */
export interface Lent<T> {
  readonly value: T
  /** Closes it when nobody else holds it. Call it once. */
  release(): Promise<void>
}

/**
 * Lends what the process has once per key: connections, state in memory. A reload makes the new gateway before it closes
 * the old one, so it keeps both.
 */
export function share<T>(key: string, make: () => T, close: (value: T) => void | PromiseLike<void>): Lent<T> {
  let entry = held.get(key)
  if (!entry) held.set(key, (entry = { value: make(), holders: 0 }))
  entry.holders++
  const value = entry.value as T
  return {
    value,
    async release() {
      if (--entry.holders > 0) return
      held.delete(key)
      await close(value)
    },
  }
}

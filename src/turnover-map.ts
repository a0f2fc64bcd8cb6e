/** Entries that may have been deleted before a new Map takes over. */
const SPARE = 32

/**
 * A Map whose entries come and go with every call. V8's Map outgrows its tables by that, each of which points to the next:
 * one that the collector has promoted holds all that follow, with every call in them. Here a new Map takes over before that.
 */
export class TurnoverMap<K, V> {
  #map = new Map<K, V>()
  #deleted = 0

  get size(): number {
    return this.#map.size
  }

  get(key: K): V | undefined {
    return this.#map.get(key)
  }

  has(key: K): boolean {
    return this.#map.has(key)
  }

  set(key: K, value: V): void {
    this.#map.set(key, value)
  }

  delete(key: K): boolean {
    if (!this.#map.delete(key)) return false
    if (++this.#deleted > this.#map.size + SPARE) {
      this.#map = new Map(this.#map)
      this.#deleted = 0
    }
    return true
  }

  /** A copy: entries may be deleted while it is gone through. */
  entries(): [K, V][] {
    return [...this.#map]
  }
}

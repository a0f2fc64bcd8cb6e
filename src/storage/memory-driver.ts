import type { SweepingDriver } from './sweep.ts'
import { isOver } from './envelope.ts'

/** Documents in this process's memory, as text: what a caller changes later does not reach them. */
export function createMemoryDriver(): SweepingDriver {
  const data = new Map<string, string>()
  return {
    name: 'memory',
    getInstance: () => data,
    hasItem: (key) => data.has(key),
    getItem: (key) => data.get(key) ?? null,
    setItem: (key, text) => void data.set(key, text),
    removeItem: (key) => void data.delete(key),
    getKeys: () => [...data.keys()],
    clear(prefix) {
      for (const key of data.keys()) if (key.startsWith(prefix ?? '')) data.delete(key)
    },
    sweep(now) {
      for (const [key, text] of data) if (isOver(text, now)) data.delete(key)
    },
  }
}

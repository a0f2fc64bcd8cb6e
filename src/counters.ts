import type { CounterResult, Counters } from './types/counters.ts'

interface Entry {
  value: number
  expires: number
}

/**
 * Counters in this process's memory. A step is one synchronous run over a Map with no `await` in it, so two calls can
 * never both see the last free place. Expired entries are swept now and then.
 */
export function createMemoryCounters(now: () => number = Date.now): Counters {
  const entries = new Map<string, Entry>()
  let sweepAt = 10_000

  const read = (key: string, at: number): Entry | undefined => {
    const entry = entries.get(key)
    return entry && entry.expires > at ? entry : undefined
  }

  return {
    add(ops): CounterResult {
      const at = now()
      const before = ops.map((op) => read(op.key, at)?.value ?? 0)
      const resetMs = ops.map((op) => (read(op.key, at)?.expires ?? at + op.ttlMs) - at)
      const failed = ops.findIndex((op, i) => op.by > 0 && before[i]! + op.by > op.limit)
      if (failed >= 0) return { ok: false, failed, values: before, resetMs }
      const values = ops.map((op) => {
        const entry = read(op.key, at)
        if (entry) return (entry.value += op.by)
        entries.set(op.key, { value: op.by, expires: at + op.ttlMs })
        return op.by
      })
      if (entries.size > sweepAt) {
        for (const [key, entry] of entries) if (entry.expires <= at) entries.delete(key)
        sweepAt = Math.max(10_000, entries.size * 2)
      }
      return { ok: true, failed: -1, values, resetMs }
    },
    get(keys) {
      const at = now()
      return keys.map((key) => read(key, at)?.value ?? 0)
    },
  }
}

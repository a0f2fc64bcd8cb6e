import type { CounterOp, CounterResult, Counters } from '../types/counters.ts'
import type { Journal } from './journal.ts'
import type { Leases } from './memory-leases.ts'
import type { Window } from './memory-window.ts'
import { checkOps, checkSettlements } from './check-ops.ts'
import { createLeases, dropLease, endLeases, heldBy, takeLease } from './memory-leases.ts'
import { addToWindow, createWindow, slide, waitFor } from './memory-window.ts'

/** What one key holds. */
interface Entry {
  /** The total, and when it starts anew. */
  value: number
  expires: number
  leases: Leases | undefined
  window: Window | undefined
}

/** Keys that are looked at per operation to see whether they are over: all are visited without ever pausing for it. */
const SWEPT_PER_OP = 2

/**
 * Counters in this process's memory. A step is one synchronous run with no `await` in it, so two calls can never both see
 * the last free place. With a journal, totals whose key begins with `spend:` survive a restart;
 * a process that is killed loses at most those of the turn of the event loop that it was in.
 * @param now the clock, milliseconds
 */
export function createMemoryCounters(now: () => number = Date.now, journal?: Journal): Counters {
  const entries = new Map<string, Entry>()
  let sweep = entries.entries()
  for (const { key, value, expires } of journal?.load() ?? []) entries.set(key, { ...createEntry(), value, expires })

  const open = (key: string, at: number): Entry | undefined => {
    const entry = entries.get(key)
    if (entry) refresh(entry, at)
    return entry
  }
  const make = (key: string): Entry => {
    const entry = createEntry()
    entries.set(key, entry)
    return entry
  }
  const sweepSome = (count: number, at: number) => {
    for (let i = 0; i < count; i++) {
      const next = sweep.next()
      if (next.done) {
        sweep = entries.entries()
        return
      }
      refresh(next.value[1], at)
      if (isOver(next.value[1]) && !changed.has(next.value[0])) entries.delete(next.value[0])
    }
  }
  const addTotal = (entry: Entry, by: number, expires: number) => {
    if (entry.expires === 0) entry.expires = expires
    entry.value += by
  }
  /** Spend that changed in this turn of the event loop: one write for all calls that end in it. */
  let changed = new Set<string>()
  const write = () => {
    if (changed.size === 0) return
    const keys = [...changed]
    changed = new Set()
    journal?.write(keys.map((key) => ({ key, value: entries.get(key)!.value, expires: entries.get(key)!.expires })))
  }
  const record = (keys: readonly string[]) => {
    if (changed.size === 0) setImmediate(write)
    for (const key of keys) changed.add(key)
  }

  return {
    add(ops): CounterResult {
      checkOps(ops)
      const at = now()
      const values: number[] = []
      const resetMs: number[] = []
      let failed = -1
      for (let i = 0; i < ops.length; i++) {
        const op = ops[i]!
        const entry = open(op.key, at)
        const before = entry ? valueOf(entry, op) : 0
        values[i] = before
        resetMs[i] = resetOf(op, entry, at)
        const by = growth(op, entry)
        if (failed >= 0 || by <= 0) continue
        const over = before + grownBefore(ops, i, entry) + by - op.limit
        if (over <= 0) continue
        failed = i
        resetMs[i] = waitOf(op, entry, { over, at })
      }
      if (failed >= 0) return { ok: false, failed, values, resetMs, at }

      let spent: string[] | undefined
      for (let i = 0; i < ops.length; i++) {
        const op = ops[i]!
        const entry = entries.get(op.key) ?? make(op.key)
        if (op.kind === 'window') {
          if (entry.window?.windowMs !== op.windowMs) entry.window = createWindow(op.windowMs)
          addToWindow(entry.window, op.by, { now: at, at: op.at ?? at })
        } else if (op.kind === 'lease') {
          takeLease((entry.leases ??= createLeases()), op.leaseId, { amount: op.by, expires: at + op.ttlMs })
        } else {
          addTotal(entry, op.by, at + op.ttlMs)
          if (journal && op.by !== 0 && journal.keeps(op.key)) (spent ??= []).push(op.key)
        }
        values[i] = valueOf(entry, op)
      }
      sweepSome(ops.length * SWEPT_PER_OP, at)
      if (spent) record(spent)
      return { ok: true, failed: -1, values, resetMs, at }
    },
    settle(settlements) {
      checkSettlements(settlements)
      const at = now()
      const applied = settlements.map(({ key, leaseId, by, ttlMs = Infinity }) => {
        const entry = open(key, at) ?? (leaseId === undefined ? make(key) : undefined)
        if (!entry || (leaseId !== undefined && !(entry.leases && dropLease(entry.leases, leaseId)))) return false
        if (by !== 0) addTotal(entry, by, at + ttlMs)
        return true
      })
      const spent = settlements.filter(({ key, by }, i) => journal && applied[i] && by !== 0 && journal.keeps(key))
      if (spent.length > 0) record(spent.map(({ key }) => key))
      return { applied, values: settlements.map(({ key }) => sumOf(entries.get(key))), pending: false }
    },
    get(keys, of) {
      const at = now()
      return keys.map((key) => {
        const entry = open(key, at)
        return of === 'settled' ? (entry?.value ?? 0) : sumOf(entry)
      })
    },
    close() {
      write()
      journal?.close()
    },
  }
}

function createEntry(): Entry {
  return { value: 0, expires: 0, leases: undefined, window: undefined }
}

function refresh(entry: Entry, at: number): void {
  if (entry.expires !== 0 && entry.expires <= at) {
    entry.value = 0
    entry.expires = 0
  }
  if (entry.leases) endLeases(entry.leases, at)
  if (entry.window) slide(entry.window, at)
}

function isOver({ expires, leases, window }: Entry): boolean {
  if (expires !== 0 || (leases && leases.byId.size > 0)) return false
  return !window || window.head === window.ids.length
}

function valueOf(entry: Entry, op: CounterOp): number {
  if (op.kind === 'window') return entry.window?.windowMs === op.windowMs ? entry.window.sum : 0
  return entry.leases ? entry.value + entry.leases.held : entry.value
}

function sumOf(entry: Entry | undefined): number {
  return entry ? entry.value + (entry.leases?.held ?? 0) + (entry.window?.sum ?? 0) : 0
}

/** By how much a value changes: a lease that is held already is replaced. */
function growth(op: CounterOp, entry: Entry | undefined): number {
  return op.kind === 'lease' && entry?.leases ? op.by - heldBy(entry.leases, op.leaseId) : op.by
}

/** What earlier operations of the same step add to the same key, whose entry is given. */
function grownBefore(ops: readonly CounterOp[], i: number, entry: Entry | undefined): number {
  let sum = 0
  for (let j = 0; j < i; j++) if (ops[j]!.key === ops[i]!.key) sum += growth(ops[j]!, entry)
  return sum
}

function resetOf(op: CounterOp, entry: Entry | undefined, at: number): number {
  if (op.kind === 'window') return op.windowMs
  return op.kind === 'lease' || !entry || entry.expires === 0 ? op.ttlMs : entry.expires - at
}

function waitOf(op: CounterOp, entry: Entry | undefined, { over, at }: { over: number; at: number }): number {
  if (op.kind === 'window')
    return entry?.window?.windowMs === op.windowMs ? waitFor(entry.window, over, at) : op.windowMs
  if (op.kind === 'lease' && entry?.leases) return Math.min(op.ttlMs, entry.leases.quietUntil - at)
  return resetOf(op, entry, at)
}

import type { DirectoryDocuments, DirectoryKind } from '../types/directory.ts'
import { budgetWindow, isDuration } from '../budget-window.ts'
import { spendKey } from '../spend-key.ts'
import type { ScopeKind } from '../types/governance.ts'
import type { Tell } from './litellm-budget.ts'
import type { LitellmTables, Row } from './litellm-tables.ts'
import { TABLES } from './litellm-tables.ts'
import { BadValue, numberOf, timeOf } from './litellm-values.ts'
import type { Notes } from './notes.ts'

/** A document that has no times yet where LiteLLM has none. */
export type Draft<D> = Omit<D, 'created_at' | 'updated_at'> & {
  readonly created_at?: string | undefined
  readonly updated_at?: string | undefined
}

/** One document to be written. */
export interface Item<K extends DirectoryKind = DirectoryKind> {
  readonly kind: K
  readonly id: string
  readonly table: string
  readonly document: Draft<DirectoryDocuments[K]>
}

/** One counter to be set. */
export interface SpendItem {
  readonly key: string
  /** Nano-dollars. */
  readonly nano: number
  /** Milliseconds since the epoch; `Infinity`: never. */
  readonly ends: number
}

export interface TableCount {
  readonly table: string
  readonly read: number
  /** Left out for a reason that is no fault: expired, a session. */
  skipped: number
  /** Could not be read. */
  failed: number
}

/** What is read of a LiteLLM database, table by table. */
export interface Reading {
  readonly tables: LitellmTables
  readonly notes: Notes
  /** Milliseconds since the epoch. */
  readonly now: number
  /** IANA name of the zone that budget windows follow. */
  readonly timezone: string
  /** Budgets by their id, for rows that refer to one. */
  readonly budgets: ReadonlyMap<string, Row>
  /** Id of the budget of end users that have none of their own. */
  readonly endUserBudget: string | undefined
  /** Budgets and users (`budget:gold`) whose rows could not be read. */
  readonly unread: Set<string>
  readonly items: Item[]
  readonly spend: SpendItem[]
  readonly counts: TableCount[]
}

/** Starts reading. */
export function createReading(
  input: Pick<Reading, 'tables' | 'notes' | 'now' | 'timezone' | 'endUserBudget'>,
): Reading {
  const budgets = new Map<string, Row>()
  for (const row of input.tables.rows.get(TABLES.budget) ?? []) if (row['budget_id']) budgets.set(row['budget_id'], row)
  return { ...input, budgets, unread: new Set(), items: [], spend: [], counts: [] }
}

/** Leaves a row out for a reason that is no fault. */
export class Skip extends Error {
  override readonly name = 'Skip'
}

export interface RowReader {
  readonly table: string
  /** What people call a row. */
  readonly who: (row: Row) => string
  readonly read: (row: Row, tell: Tell) => void
  /** Told of rows that could not be read. */
  readonly onUnread?: (row: Row) => void
}

/** Reads the rows of one table. A row that cannot be read is told and the others are read on. */
export function eachRow(reading: Reading, { table, who, read, onUnread }: RowReader): void {
  const rows = reading.tables.rows.get(table) ?? []
  const broken = reading.tables.broken.filter((one) => one.table === table)
  const count: TableCount = { table, read: rows.length + broken.length, skipped: 0, failed: broken.length }
  for (const { reason } of broken) reading.notes.add({ table, reason: `not taken: ${reason}` })
  for (const row of rows) {
    // Told only where the row is taken.
    const told: { field: string; reason: string }[] = []
    const { items, spend } = reading
    const [itemsBefore, spendBefore] = [items.length, spend.length]
    try {
      read(row, (field, reason) => told.push({ field, reason }))
      for (const note of told) reading.notes.add({ table, ...note, who: who(row) })
    } catch (error) {
      items.length = itemsBefore
      spend.length = spendBefore
      if (error instanceof Skip) {
        count.skipped++
        reading.notes.add({ table, reason: `left out: ${error.message}`, who: who(row) })
      } else if (error instanceof BadValue) {
        count.failed++
        onUnread?.(row)
        reading.notes.add({ table, field: error.column, reason: `not taken: ${error.message}`, who: who(row) })
      } else throw error
    }
  }
  reading.counts.push(count)
}

/**
 * Refuses a row whose limits are in another one that could not be read: without them it would be worse than none.
 * @throws BadValue
 */
export function checkLimitsRead(row: Row, { unread }: Reading): void {
  for (const [column, kind] of [
    ['budget_id', 'budget'],
    ['user_id', 'user'],
  ] as const) {
    if (unread.has(`${kind}:${row[column]}`)) throw new BadValue(column, `names a ${kind} whose row could not be read`)
  }
}

/**
 * Takes what a row has spent: its total and, where its budget has a window, what was spent in that.
 * @param input.budget the budget that the row refers to
 */
export function takeSpend(
  reading: Reading,
  input: { kind: ScopeKind; id: string; row: Row; budget?: Row | undefined },
): void {
  const { kind, id, row, budget } = input
  const usd = numberOf(row, 'spend') ?? 0
  const nano = Math.max(0, Math.round(usd * 1e9))
  if (!Number.isSafeInteger(nano)) throw new BadValue('spend', 'is more than can be counted in nano-dollars')
  const key = spendKey(kind, id)
  reading.spend.push({ key, nano, ends: Infinity })
  const duration = row['budget_duration'] || budget?.['budget_duration']
  if (!duration || !isDuration(duration)) return
  const reset = timeOf(row, 'budget_reset_at') ?? (budget ? timeOf(budget, 'budget_reset_at') : null)
  // A reset that is due and was not made: what was spent belongs to a window that is over.
  const over = reset !== null && Date.parse(reset) <= reading.now
  const window = budgetWindow(duration, reading.now, reading.timezone)
  // An hour longer than the window: clocks of nodes differ.
  reading.spend.push({
    key: `${key}:${duration}:${window.start}`,
    nano: over ? 0 : nano,
    ends: window.end + 3_600_000,
  })
}

/** A map without what is null or absent. */
export function present<T extends object>(fields: T): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== undefined)) as T
}

/** Who wrote a row, and when. */
export function stampsOf(row: Row): {
  created_at: string | undefined
  updated_at: string | undefined
  created_by: string | null
  updated_by: string | null
} {
  const created = timeOf(row, 'created_at') ?? undefined
  return {
    created_at: created,
    updated_at: timeOf(row, 'updated_at') ?? created,
    created_by: row['created_by'] || null,
    updated_by: row['updated_by'] || null,
  }
}

import type { Storage } from 'unstorage'
import type { Counters } from '../types/counters.ts'
import type { Directory } from '../types/directory.ts'
import { checkReferences } from './check-references.ts'
import { readEndUsers, readUsers } from './litellm-people.ts'
import { readKeys } from './litellm-keys.ts'
import { readBudgets, readOrganizations } from './litellm-organizations.ts'
import { createReading } from './litellm-reading.ts'
import { NOT_TAKEN } from './litellm-tables.ts'
import type { LitellmTables } from './litellm-tables.ts'
import { readTeams } from './litellm-teams.ts'
import { createNotes } from './notes.ts'
import type { Note } from './notes.ts'
import { readTaken, writeTaken } from './taken-before.ts'
import { writeDocuments } from './write-documents.ts'
import type { Written } from './write-documents.ts'
import { writeSpend } from './write-spend.ts'
import type { SpendCount } from './write-spend.ts'

export interface ImportOptions {
  readonly directory: Directory
  readonly counters: Counters
  /** The store of the directory's documents; keeps which ones were taken. */
  readonly storage: Storage
  /** Only says what would be done. */
  readonly dryRun?: boolean | undefined
  /** IANA name of the zone that budget windows follow. Default UTC. */
  readonly timezone?: string | undefined
  /** Milliseconds since the epoch. Default: the clock's. */
  readonly now?: number | undefined
  /** Id of the budget of end users that have none of their own (LiteLLM's `max_end_user_budget_id`). */
  readonly endUserBudget?: string | undefined
  /** Hashes of keys that are not virtual here. */
  readonly ownKeys?: ReadonlySet<string> | undefined
}

/** What became of one table's rows. */
export interface TableReport {
  readonly table: string
  readonly read: number
  /** Documents written (or that would be), new and changed. */
  readonly new: number
  readonly changed: number
  readonly unchanged: number
  /** Changed here since: left as they are. */
  readonly newer: number
  /** Deleted here since: not made again. */
  readonly deleted: number
  /** Left out for a reason that is no fault. */
  readonly skipped: number
  /** Not taken, or not written. */
  readonly failed: number
}

export interface ImportReport {
  readonly dryRun: boolean
  readonly tables: readonly TableReport[]
  readonly spend: SpendCount
  /** What was not taken and what has no effect here. */
  readonly notes: readonly Note[]
}

/**
 * Takes keys, teams, users, end users, budgets, organizations and their spend from LiteLLM's tables. Running it again
 * changes nothing but what changed in LiteLLM.
 */
export async function importLitellm(tables: LitellmTables, options: ImportOptions): Promise<ImportReport> {
  const { directory, counters, storage, dryRun = false, timezone = 'UTC', now = Date.now() } = options
  const notes = createNotes()
  const reading = createReading({ tables, notes, now, timezone, endUserBudget: options.endUserBudget })
  readBudgets(reading)
  readOrganizations(reading)
  readUsers(reading)
  readTeams(reading)
  readKeys(reading, options.ownKeys ?? new Set())
  readEndUsers(reading)
  checkReferences(reading)
  for (const [table, count] of tables.others) {
    notes.add({ table, reason: NOT_TAKEN[table] ?? 'has no place here', count })
  }

  const written = await writeDocuments(reading.items, {
    directory,
    taken: await readTaken(storage, reading.items),
    dryRun,
    now,
    onError: ({ table }, error) => notes.add({ table, reason: `not written: ${messageOf(error)}` }),
  })
  if (!dryRun) {
    const there = [...written].flatMap(([item, outcome]) => (THERE.has(outcome) ? [item] : []))
    await writeTaken(storage, there)
  }
  const spend = await writeSpend(reading.spend, {
    counters,
    dryRun,
    now,
    onError: (error) => notes.add({ table: 'spend', reason: `not written: ${messageOf(error)}` }),
  })
  const outcomes = new Map<string, Record<string, number>>()
  for (const [{ table }, outcome] of written) {
    const counts = outcomes.get(table) ?? {}
    counts[outcome] = (counts[outcome] ?? 0) + 1
    outcomes.set(table, counts)
  }
  return {
    dryRun,
    tables: reading.counts.map(({ table, read, skipped, failed }) => {
      const counts = outcomes.get(table) ?? {}
      return {
        table,
        read,
        new: counts['new'] ?? 0,
        changed: counts['changed'] ?? 0,
        unchanged: counts['unchanged'] ?? 0,
        newer: counts['newer'] ?? 0,
        deleted: counts['deleted'] ?? 0,
        skipped,
        failed: failed + (counts['failed'] ?? 0),
      }
    }),
    spend,
    notes: notes.list(),
  }
}

/** What became of documents that are there after a run. */
const THERE: ReadonlySet<Written> = new Set<Written>(['new', 'changed', 'unchanged', 'newer'])

/** True where something was not taken that should have been. */
export function hasFailed({ tables, spend }: ImportReport): boolean {
  return spend.failed > 0 || tables.some(({ failed }) => failed > 0)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

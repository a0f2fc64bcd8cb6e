import { appendFileSync, rmSync, unlinkSync } from 'node:fs'
import { join } from 'node:path'
import type { Database } from './database.ts'
import { toWhole } from './line.ts'
import { listSegments, readPart, removeDrained } from './segments.ts'
import { writeBatch } from './write-batch.ts'

export interface DrainOptions {
  /** The writer's folder. */
  readonly folder: string
  /** The folder of all writers: what the database cannot store is kept there, in `rejected.jsonl`. */
  readonly journal: string
  readonly report: (message: string) => void
}

export interface Drain {
  /** Writes the next part to the database. False: all that was in the journal is through. Throws when the database does. */
  step(database: Database): Promise<boolean>
  /** From here on the writer adds nothing. */
  close(): void
  /** After the last step: removes the folder. */
  remove(): void
}

const PART = 4 * 1024 * 1024
/** Of one transaction: the more, the fewer daily sums and pages of indexes are written. */
const ROWS = 5000

/** Moves the journal into the database, segment by segment, and deletes the segments that are through. */
export function createDrain({ folder, journal, report }: DrainOptions): Drain {
  const offsets = new Map<string, number>()
  const scratch = Buffer.allocUnsafe(PART)
  let closed = false
  const reject = (line: string, reason: string) => {
    appendFileSync(join(journal, 'rejected.jsonl'), `${line}\n`, { mode: 0o600 })
    report(`a row cannot be stored and was put into rejected.jsonl: ${reason}`)
  }

  const write = async (database: Database, lines: readonly string[]) => {
    for (let at = 0; at < lines.length; at += ROWS) {
      await writeBatch(database, lines.slice(at, at + ROWS), (entry, error) =>
        reject(typeof entry === 'string' ? entry : JSON.stringify(toWhole(entry)), error.message),
      )
      // Queries get their turn.
      await new Promise((resolve) => setImmediate(resolve))
    }
  }

  return {
    async step(database) {
      for (const { path, complete } of listSegments(folder, closed)) {
        const offset = offsets.get(path) ?? 0
        const part = readPart(path, offset, scratch)
        await write(database, part.lines)
        offsets.set(path, part.next)
        if (part.more) return true
        // What is written meanwhile waits for the next run: many rows in a transaction cost less than few.
        if (!complete) continue
        // Its call was cut off in the middle: no answer can have followed it.
        if (part.torn > 0) report(`${part.torn} bytes of a row that a crash cut off were dropped`)
        unlinkSync(path)
        offsets.delete(path)
        return true
      }
      removeDrained(folder)
      return false
    },
    close() {
      closed = true
    },
    remove() {
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

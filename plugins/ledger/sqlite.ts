import { closeSync, mkdirSync, openSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Database, Transaction } from './database.ts'
import { BadRow } from './database.ts'
import type { Row, Value } from './row.ts'

/** SQLite result codes of values that a column does not take (https://sqlite.org/rescode.html): constraint, mismatch. */
const DATA_ERRORS = new Set([19, 20])

const PRAGMAS = [
  // Of a new file. What a page costs is mostly the same for each, whatever its size: twice the default is a tenth less.
  'page_size = 8192',
  'busy_timeout = 10000',
  'auto_vacuum = INCREMENTAL',
  'journal_mode = WAL',
  // The journal drops what is committed: a commit that a power cut takes back would be lost. Batches make it cheap.
  'synchronous = FULL',
  // KiB. Request ids are random: their index is written all over.
  'cache_size = -16000',
  // Pages; four times the default in bytes, for a third fewer writes.
  'wal_autocheckpoint = 2000',
]

/** SQLite by Node itself, in a worker: it is synchronous. Write-ahead log, and each commit is on the disk. */
export async function openSqlite(path: string, root: string): Promise<Database> {
  const { DatabaseSync } = await import('node:sqlite')
  const file = path === ':memory:' ? path : resolve(root, path)
  if (path !== ':memory:') {
    mkdirSync(dirname(file), { recursive: true })
    // For its owner alone: SQLite gives its other files the same mode.
    closeSync(openSync(file, 'a', 0o600))
  }
  const database = new DatabaseSync(file)
  for (const pragma of PRAGMAS) database.exec(`PRAGMA ${pragma}`)
  const prepare = preparer(database)
  const prepareLists = preparer(database)
  const opened = identityOf(file)
  const there = () => identityOf(file) === opened
  const all: Database['all'] = async (sql, params = []) => prepare(sql).all(...params) as Row[]
  return {
    dialect: 'sqlite',
    all,
    async lists(sql, params = []) {
      const statement = prepareLists(sql) as Omit<StatementSync, 'setReturnArrays'> & Partial<StatementSync>
      // Since Node 22.16.
      statement.setReturnArrays?.(true)
      const rows: unknown[] = statement.all(...params)
      return (Array.isArray(rows[0]) ? rows : rows.map((row) => Object.values(row as Row))) as Value[][]
    },
    async transaction(work) {
      database.exec('BEGIN IMMEDIATE')
      try {
        const result = await work(createTransaction(prepare, all))
        database.exec('COMMIT')
        // SQLite writes on into a file that has no name any more, and the journal would drop what nobody can read.
        if (!there()) throw new Error('its file was deleted or replaced')
        return result
      } catch (error) {
        rollback(database)
        throw error
      }
    },
    there,
    close: async () => database.close(),
  }
}

/** Which file is behind a path; empty where there is none. */
function identityOf(file: string): string {
  const found = statSync(file, { throwIfNoEntry: false, bigint: true })
  return found ? `${found.dev}:${found.ino}` : ''
}

/** Statements that were prepared once. */
function preparer(database: DatabaseSync): (sql: string) => StatementSync {
  const prepared = new Map<string, StatementSync>()
  return (sql) => {
    let statement = prepared.get(sql)
    if (!statement) {
      // Queries differ by what they ask for; what is written is a handful.
      if (prepared.size > 200) prepared.clear()
      statement = database.prepare(sql)
      prepared.set(sql, statement)
    }
    return statement
  }
}

function createTransaction(prepare: (sql: string) => StatementSync, all: Database['all']): Transaction {
  const values = (columns: readonly (readonly [string, string])[], row: Row) => {
    const list: Value[] = []
    for (const [name] of columns) list.push(row[name] ?? null)
    return list
  }
  const insert = (table: string, columns: readonly (readonly [string, string])[]) =>
    `INSERT INTO ${table} AS own (${columns.map(([name]) => name).join(', ')}) VALUES (${columns.map(() => '?').join(', ')})`
  return {
    all,
    insertNew: async (table, columns, rows) => {
      const statement = prepare(`${insert(table, columns)} ON CONFLICT DO NOTHING`)
      return rows.map((row) => run(statement, values(columns, row)) > 0)
    },
    upsert: async ({ table, columns, keys, merge, rows }) => {
      const statement = prepare(`${insert(table, columns)} ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${merge}`)
      for (const row of rows) run(statement, values(columns, row))
    },
  }
}

function run(statement: StatementSync, values: (string | number | null)[]): number {
  try {
    return Number(statement.run(...values).changes)
  } catch (error) {
    const { errcode, message } = error as { errcode?: number; message: string }
    if (errcode !== undefined && DATA_ERRORS.has(errcode & 0xff)) throw new BadRow(message)
    throw error
  }
}

function rollback(database: DatabaseSync): void {
  try {
    database.exec('ROLLBACK')
  } catch {
    // A full disk has rolled back already.
  }
}

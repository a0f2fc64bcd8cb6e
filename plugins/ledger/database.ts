import type { Row, Value } from './row.ts'
import type { Column } from './schema.ts'

/** What a database does for the ledger. SQL is written with `?` for its parameters. */
export interface Database {
  readonly dialect: 'sqlite' | 'postgres'
  all(sql: string, params?: readonly Value[]): Promise<Row[]>
  /** The same with rows as lists of their columns, in the order they are asked for: many rows cost a fraction as such. */
  lists(sql: string, params?: readonly Value[]): Promise<Value[][]>
  /** Runs `work` in one transaction: all of it or nothing. */
  transaction<T>(work: (transaction: Transaction) => Promise<T>): Promise<T>
  /** False: what is written is nowhere any more, as its file was deleted or replaced. Another has to be opened. */
  there?(): boolean
  close(): Promise<void>
}

export interface Transaction {
  all(sql: string, params?: readonly Value[]): Promise<Row[]>
  /** Inserts the rows whose `key` is not there yet, and says of each row whether it was. */
  insertNew(table: string, columns: readonly Column[], rows: readonly Row[], key: string): Promise<readonly boolean[]>
  /** Inserts rows; where one is there already, `merge` says in SQL what becomes of it: `own` is that row, `excluded` the new one. */
  upsert(input: UpsertInput): Promise<void>
}

export interface UpsertInput {
  readonly table: string
  readonly columns: readonly Column[]
  readonly keys: readonly string[]
  readonly merge: string
  readonly rows: readonly Row[]
}

/** The rows themselves are at fault (a value that the column does not take), not the connection or the disk. */
export class BadRow extends Error {
  override readonly name = 'BadRow'
}

/** Opens a database by its URL. `root` is where a SQLite file's relative path begins. */
export async function openDatabase(url: string, root: string): Promise<Database> {
  if (!url.startsWith('sqlite:')) return (await import('./postgres.ts')).openPostgres(url)
  return (await import('./sqlite.ts')).openSqlite(url.slice('sqlite:'.length), root)
}

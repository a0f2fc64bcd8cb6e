import type { PoolClient, PoolConfig } from 'pg'
import type { Database, Transaction } from './database.ts'
import { BadRow } from './database.ts'
import type { Row, Value } from './row.ts'

/** SQLSTATE classes of values that a column does not take: data exception, constraint violation (PostgreSQL, appendix A). */
const DATA_ERRORS = /^(22|23)/
const INT8 = 20
const NUMERIC = 1700

/** PostgreSQL 12 or newer. Nothing waits for it longer than the deadlines here. */
export async function openPostgres(url: string): Promise<Database> {
  const { default: pg } = await import('pg')
  const pool = new pg.Pool({
    ...toPoolConfig(url),
    max: 4,
    application_name: 'ungate-ledger',
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 30_000,
    // In the server and here: a server that hangs keeps no promise of its own.
    statement_timeout: 60_000,
    query_timeout: 65_000,
    keepAlive: true,
    types: {
      getTypeParser: ((oid: number, format?: 'text') =>
        oid === INT8 || oid === NUMERIC
          ? Number
          : pg.types.getTypeParser(oid, format)) as typeof pg.types.getTypeParser,
    },
  })
  // An idle connection that breaks is replaced by the next use, which tells what is wrong.
  pool.on('error', () => {})
  return {
    dialect: 'postgres',
    all: async (sql, params = []) => (await pool.query(numbered(sql), [...params])).rows as Row[],
    lists: async (sql, params = []) =>
      (await pool.query<Value[]>({ text: numbered(sql), values: [...params], rowMode: 'array' })).rows,
    async transaction(work) {
      const client = await pool.connect()
      let broken: Error | undefined
      try {
        await client.query('BEGIN')
        const result = await work(createTransaction(client))
        await client.query('COMMIT')
        return result
      } catch (error) {
        // Whatever state it is in: a new connection knows.
        broken = error as Error
        throw DATA_ERRORS.test(String((error as { code?: unknown }).code)) ? new BadRow(broken.message) : error
      } finally {
        client.release(broken)
      }
    },
    close: () => pool.end(),
  }
}

function createTransaction(client: PoolClient): Transaction {
  const all = async (sql: string, params: readonly Value[] = []) =>
    (await client.query(numbered(sql), [...params])).rows as Row[]
  // One parameter for all rows, whatever their number: the statement is always the same.
  const insert = (table: string, columns: readonly (readonly [string, string])[]) => {
    const names = columns.map(([name]) => name).join(', ')
    const types = columns.map((column) => column.join(' ')).join(', ')
    return `INSERT INTO ${table} AS own (${names}) SELECT ${names} FROM json_to_recordset($1::json) AS given (${types})`
  }
  return {
    all,
    async insertNew(table, columns, rows, key) {
      const sql = `${insert(table, columns)} ON CONFLICT DO NOTHING RETURNING ${key}`
      const result = await client.query(sql, [JSON.stringify(rows)])
      const added = new Set((result.rows as Row[]).map((row) => row[key]))
      // Two of them may be the same call: it was added once.
      return rows.map((row) => added.delete(row[key]))
    },
    async upsert({ table, columns, keys, merge, rows }) {
      if (rows.length === 0) return
      const sql = `${insert(table, columns)} ORDER BY ${keys.join(', ')} ON CONFLICT (${keys.join(', ')}) DO UPDATE SET ${merge}`
      await client.query(sql, [JSON.stringify(rows)])
    },
  }
}

/** Prisma's URLs, as LiteLLM has them, name a schema and settings of Prisma's own pool. */
function toPoolConfig(url: string): PoolConfig {
  const parsed = new URL(url)
  const schema = parsed.searchParams.get('schema')
  for (const name of ['schema', 'connection_limit', 'pool_timeout', 'connect_timeout', 'pgbouncer', 'socket_timeout']) {
    parsed.searchParams.delete(name)
  }
  const connectionString = parsed.href
  return schema
    ? { connectionString, options: `-c search_path=${schema.replaceAll(/[^\w]/g, '')}` }
    : { connectionString }
}

function numbered(sql: string): string {
  let count = 0
  return sql.replaceAll('?', () => `$${++count}`)
}

import type { PoolClient } from 'pg'
import type { Database, Transaction } from './database.ts'
import { BadRow } from './database.ts'
import type { Row, Value } from './row.ts'

/** SQLSTATE classes of values that a column does not take: data exception, constraint violation (PostgreSQL, appendix A). */
const DATA_ERRORS = /^(22|23)/
const INT8 = 20
const NUMERIC = 1700

/** In the server, milliseconds. */
const STATEMENT_MS = 60_000

/** PostgreSQL 12 or newer. Nothing waits for it longer than the deadlines here. */
export async function openPostgres(url: string): Promise<Database> {
  const { default: pg } = await import('pg')
  const { connectionString, begin } = readUrl(url)
  const pool = new pg.Pool({
    connectionString,
    max: 4,
    application_name: 'ungate-ledger',
    connectionTimeoutMillis: 5000,
    idleTimeoutMillis: 30_000,
    // A server that hangs does not keep its own.
    query_timeout: STATEMENT_MS + 5000,
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
  const within = async <T>(work: (client: PoolClient) => Promise<T>): Promise<T> => {
    const client = await pool.connect()
    let broken: Error | undefined
    try {
      await client.query(begin)
      const result = await work(client)
      await client.query('COMMIT')
      return result
    } catch (error) {
      // Whatever state it is in: a new connection knows.
      broken = error as Error
      throw error
    } finally {
      client.release(broken)
    }
  }
  return {
    dialect: 'postgres',
    all: (sql, params = []) => within(async (client) => (await client.query(numbered(sql), [...params])).rows as Row[]),
    lists: (sql, params = []) =>
      within(async (client) => {
        const query = { text: numbered(sql), values: [...params], rowMode: 'array' as const }
        return (await client.query<Value[]>(query)).rows
      }),
    async transaction(work) {
      try {
        return await within((client) => work(createTransaction(client)))
      } catch (error) {
        const { code, message } = error as { code?: unknown; message: string }
        throw DATA_ERRORS.test(String(code)) ? new BadRow(message) : error
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

/**
 * Prisma's URLs, as LiteLLM has them, name a schema and settings of Prisma's own pool. What a session is to be like is said
 * with each transaction: PgBouncer refuses a connection that begins with settings, and gives it to others in between.
 */
function readUrl(url: string): { connectionString: string; begin: string } {
  const parsed = new URL(url)
  const schema = parsed.searchParams.get('schema')
  for (const name of ['schema', 'connection_limit', 'pool_timeout', 'connect_timeout', 'pgbouncer', 'socket_timeout']) {
    parsed.searchParams.delete(name)
  }
  const settings = [`SET LOCAL statement_timeout = ${STATEMENT_MS}`]
  if (schema) settings.push(`SET LOCAL search_path = "${schema.replaceAll('"', '""')}"`)
  return { connectionString: parsed.href, begin: ['BEGIN', ...settings].join('; ') }
}

function numbered(sql: string): string {
  let count = 0
  return sql.replaceAll('?', () => `$${++count}`)
}

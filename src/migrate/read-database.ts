import type { Client, ClientConfig } from 'pg'
import { isLitellm, isRead } from './litellm-tables.ts'
import type { LitellmTables, Row } from './litellm-tables.ts'

const AT_ONCE = 2000
/** Settings of Prisma's that stand in LiteLLM's URLs and that PostgreSQL does not know. */
const PRISMA = ['schema', 'connection_limit', 'pool_timeout', 'connect_timeout', 'pgbouncer', 'socket_timeout']

/**
 * Reads LiteLLM's tables from its database, all as of one moment and without writing anything. Values come in
 * PostgreSQL's text form.
 * @param url `postgres://…`, also with Prisma's `?schema=`
 * @throws Error where the database cannot be read or has no tables of LiteLLM; never names the password
 */
export async function readDatabase(url: string): Promise<LitellmTables> {
  const { config, schema } = readUrl(url)
  const client = await connect(config)
  try {
    await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await client.query("SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'; SET LOCAL extra_float_digits = 3")
    // Rows that a policy hides must fail as tables do that may not be read.
    await client.query('SET LOCAL row_security = off')
    // Here, since PgBouncer refuses a connection that begins with settings.
    if (schema) await client.query(`SET LOCAL search_path = ${quoted(schema)}`)
    const tables = await namesOf(client)
    if (tables.length === 0) throw new Error('the database has no tables of LiteLLM. Is the schema right (?schema=)?')
    const rows = new Map<string, Row[]>()
    const others = new Map<string, number>()
    for (const table of tables) {
      if (isRead(table)) rows.set(table, await rowsOf(client, table))
      else {
        const count = await countOf(client, table)
        if (count > 0) others.set(table, count)
      }
    }
    return { rows, others, broken: [] }
  } catch (error) {
    throw error instanceof Error && 'code' in error
      ? new Error(`LiteLLM's database cannot be read: ${error.message}`)
      : error
  } finally {
    await client.end().catch(() => {})
  }
}

async function connect(config: ClientConfig): Promise<Client> {
  const { default: pg } = await importPg()
  const client = new pg.Client(config)
  // A connection that breaks fails the query as well.
  client.on('error', () => {})
  try {
    await client.connect()
    return client
  } catch (error) {
    const { code, message } = error as { code?: string; message?: string }
    throw new Error(`LiteLLM's database cannot be opened: ${message || code}`)
  }
}

async function importPg() {
  try {
    return await import('pg')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error
    throw new Error('Reading a PostgreSQL database needs the package pg. Install it: npm i pg')
  }
}

function readUrl(url: string): { config: ClientConfig; schema: string | null } {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  if (!parsed) throw new Error("LiteLLM's database: the URL is not one. Write postgres://user:password@host:5432/name.")
  const schema = parsed.searchParams.get('schema')
  for (const name of PRISMA) parsed.searchParams.delete(name)
  const config: ClientConfig = {
    connectionString: parsed.href,
    application_name: 'ungate-migrate',
    connectionTimeoutMillis: 10_000,
    keepAlive: true,
    types: { getTypeParser: () => (value: unknown) => value } as unknown as NonNullable<ClientConfig['types']>,
  }
  return { config, schema }
}

async function namesOf(client: Client): Promise<string[]> {
  // information_schema leaves out tables that may not be read: these must fail, or keys would be taken without budgets.
  const result = await client.query<{ name: string }>(
    'SELECT tablename AS name FROM pg_tables WHERE schemaname = ANY (current_schemas(false)) ORDER BY name',
  )
  return result.rows.map(({ name }) => name).filter(isLitellm)
}

async function rowsOf(client: Client, table: string): Promise<Row[]> {
  const rows: Row[] = []
  await client.query(`DECLARE taken NO SCROLL CURSOR FOR SELECT * FROM ${quoted(table)}`)
  for (;;) {
    const some = await client.query<Record<string, string | null>>(`FETCH ${AT_ONCE} FROM taken`)
    for (const row of some.rows) rows.push(row)
    if (some.rows.length < AT_ONCE) break
  }
  await client.query('CLOSE taken')
  return rows
}

/**
 * As the planner knows it: counting a hundred million calls would take minutes, and who may read keys need not be allowed to
 * read calls. Small or new tables are counted.
 */
async function countOf(client: Client, table: string): Promise<number> {
  const known = await client.query<{ rows: string; readable: string }>(
    "SELECT reltuples AS rows, has_table_privilege(oid, 'SELECT') AS readable FROM pg_class WHERE oid = $1::regclass",
    [quoted(table)],
  )
  const { rows = 0, readable } = known.rows[0] ?? {}
  const estimate = Math.max(0, Math.round(Number(rows)))
  if (estimate > 100_000 || readable === 'f') return estimate
  const counted = await client.query<{ rows: string }>(`SELECT count(*) AS rows FROM ${quoted(table)}`)
  return Number(counted.rows[0]!.rows)
}

function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`
}

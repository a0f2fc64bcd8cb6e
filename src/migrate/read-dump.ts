import { createReadStream } from 'node:fs'
import { open } from 'node:fs/promises'
import { createGunzip } from 'node:zlib'
import type { Readable } from 'node:stream'
import { isLitellm, isRead } from './litellm-tables.ts'
import type { LitellmTables, Row } from './litellm-tables.ts'
import { createStatementScan } from './sql-scan.ts'
import { insertTarget, readCopy, readCopyLine, readCreate, readInsert, schemaOf } from './sql-statements.ts'
import type { CopyStatement } from './sql-statements.ts'

/**
 * Reads LiteLLM's tables out of a plain `pg_dump` file (COPY or INSERT), gzipped or not. The file is read in pieces: rows
 * of other tables are counted and dropped.
 * @throws Error where the file is no plain dump, or ends in the middle
 */
export async function readDump(file: string): Promise<LitellmTables> {
  const reader = createDumpReader()
  const decoder = new TextDecoder()
  let rest = ''
  for await (const chunk of await openDump(file)) {
    const lines = (rest + decoder.decode(chunk as Uint8Array, { stream: true })).split('\n')
    rest = lines.pop()!
    for (const line of lines) reader.line(line)
  }
  rest += decoder.decode()
  if (rest !== '') reader.line(rest)
  return reader.end()
}

async function openDump(file: string): Promise<Readable> {
  const unreadable = (error: NodeJS.ErrnoException) => {
    throw new Error(`the dump ${file} cannot be read: ${error.code}`)
  }
  const handle = await open(file).catch(unreadable)
  const head = Buffer.alloc(5)
  await handle
    .read(head, 0, 5, 0)
    .catch(unreadable)
    .finally(() => handle.close())
  if (head.toString('latin1') === 'PGDMP') {
    throw new Error(`${file} is a dump in pg_dump's own format. Make a plain one of it: pg_restore -f dump.sql ${file}`)
  }
  const stream = createReadStream(file, { highWaterMark: 1024 * 1024 })
  // pipe() alone would leave the reader waiting where the file cannot be read.
  if (head[0] === 0x1f && head[1] === 0x8b) {
    const plain = createGunzip()
    stream.on('error', (error) => plain.destroy(error)).pipe(plain)
    return plain
  }
  return stream
}

/** Takes a dump line by line. */
interface DumpReader {
  line(line: string): void
  end(): LitellmTables
}

function createDumpReader(): DumpReader {
  const rows = new Map<string, Row[]>()
  const others = new Map<string, number>()
  const broken: { table: string; reason: string }[] = []
  const created = new Map<string, readonly string[]>()
  const places = new Map<string, string>()
  const scan = createStatementScan()
  let copy: CopyStatement | undefined
  let statement: string[] = []
  let database = ''

  const take = (table: string, columns: readonly string[], values: readonly (string | null)[]) => {
    if (values.length !== columns.length) {
      broken.push({ table, reason: `has ${values.length} values instead of ${columns.length}` })
      return
    }
    const list = rows.get(table)
    const row = Object.fromEntries(columns.map((column, i) => [column, values[i]!]))
    if (list) list.push(row)
    else rows.set(table, [row])
  }
  const count = (table: string, by: number) => {
    if (isLitellm(table)) others.set(table, (others.get(table) ?? 0) + by)
  }

  /** Rows of two gateways, staging's and production's, must not be taken for those of one. */
  const checkPlace = (text: string, table: string) => {
    if (!isRead(table)) return
    const place = `${database} ${schemaOf(text) || 'public'}`
    const before = places.get(table)
    if (before !== undefined && before !== place) {
      throw new Error(
        `the dump holds ${table} of several schemas or databases. Make one of the right one: pg_dump --schema public <url>`,
      )
    }
    places.set(table, place)
  }

  const run = (text: string) => {
    const made = readCreate(text)
    if (made) {
      checkPlace(text, made.table)
      created.set(made.table, made.columns)
      return
    }
    copy = readCopy(text)
    if (copy) return checkPlace(text, copy.table)
    const table = insertTarget(text)
    if (table === undefined) return checkSetting(text)
    if (!isRead(table)) return count(table, isLitellm(table) ? (readInsert(text)?.rows.length ?? 1) : 1)
    checkPlace(text, table)
    const insert = readInsert(text)
    if (!insert) return void broken.push({ table, reason: 'an INSERT that holds more than plain values' })
    const columns = insert.columns ?? created.get(table)
    if (!columns) throw new Error(`${table}: the dump does not name its columns. Dump with --column-inserts.`)
    for (const values of insert.rows) take(table, columns, values)
  }

  return {
    line(line) {
      if (copy) {
        const text = line.endsWith('\r') ? line.slice(0, -1) : line
        if (text === '\\.') copy = undefined
        else if (isRead(copy.table)) take(copy.table, copy.columns, readCopyLine(text))
        else count(copy.table, 1)
        return
      }
      // Between statements: comments, and commands of psql's own such as \restrict.
      if (statement.length === 0 && /^\s*(--|\\|$)/.test(line)) {
        // As pg_dumpall goes from one database to the next.
        database = /^\\connect\s+(.*\S)/.exec(line)?.[1] ?? database
        return
      }
      let piece = `${line}\n`
      while (piece !== '') {
        const end = scan.endOf(piece)
        statement.push(piece.slice(0, end))
        if (end === undefined) return
        const whole = statement.join('')
        statement = []
        run(withoutComments(whole))
        piece = copy ? '' : withoutComments(piece.slice(end))
      }
    },
    end() {
      if (copy) throw new Error(`the dump ends in the middle of ${copy.table}`)
      if (withoutComments(statement.join('')) !== '') throw new Error('the dump ends in the middle of a statement')
      if (rows.size === 0 && created.size === 0 && others.size === 0) {
        throw new Error('the file holds no tables of LiteLLM. Give a plain dump: pg_dump --file dump.sql <url>')
      }
      return { rows, others, broken }
    },
  }
}

const ENCODING = /^\s*SET\s+client_encoding\s*(?:=|TO)\s*'([^']+)'/i

function checkSetting(text: string): void {
  const encoding = ENCODING.exec(text)?.[1]
  if (encoding !== undefined && !/^(utf-?8|sql_ascii|unicode)$/i.test(encoding)) {
    throw new Error(`the dump is in ${encoding}. Make one with pg_dump --encoding UTF8.`)
  }
  if (/^\s*SET\s+standard_conforming_strings\s*(?:=|TO)\s*off/i.test(text)) {
    throw new Error('the dump is written for standard_conforming_strings = off. Make one with a newer pg_dump.')
  }
}

/** A statement from its first word on. */
function withoutComments(text: string): string {
  return text.replace(/^(?:\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?\*\/)+/, '')
}

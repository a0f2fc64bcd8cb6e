/** `COPY public."Table" (a, "b") FROM stdin;` */
export interface CopyStatement {
  readonly table: string
  readonly columns: readonly string[]
}

/** `INSERT INTO public."Table" (a, b) VALUES (1, 'x'), (2, NULL);` */
export interface InsertStatement {
  readonly table: string
  /** Undefined where the statement names none. */
  readonly columns: readonly string[] | undefined
  readonly rows: readonly (readonly (string | null)[])[]
}

const NAME = String.raw`(?:(?:"[^"]+"|\w+)\.)?(?:"([^"]+)"|(\w+))`
const COPY = new RegExp(String.raw`^\s*COPY\s+${NAME}\s*\(([^)]*)\)\s+FROM\s+stdin\s*;`, 'i')
const INSERT = new RegExp(
  String.raw`^\s*INSERT\s+INTO\s+${NAME}\s*(?:\(([^)]*)\)\s*)?(?:OVERRIDING\s+\w+\s+VALUE\s+)?VALUES\s*`,
  'i',
)
const CREATE = new RegExp(String.raw`^\s*CREATE\s+(?:UNLOGGED\s+)?TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?${NAME}\s*\(`, 'i')
const VALUE =
  /\s*(?:E'([^'\\]*(?:(?:''|\\[\s\S])[^'\\]*)*)'|'([^']*(?:''[^']*)*)'|([^\s,()']+))(?:::[\w "[\].]+?(?:\(\d+\))?(?:\[\])?)?\s*([,)])/iy

const SCHEMA =
  /^\s*(?:COPY|INSERT\s+INTO|CREATE\s+(?:UNLOGGED\s+)?TABLE(?:\s+IF\s+NOT\s+EXISTS)?)\s+(?:"([^"]+)"|(\w+))\./i

/** The schema that a statement names before its table; empty where it names none. */
export function schemaOf(statement: string): string {
  const found = SCHEMA.exec(statement)
  return found?.[1] ?? found?.[2] ?? ''
}

/** Reads a COPY of rows that follow; undefined for any other statement, COPY with options included. */
export function readCopy(statement: string): CopyStatement | undefined {
  const found = COPY.exec(statement)
  return found ? { table: found[1] ?? found[2]!, columns: names(found[3]!) } : undefined
}

/** The table that an INSERT goes to, without reading its rows. */
export function insertTarget(statement: string): string | undefined {
  const found = INSERT.exec(statement)
  return found ? (found[1] ?? found[2]) : undefined
}

/** Reads an INSERT of literal values; undefined where it holds anything else. */
export function readInsert(statement: string): InsertStatement | undefined {
  const head = INSERT.exec(statement)!
  const rows: (string | null)[][] = []
  let at = head[0].length
  for (;;) {
    if (statement[at] !== '(') return undefined
    at++
    const row: (string | null)[] = []
    for (;;) {
      VALUE.lastIndex = at
      const found = VALUE.exec(statement)
      if (!found) return undefined
      at = VALUE.lastIndex
      row.push(valueOf(found))
      if (found[4] === ')') break
    }
    rows.push(row)
    const next = /\s*([,;]|ON\s)\s*/iy
    next.lastIndex = at
    const separator = next.exec(statement)
    if (separator?.[1] !== ',') break
    at = next.lastIndex
  }
  return { table: head[1] ?? head[2]!, columns: head[3] === undefined ? undefined : names(head[3]), rows }
}

/** The columns of a CREATE TABLE as `pg_dump` writes it, one to a line; undefined for any other statement. */
export function readCreate(statement: string): CopyStatement | undefined {
  const found = CREATE.exec(statement)
  if (!found) return undefined
  const columns: string[] = []
  for (const line of statement.slice(found[0].length).split('\n')) {
    const [, quoted, plain] = /^\s+(?:"([^"]+)"|(\w+))\s/.exec(line) ?? []
    if (quoted !== undefined) columns.push(quoted)
    else if (plain !== undefined && !/^(CONSTRAINT|PRIMARY|UNIQUE|CHECK|FOREIGN|EXCLUDE|LIKE)$/i.test(plain))
      columns.push(plain)
  }
  return { table: found[1] ?? found[2]!, columns }
}

const ESCAPES: Readonly<Record<string, string>> = { b: '\b', f: '\f', n: '\n', r: '\r', t: '\t', v: '\v' }

/** The fields of one line of COPY's text format (PostgreSQL manual, COPY). */
export function readCopyLine(line: string): (string | null)[] {
  return line.split('\t').map((field) => (field === '\\N' ? null : unescape(field)))
}

/** Backslash escapes of COPY and of `E'…'`. */
function unescape(text: string): string {
  if (!text.includes('\\')) return text
  return text.replace(
    /\\(?:([0-7]{1,3})|x([0-9A-Fa-f]{1,2})|u([0-9A-Fa-f]{4})|([\s\S]))/g,
    (_all, octal?: string, hex?: string, unicode?: string, char?: string) => {
      if (octal !== undefined) return String.fromCharCode(parseInt(octal, 8))
      if (hex !== undefined) return String.fromCharCode(parseInt(hex, 16))
      if (unicode !== undefined) return String.fromCharCode(parseInt(unicode, 16))
      return ESCAPES[char!] ?? char!
    },
  )
}

function valueOf([, escaped, quoted, bare]: RegExpExecArray): string | null {
  if (escaped !== undefined) return unescape(escaped.replaceAll("''", "'"))
  if (quoted !== undefined) return quoted.replaceAll("''", "'")
  return /^(null|default)$/i.test(bare!) ? null : bare!.replace(/::.*$/, '')
}

function names(list: string): string[] {
  return list.split(',').map((name) => name.trim().replace(/^"(.*)"$/, '$1'))
}

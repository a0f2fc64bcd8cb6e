import type { Database, Transaction } from './database.ts'
import { BadRow } from './database.ts'
import type { AnswerEntry, Entry } from './entry.ts'
import { parseLine } from './line.ts'
import type { Row } from './row.ts'
import { json, toLogRow } from './row.ts'
import type { Column } from './schema.ts'
import { KEY_COLUMNS, LOG_COLUMNS, SUM_KEYS, SUMS } from './schema.ts'
import type { CallRow } from './sums.ts'
import { createSums } from './sums.ts'

const SUM_COLUMNS: readonly Column[] = [
  ...SUM_KEYS.map((name): Column => [name, 'TEXT']),
  ...SUMS.map((name): Column => [name, 'BIGINT']),
]
const ADD_UP = SUMS.map((name) => `${name} = own.${name} + excluded.${name}`).join(', ')
const LATEST = KEY_COLUMNS.map(([name]) => name)
  .filter((name) => name !== 'api_key')
  .map((name) => `${name} = CASE WHEN excluded.last_used >= own.last_used THEN excluded.${name} ELSE own.${name} END`)
  .join(', ')

/** Entries that are there at once. As garbage, thousands would outlive the young generation, and be copied by every collection. */
const AT_ONCE = 200

/** An entry, or its line, which is read when it is written. */
type Given = Entry | string

/**
 * Writes entries of the journal: rows, daily sums and what is known of keys, in one transaction. Rows that are there
 * already are passed over, sums included, so the same entries may be written any number of times.
 * @param reject takes what the database cannot store, one by one, lines that are none as they are; the rest is written
 * @throws what the database throws when it is away or full: nothing is written then
 */
export async function writeBatch(
  database: Database,
  entries: readonly Given[],
  reject: (entry: Given, error: BadRow) => void,
): Promise<void> {
  if (entries.length === 0) return
  try {
    await database.transaction((transaction) => write(transaction, entries))
  } catch (error) {
    if (!(error instanceof BadRow)) throw error
    if (entries.length === 1) return reject(entryOf(entries[0]!) ?? entries[0]!, error)
    const middle = entries.length >> 1
    await writeBatch(database, entries.slice(0, middle), reject)
    await writeBatch(database, entries.slice(middle), reject)
  }
}

function entryOf(given: Given): Entry | undefined {
  if (typeof given !== 'string') return given
  try {
    const entry: unknown = parseLine(given)
    return typeof entry === 'object' && entry !== null ? (entry as Entry) : undefined
  } catch {
    return undefined
  }
}

async function write(transaction: Transaction, entries: readonly Given[]): Promise<void> {
  const sums = createSums()
  const keys = new Map<string, Row>()
  for (let at = 0; at < entries.length; at += AT_ONCE) {
    const fresh = await writeRows(transaction, entries.slice(at, at + AT_ONCE))
    sums.add(fresh)
    for (const call of fresh) if (call.entry.key !== undefined) keys.set(call.entry.key, toKeyRow(call))
  }
  await transaction.upsert({
    table: 'ungate_daily_spend',
    columns: SUM_COLUMNS,
    keys: SUM_KEYS,
    merge: ADD_UP,
    rows: sums.rows(),
  })
  await transaction.upsert({
    table: 'ungate_keys',
    columns: KEY_COLUMNS,
    keys: ['api_key'],
    merge: LATEST,
    // In the order that other nodes take the locks in.
    rows: [...keys].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row),
  })
}

/** Writes calls and late answers. Returns the calls that were not there before. */
async function writeRows(transaction: Transaction, entries: readonly Given[]): Promise<CallRow[]> {
  const calls: CallRow[] = []
  const answers: AnswerEntry[] = []
  for (const given of entries) {
    const entry = entryOf(given)
    if (!entry) throw new BadRow('it is not JSON')
    if ('uid' in entry) calls.push({ entry, row: toLogRow(entry) })
    else answers.push(entry)
  }
  const rows = calls.map(({ row }) => row)
  const added = calls.length > 0 ? await transaction.insertNew('ungate_spend_logs', LOG_COLUMNS, rows, 'uid') : []
  for (const answer of answers) {
    await transaction.all('UPDATE ungate_spend_logs SET response = ? WHERE request_id = ? AND uid = ?', [
      json(answer.response),
      answer.id,
      answer.answerOf,
    ])
  }
  return added.includes(false) ? calls.filter((_, at) => added[at]) : calls
}

function toKeyRow({ entry, row }: CallRow): Row {
  const { api_key, key_alias, user_id, team_id, organization_id } = row
  return { api_key, key_alias, user_id, team_id, organization_id, last_used: entry.at }
}

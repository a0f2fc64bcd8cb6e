import type { Database, Transaction } from './database.ts'
import { BadRow } from './database.ts'
import type { AnswerEntry, Entry } from './entry.ts'
import type { Row } from './row.ts'
import { json, toLogRow } from './row.ts'
import type { Column } from './schema.ts'
import { KEY_COLUMNS, LOG_COLUMNS, SUM_KEYS, SUMS } from './schema.ts'
import type { CallRow } from './sums.ts'
import { toSumRows } from './sums.ts'

const SUM_COLUMNS: readonly Column[] = [
  ...SUM_KEYS.map((name): Column => [name, 'TEXT']),
  ...SUMS.map((name): Column => [name, 'BIGINT']),
]
const ADD_UP = SUMS.map((name) => `${name} = own.${name} + excluded.${name}`).join(', ')
const LATEST = KEY_COLUMNS.map(([name]) => name)
  .filter((name) => name !== 'api_key')
  .map((name) => `${name} = CASE WHEN excluded.last_used >= own.last_used THEN excluded.${name} ELSE own.${name} END`)
  .join(', ')

/**
 * Writes entries of the journal: rows, daily sums and what is known of keys, in one transaction. Rows that are there
 * already are passed over, sums included, so the same entries may be written any number of times.
 * @param reject takes what the database cannot store, one by one; the rest is written
 * @throws what the database throws when it is away or full: nothing is written then
 */
export async function writeBatch(
  database: Database,
  entries: readonly Entry[],
  reject: (entry: Entry, error: BadRow) => void,
): Promise<void> {
  if (entries.length === 0) return
  try {
    await database.transaction((transaction) => write(transaction, entries))
  } catch (error) {
    if (!(error instanceof BadRow)) throw error
    if (entries.length === 1) return reject(entries[0]!, error)
    const middle = entries.length >> 1
    await writeBatch(database, entries.slice(0, middle), reject)
    await writeBatch(database, entries.slice(middle), reject)
  }
}

async function write(transaction: Transaction, entries: readonly Entry[]): Promise<void> {
  const calls: CallRow[] = []
  const answers: AnswerEntry[] = []
  for (const entry of entries) {
    if ('uid' in entry) calls.push({ entry, row: toLogRow(entry) })
    else answers.push(entry)
  }
  const rows = calls.map(({ row }) => row)
  const added = await transaction.insertNew('ungate_spend_logs', LOG_COLUMNS, rows, 'uid')
  const fresh = added.includes(false) ? calls.filter((_, at) => added[at]) : calls
  await transaction.upsert({
    table: 'ungate_daily_spend',
    columns: SUM_COLUMNS,
    keys: SUM_KEYS,
    merge: ADD_UP,
    rows: toSumRows(fresh),
  })
  await transaction.upsert({
    table: 'ungate_keys',
    columns: KEY_COLUMNS,
    keys: ['api_key'],
    merge: LATEST,
    rows: toKeyRows(fresh),
  })
  for (const answer of answers) {
    await transaction.all('UPDATE ungate_spend_logs SET response = ? WHERE request_id = ? AND uid = ?', [
      json(answer.response),
      answer.id,
      answer.answerOf,
    ])
  }
}

function toKeyRows(calls: readonly CallRow[]): Row[] {
  const rows = new Map<string, Row>()
  const latest = new Map<string, CallRow>()
  for (const call of calls) if (call.entry.key !== undefined) latest.set(call.entry.key, call)
  for (const [key, { entry, row }] of latest) {
    const { api_key, key_alias, user_id, team_id, organization_id } = row
    rows.set(key, { api_key, key_alias, user_id, team_id, organization_id, last_used: entry.at })
  }
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, row]) => row)
}

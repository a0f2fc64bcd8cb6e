import type { Database } from '../database.ts'
import type { Row } from '../row.ts'
import { SUM_KEYS, SUMS } from '../schema.ts'
import type { Base, ReportResult } from './report.ts'
import { readKeys } from './spend-by.ts'
import type { Metrics } from './sums.ts'
import { addRow, textOf, toMetrics, whereOf } from './sums.ts'

export interface DailyActivityArgs {
  readonly base: Base
  /** Begins at 1. */
  readonly page: number
  /** Daily sums on a page, as LiteLLM counts; a day may go on on the next page. */
  readonly pageSize: number
  /** What an entity is: `team_id`; undefined where the report is about no kind of entity. */
  readonly entityName: string | undefined
}

interface Entry {
  metrics: Metrics
  metadata: Record<string, unknown>
  api_key_breakdown?: Record<string, Entry>
}

/** A sum on its way: added up in whole nano-dollars. */
interface Sum {
  sums: Record<string, number>
  keys: Map<string, Record<string, number>>
}

/** The primary key's, backwards: a page is read from the index. */
const ORDER = SUM_KEYS.map((name) => `${name} DESC`).join(', ')
const PARTS = { models: 'model', model_groups: 'model_group', providers: 'provider', endpoints: 'endpoint' } as const

/** `/user/daily/activity` and its like: LiteLLM's shape, newest day first. */
export async function dailyActivity(database: Database, args: DailyActivityArgs): Promise<ReportResult> {
  const { base, page, pageSize, entityName } = args
  const { where, params } = whereOf(base)
  const [counted] = await database.all(`SELECT COUNT(*) AS n FROM ungate_daily_spend WHERE ${where}`, params)
  const columns = [...SUM_KEYS, ...SUMS].join(', ')
  const rows = await database.all(
    `SELECT ${columns} FROM ungate_daily_spend WHERE ${where} ORDER BY ${ORDER} LIMIT ? OFFSET ?`,
    [...params, pageSize, (page - 1) * pageSize],
  )
  const keys = await readKeys(database, [...new Set(rows.map((row) => textOf(row['api_key'])))])
  const total: Record<string, number> = {}
  const days = new Map<string, Row[]>()
  for (const row of rows) {
    addRow(total, row)
    const day = textOf(row['day'])
    const own = days.get(day)
    if (own) own.push(row)
    else days.set(day, [row])
  }
  const toFlat = (row: Row) => ({
    date: row['day'],
    ...(entityName ? { [entityName]: row['entity'] } : {}),
    api_key: row['api_key'],
    key_alias: keys.get(textOf(row['api_key']))?.['key_alias'] ?? null,
    model_group: row['model_group'],
    model: row['model'],
    provider: row['provider'],
    endpoint: row['endpoint'],
    ...toMetrics(row),
  })
  const pages = Math.max(1, Math.ceil(Number(counted?.['n'] ?? 0) / pageSize))
  return {
    data: {
      results: [...days].map(([day, own]) => toResult(day, own, { keys, entityName })),
      metadata: { ...totals(toMetrics(total)), page, total_pages: pages, has_more: page < pages },
    },
    rows: () => rows.map(toFlat),
    columns: () => Object.keys(toFlat({})),
  }
}

function toResult(
  day: string,
  rows: readonly Row[],
  { keys, entityName }: { keys: ReadonlyMap<string, Row>; entityName: string | undefined },
) {
  const total: Record<string, number> = {}
  const apiKeys = new Map<string, Record<string, number>>()
  const parts = new Map<string, Map<string, Sum>>()
  for (const row of rows) {
    addRow(total, row)
    const key = textOf(row['api_key'])
    add(apiKeys, key, row)
    for (const [part, column] of Object.entries(PARTS)) addPart(parts, part, { name: textOf(row[column]), key, row })
    if (entityName) addPart(parts, 'entities', { name: textOf(row['entity']), key, row })
  }
  const keyMetadata = (key: string) => ({
    key_alias: keys.get(key)?.['key_alias'] ?? null,
    team_id: keys.get(key)?.['team_id'] ?? null,
  })
  const toEntry = (sums: Record<string, number>, metadata: Record<string, unknown>): Entry => ({
    metrics: toMetrics(sums),
    metadata,
  })
  const render = (part: string, metadata: (name: string) => Record<string, unknown>) =>
    Object.fromEntries(
      [...(parts.get(part) ?? [])].map(([name, { sums, keys: own }]) => [
        name,
        {
          ...toEntry(sums, metadata(name)),
          api_key_breakdown: Object.fromEntries([...own].map(([key, some]) => [key, toEntry(some, keyMetadata(key))])),
        },
      ]),
    )
  return {
    date: day,
    metrics: toMetrics(total),
    breakdown: {
      mcp_servers: {},
      models: render('models', () => ({})),
      model_groups: render('model_groups', () => ({})),
      providers: render('providers', () => ({})),
      endpoints: render('endpoints', () => ({})),
      api_keys: Object.fromEntries([...apiKeys].map(([key, sums]) => [key, toEntry(sums, keyMetadata(key))])),
      entities: entityName ? render('entities', (name) => ({ [entityName]: name })) : {},
    },
  }
}

function addPart(
  parts: Map<string, Map<string, Sum>>,
  part: string,
  { name, key, row }: { name: string; key: string; row: Row },
): void {
  let sums = parts.get(part)
  if (!sums) parts.set(part, (sums = new Map<string, Sum>()))
  let sum = sums.get(name)
  if (!sum) sums.set(name, (sum = { sums: {}, keys: new Map() }))
  addRow(sum.sums, row)
  add(sum.keys, key, row)
}

function add(map: Map<string, Record<string, number>>, name: string, row: Row): void {
  let sums = map.get(name)
  if (!sums) map.set(name, (sums = {}))
  addRow(sums, row)
}

function totals(metrics: Metrics): Record<string, number> {
  return Object.fromEntries(
    Object.entries(metrics).map(([name, value]) => [`total_${name.replace(/^total_/, '')}`, value]),
  )
}

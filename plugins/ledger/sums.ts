import type { CallEntry } from './entry.ts'
import type { LogRow, Row } from './row.ts'
import { isFailure, text } from './row.ts'
import type { SUM_KEYS } from './schema.ts'
import { SUMS } from './schema.ts'

type Sums = Record<(typeof SUMS)[number], number>
type Keys = Record<(typeof SUM_KEYS)[number], string>
type Shared = Omit<Keys, 'kind' | 'entity' | 'api_key'>

/** A call with the row that it becomes. */
export interface CallRow {
  readonly entry: CallEntry
  readonly row: LogRow
}

/**
 * What calls add to the daily sums, one row per sum, sorted by its key: nodes that write at once then take the database's
 * locks in the same order.
 */
export function toSumRows(calls: readonly CallRow[]): Row[] {
  const sums = new Map<string, Keys & Sums>()
  for (const { entry, row } of calls) {
    const shared = sharedKeys(row, entry.path)
    const rest = `${shared.day}\0${shared.model_group}\0${shared.model}\0${shared.provider}\0${shared.endpoint}`
    const counted = measure(entry, row)
    const add = (kind: string, entity: string, api_key: string) => {
      const id = `${kind}\0${entity}\0${api_key}\0${rest}`
      const sum = sums.get(id)
      if (sum) for (const name of SUMS) sum[name] += counted[name]
      else sums.set(id, { kind, entity, api_key, ...shared, ...counted })
    }
    addTo(add, { entry, row })
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
}

/** The sums that a call belongs to. One that nobody was admitted for has only names that the client made up. */
function addTo(add: (kind: string, entity: string, apiKey: string) => void, { entry, row }: CallRow): void {
  const key = String(row.api_key ?? '')
  add('model', String(row.model_group ?? ''), '')
  add('key', key, key)
  if (entry.key === undefined) return
  if (row.user_id) add('user', String(row.user_id), key)
  if (row.team_id) add('team', String(row.team_id), key)
  if (row.organization_id) add('organization', String(row.organization_id), key)
  if (row.end_user) add('customer', String(row.end_user), key)
  if (!entry.tags) return
  for (const tag of new Set(entry.tags.map((name) => text(name)))) if (tag) add('tag', tag, key)
}

function sharedKeys(row: LogRow, path: string): Shared {
  return {
    day: dayOf(Number(row.start_time)),
    model_group: String(row.model_group ?? ''),
    model: String(row.model ?? ''),
    provider: String(row.provider ?? ''),
    endpoint: endpointOf(path),
  }
}

function measure(entry: CallEntry, { spend }: LogRow): Sums {
  const { usage } = entry
  const failed = isFailure(entry)
  return {
    requests: 1,
    successes: failed ? 0 : 1,
    failures: failed ? 1 : 0,
    cached: entry.cacheHit ? 1 : 0,
    prompt_tokens: usage?.input ?? 0,
    completion_tokens: usage?.output ?? 0,
    cache_read_tokens: usage?.cacheRead ?? 0,
    cache_write_tokens: usage?.cacheWrite ?? 0,
    reasoning_tokens: usage?.reasoning ?? 0,
    spend: typeof spend === 'number' ? spend : 0,
    unknown_cost: spend === null ? 1 : 0,
  }
}

/** UTC. */
export function dayOf(at: number): string {
  return new Date(at).toISOString().slice(0, 10)
}

/** The path without what clients put into it, so that there are few: `/files/file-1/content` is `/files`. */
function endpointOf(path: string): string {
  if (path === '/chat/completions' || path === '/images/generations') return path
  const first = path.split('/')[1] ?? ''
  return /^[a-z_]{1,32}$/.test(first) ? `/${first}` : '/other'
}

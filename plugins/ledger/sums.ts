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

/** Calls that differ in nothing but their numbers. */
interface Alike {
  readonly call: CallRow
  readonly shared: Shared
  readonly sums: Sums
}

/** What calls add to the daily sums. */
export interface CollectedSums {
  add(calls: readonly CallRow[]): void
  /** One row per sum, sorted by its key: nodes that write at once then take the database's locks in the same order. */
  rows(): Row[]
}

/** A call belongs to several sums, and most calls of a moment to the same ones; a key's mostly to those of its last call. */
export function createSums(): CollectedSums {
  const groups = new Map<string, Alike>()
  const lastOf = new Map<string, Alike>()
  const groupOf = (call: CallRow): Alike => {
    const { entry, row } = call
    const day = dayOf(Number(row.start_time))
    const key = entry.key ?? ''
    let alike = lastOf.get(key)
    if (!alike || alike.shared.day !== day || !areAlike(alike.call, call)) {
      const id = `${day}\0${row.api_key === null}\0${GROUPED.map((name) => row[name] ?? '').join('\0')}`
      alike = groups.get(id) ?? { call, shared: sharedKeys(row, day), sums: zeros() }
      groups.set(id, alike)
      lastOf.set(key, alike)
    }
    return alike
  }
  return {
    add(calls) {
      for (const call of calls) count(groupOf(call).sums, call)
    },
    rows: () => toRows(groups.values()),
  }
}

function toRows(groups: Iterable<Alike>): Row[] {
  const sums = new Map<string, Keys & Sums>()
  for (const { call, shared, sums: counted } of groups) {
    const rest = `${shared.day}\0${shared.model_group}\0${shared.model}\0${shared.provider}\0${shared.endpoint}`
    const add = (kind: string, entity: string, api_key: string) => {
      const id = `${kind}\0${entity}\0${api_key}\0${rest}`
      const sum = sums.get(id)
      if (sum) for (const name of SUMS) sum[name] += counted[name]
      else sums.set(id, { kind, entity, api_key, ...shared, ...counted })
    }
    addTo(add, call)
  }
  return [...sums].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, sum]) => sum)
}

/** What tells the sums of a call, besides its day. None has a NUL in it, and an empty name is no name. */
const GROUPED = [
  'api_key',
  'user_id',
  'team_id',
  'organization_id',
  'end_user',
  'tags',
  'model_group',
  'model',
  'provider',
  'path',
] as const

function areAlike({ row: a }: CallRow, { row: b }: CallRow): boolean {
  return (
    a.api_key === b.api_key &&
    a.user_id === b.user_id &&
    a.team_id === b.team_id &&
    a.organization_id === b.organization_id &&
    a.end_user === b.end_user &&
    a.tags === b.tags &&
    a.model_group === b.model_group &&
    a.model === b.model &&
    a.provider === b.provider &&
    a.path === b.path
  )
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

function sharedKeys(row: LogRow, day: string): Shared {
  return {
    day,
    model_group: String(row.model_group ?? ''),
    model: String(row.model ?? ''),
    provider: String(row.provider ?? ''),
    endpoint: endpointOf(String(row.path ?? '')),
  }
}

function zeros(): Sums {
  return Object.fromEntries(SUMS.map((name) => [name, 0])) as Sums
}

function count(sums: Sums, { entry, row: { spend } }: CallRow): void {
  const { usage } = entry
  sums.requests++
  if (isFailure(entry)) sums.failures++
  else sums.successes++
  if (entry.cacheHit) sums.cached++
  if (spend === null) sums.unknown_cost++
  else sums.spend += Number(spend)
  if (!usage) return
  sums.prompt_tokens += usage.input ?? 0
  sums.completion_tokens += usage.output ?? 0
  sums.cache_read_tokens += usage.cacheRead ?? 0
  sums.cache_write_tokens += usage.cacheWrite ?? 0
  sums.reasoning_tokens += usage.reasoning ?? 0
}

const DAY_MS = 86_400_000
let latest = { from: 0, day: '1970-01-01' }

/** UTC. */
export function dayOf(at: number): string {
  const from = Math.floor(at / DAY_MS) * DAY_MS
  if (from !== latest.from) latest = { from, day: new Date(at).toISOString().slice(0, 10) }
  return latest.day
}

/** The path without what clients put into it, so that there are few: `/files/file-1/content` is `/files`. */
function endpointOf(path: string): string {
  if (path === '/chat/completions' || path === '/images/generations') return path
  const first = path.split('/')[1] ?? ''
  return /^[a-z_]{1,32}$/.test(first) ? `/${first}` : '/other'
}

import type { KeyDocument, RouteRequest } from '../../../src/index.ts'
import { invalidRequest } from '../../../src/index.ts'
import { toPage } from '../common/page.ts'
import { mayInTeam, isOrgAdmin, isTeamAdmin, mayViewAll, mayViewKey } from '../who-may.ts'
import { findVisible, ownersOf } from './owners.ts'
import type { KeyManagement } from './owners.ts'
import { rowOf, rowsOf } from './row.ts'
import { sortable } from './schemas.ts'

const YES = /^(true|1)$/i

/** One key: the one that is named, else the caller's own. */
export async function keyInfoOf(
  management: KeyManagement,
  { principal: caller, query }: RouteRequest,
): Promise<Record<string, unknown>> {
  const named = query['key'] ?? caller?.id ?? ''
  if (query['key'] === undefined && !(await management.gateway.directory.get('key', named))) {
    throw invalidRequest(
      'The key that asks is no virtual key: name one with `key`.',
      'key',
      'missing_required_parameter',
    )
  }
  const key = await findVisible(management.gateway.directory, caller, named)
  return { key: named, info: await rowOf(management, key) }
}

/** Several keys. */
export async function keyInfosOf(
  management: KeyManagement,
  { principal: caller, body }: RouteRequest,
): Promise<Record<string, unknown>> {
  const named = body['keys'] as string[]
  const keys: KeyDocument[] = []
  for (const name of named) keys.push(await findVisible(management.gateway.directory, caller, name))
  return { key: named, info: await rowsOf(management, keys) }
}

/** A page of the keys that a caller may list. */
export async function listKeys(management: KeyManagement, request: RouteRequest): Promise<Record<string, unknown>> {
  const { query } = request
  if (query['status'] !== undefined) throw invalidRequest('Deleted keys are not kept: there is no `status`.', 'status')
  const found = (await listed(management, request)).filter(
    (key) =>
      is(key.user_id, query['user_id']) &&
      is(key.team_id, query['team_id']) &&
      is(key.organization_id, query['organization_id']) &&
      is(key.project_id, query['project_id']) &&
      is(key.key_alias, query['key_alias']) &&
      is(key.token, query['key_hash']) &&
      inGroup(key, query['access_group_id']),
  )
  const field = query['sort_by'] ?? 'created_at'
  const spend = field === 'spend' ? await rowsOf(management, found) : undefined
  const rows = found.map((key, i) => ({ key, [field]: spend?.[i]?.['spend'] ?? key[field as keyof KeyDocument] }))
  const { items, total, page, total_pages } = toPage(rows, {
    query: { sort_order: 'desc', sort_by: field, ...pageOf(query) },
    sortable,
    size: 10,
  })
  const keys = items.map((item) => item.key)
  return { keys: await shown(management, { keys, query }), total_count: total, current_page: page, total_pages }
}

/** A page of the aliases of the keys that a caller may list. */
export async function listAliases(management: KeyManagement, request: RouteRequest): Promise<Record<string, unknown>> {
  const { query } = request
  const wanted = query['search']?.toLowerCase()
  const aliases = (await listed(management, request))
    .filter((key) => is(key.team_id, query['team_id']))
    .flatMap(({ key_alias: alias }) => alias ?? [])
    .filter((alias) => wanted === undefined || alias.toLowerCase().includes(wanted))
    .map((alias) => ({ alias }))
  const { items, total, page, page_size, total_pages } = toPage(aliases, {
    query: pageOf(query),
    sortable: ['alias'],
    size: 50,
  })
  const names = items.map(({ alias }) => alias)
  return { aliases: names, total_count: total, current_page: page, total_pages, size: page_size }
}

/** The caller's own keys; on request those of teams, and those made for others. Who sees everything sees all. */
async function listed(
  { gateway: { directory } }: KeyManagement,
  { principal: caller, query }: RouteRequest,
): Promise<KeyDocument[]> {
  // In one order everywhere, so that pages fit together.
  const keys = (await directory.list('key'))
    .filter((key) => key.replaced_by === undefined)
    .sort((a, b) => (a.token < b.token ? -1 : 1))
  if (mayViewAll(caller)) return keys
  const ofTeams = YES.test(query['include_team_keys'] ?? '') || query['team_id'] !== undefined
  const made = YES.test(query['include_created_by_keys'] ?? '')
  const found: KeyDocument[] = []
  for (const key of keys) {
    const owners = await ownersOf(directory, key)
    if (!mayViewKey(caller, key, owners)) continue
    const { team, organization } = owners
    const isOwn = key.token === caller?.id || (caller?.user !== undefined && key.user_id === caller.user)
    const inTeam =
      team !== undefined &&
      (isTeamAdmin(caller, team) || isOrgAdmin(caller, organization) || mayInTeam(caller, team, '/key/list'))
    const ofOrganization = query['organization_id'] !== undefined && isOrgAdmin(caller, organization)
    const isMade = made && caller?.user !== undefined && key.created_by === caller.user
    if (isOwn || (ofTeams && inTeam) || ofOrganization || isMade) found.push(key)
  }
  return found
}

async function shown(
  management: KeyManagement,
  { keys, query }: { keys: readonly KeyDocument[]; query: RouteRequest['query'] },
): Promise<unknown[]> {
  const expand = query['expand'] === 'user'
  if (!expand && !YES.test(query['return_full_object'] ?? '')) return keys.map(({ token }) => token)
  const rows = await rowsOf(management, keys)
  if (!expand) return rows
  const { directory } = management.gateway
  return Promise.all(
    rows.map(async (row, i) => {
      const id = keys[i]!.user_id
      const user = id ? await directory.get('user', id) : undefined
      const { user_email = null, user_alias = null } = user ?? {}
      return { ...row, user: user ? { user_id: user.user_id, user_email, user_alias } : null }
    }),
  )
}

function pageOf({ page, size, sort_by, sort_order }: RouteRequest['query']): Record<string, string> {
  const given = { page, page_size: size, sort_by, sort_order }
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined))
}

function is(value: string | null | undefined, wanted: string | undefined): boolean {
  return wanted === undefined || value === wanted
}

function inGroup({ other }: KeyDocument, group: string | undefined): boolean {
  const groups = other?.['access_group_ids']
  return group === undefined || (Array.isArray(groups) && groups.includes(group))
}

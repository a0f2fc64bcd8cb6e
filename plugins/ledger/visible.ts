import type { Principal } from '../../src/index.ts'
import type { Viewer } from './administered.ts'
import type { Base } from './reports/report.ts'
import type { LogFilter } from './reports/spend-logs.ts'

/**
 * Whose rows a caller sees: an admin everybody's; an admin of the team that is named that team's; a key of a user that
 * user's, in the key's team or organization where it has one; a key of a team alone that team's; any other its own.
 */
export function visibleLogs({ principal, team, bound }: Viewer, named: string | undefined): LogFilter['scope'] {
  if (seesAll(principal)) return undefined
  if (named !== undefined && team.has(named)) return { team_id: named }
  const { id = '', user, team: own, organization } = principal ?? {}
  if (user !== undefined) {
    if (!bound) return { user_id: user }
    return own === undefined ? { user_id: user, organization_id: organization! } : { user_id: user, team_id: own }
  }
  return own === undefined ? { api_key: id } : { team_id: own }
}

/** Whether there is nothing to ask the database for. */
export function seesNothing({ entities }: Base): boolean {
  return entities?.length === 0
}

/** Proxy admins and viewers. */
export function seesAll(principal: Principal | undefined): boolean {
  return principal?.role === 'admin' || principal?.proxyRole === 'proxy_admin_viewer'
}

/**
 * Which daily sums of a kind a caller sees; `named`: those that it asks for. Undefined: none.
 * Sums of a team show a member of it what its own key spent there; so do those of tags, customers and organizations. An admin
 * sees all of the teams and organizations that are named, if each of them is one of theirs.
 */
function visibleSums(viewer: Viewer, kind: Base['kind'], named: readonly string[] | undefined): Base | undefined {
  const { principal, bound } = viewer
  if (seesAll(principal)) return { kind }
  if ((kind === 'team' || kind === 'organization') && named?.every((id) => viewer[kind].has(id))) {
    return { kind, entities: named }
  }
  const { id = '', user, team } = principal ?? {}
  // Sums of a user are not kept by team: of those a key that is bound to one sees its own part.
  const ofUser =
    user === undefined ? undefined : { kind: 'user' as const, entities: [user], ...(bound && { apiKey: id }) }
  if (kind === 'key' || kind === 'model') {
    if (ofUser) return ofUser
    return team === undefined ? { kind: 'key', entities: [id] } : { kind: 'team', entities: [team] }
  }
  if (kind === 'user') return ofUser
  if (kind === 'team') {
    if (team === undefined) return undefined
    return user === undefined ? { kind, entities: [team] } : { kind, entities: [team], apiKey: id }
  }
  return { kind, apiKey: id }
}

/**
 * What a caller sees of a kind, narrowed to some entities and a key; what it may not see falls away. Where that is all, it is
 * a base of no entities ({@link seesNothing}).
 */
export function narrow(viewer: Viewer, kind: Base['kind'], wanted: Omit<Base, 'kind'>): Base {
  const base = visibleSums(viewer, kind, wanted.entities)
  const nothing = { ...wanted, kind, entities: [] }
  if (!base) return nothing
  const entities = wanted.entities
    ? wanted.entities.filter((entity) => base.entities?.includes(entity) ?? true)
    : base.entities
  if (wanted.apiKey !== undefined && base.apiKey !== undefined && wanted.apiKey !== base.apiKey) return nothing
  return { ...base, ...wanted, entities, apiKey: wanted.apiKey ?? base.apiKey }
}

import type { Principal, Role, RouteTest, Scope, TeamDocument, UserDocument } from '../../src/index.ts'
import { keyRoutes } from './allowed-routes.ts'
import type { KeyDocuments } from './read-documents.ts'
import { keyScopes } from './key-scopes.ts'

/** All that a call needs to know of a key, compiled once per version of its documents. */
export interface CompiledKey {
  readonly documents: KeyDocuments
  readonly principal: Principal
  /** Why no call is admitted, in words. */
  readonly refusal: string | undefined
  /** When the key ends, milliseconds since the epoch. */
  readonly expires: number
  readonly routes: RouteTest | undefined
  /** The lists of `principal.modelLists`, with whose they are. */
  readonly lists: readonly { readonly owner: ListOwner; readonly models: readonly string[] }[]
  /** Body fields, as paths, that every call must have. */
  readonly enforced: readonly string[]
}

/** Whose list of models refused; part of LiteLLM's error types. */
export type ListOwner = 'key' | 'team' | 'user' | 'org'

/** Compiles a key and its owners. */
export function compileKey(documents: KeyDocuments): CompiledKey {
  const { key, team, organizationId, graceUntil } = documents
  const lists = toLists(documents)
  const aliases = { ...team?.model_aliases, ...key.aliases }
  const tags = [...new Set([...(key.tags ?? []), ...textsIn(key.metadata?.['tags']), ...(team?.tags ?? [])])]
  const metadata = withoutClaims({ ...team?.metadata, ...key.metadata, ...estimatesOf(key) })
  const role = roleOf(documents)
  const principal: Principal = Object.freeze({
    id: key.token,
    role: role === 'proxy_admin' ? 'admin' : 'user',
    proxyRole: role,
    name: key.key_alias ?? undefined,
    user: key.user_id ?? undefined,
    team: documents.teamId,
    organization: organizationId,
    metadata: Object.freeze(metadata),
    scopes: Object.freeze(keyScopes(documents)) as readonly Scope[],
    modelLists: lists.length > 0 ? Object.freeze(lists.map(({ models }) => models)) : undefined,
    aliases: Object.keys(aliases).length > 0 ? Object.freeze(aliases) : undefined,
    tags: tags.length > 0 ? Object.freeze(tags) : undefined,
  })
  return {
    documents,
    principal,
    refusal: refusalOf(documents),
    expires: Math.min(key.expires ? moment(key.expires) : Infinity, graceUntil ?? Infinity),
    routes: keyRoutes(key.allowed_routes),
    lists,
    enforced: [...(key.enforced_params ?? []), ...textsIn(key.metadata?.['enforced_params'])],
  }
}

/**
 * What the key may do besides calling models. A key of a team or an organization carries no rights over the whole gateway:
 * others than its user may have made it.
 */
function roleOf({ key, user, teamId, organizationId }: KeyDocuments): Role | undefined {
  if (!key.user_id) return teamId === undefined ? undefined : 'team'
  const role = user?.user_role ?? 'internal_user'
  const bound = teamId !== undefined || organizationId !== undefined
  return bound && (role === 'proxy_admin' || role === 'proxy_admin_viewer') ? 'internal_user' : role
}

/**
 * Who restricts the models, the key first. An empty list is no restriction of its own: what the owner allows. What names the
 * team's models means nothing without a team.
 */
function toLists({ key, team, user, organization }: KeyDocuments): CompiledKey['lists'] {
  const lists: { owner: ListOwner; models: readonly string[] }[] = []
  const add = (owner: ListOwner, models: readonly string[] | undefined) => {
    if (models && models.length > 0) lists.push({ owner, models })
  }
  if (team) {
    add('key', key.models)
    add('team', team.models)
  } else {
    if (key.models.length > 0)
      lists.push({ owner: 'key', models: key.models.filter((model) => model !== 'all-team-models') })
    add('user', user?.models)
  }
  add('org', organization?.models)
  return lists
}

function refusalOf({ key, teamId, team, user, organizationId, organization }: KeyDocuments): string | undefined {
  if (key.blocked) return 'Key is blocked.'
  if (teamId !== undefined && !team) return 'The team of this key does not exist any more.'
  if (team?.blocked) return 'The team of this key is blocked.'
  if (user?.blocked) return 'The user of this key is blocked.'
  if (organizationId !== undefined && !organization) return 'The organization of this key does not exist any more.'
  return organization?.blocked ? 'The organization of this key is blocked.' : undefined
}

/** Whether a user is in a team. */
export function isMember(team: TeamDocument, user: UserDocument['user_id'] | undefined): boolean {
  return user !== undefined && team.members_with_roles.some(({ user_id }) => user_id === user)
}

/** Milliseconds since the epoch; what is no time is over. */
export function moment(iso: string): number {
  const at = Date.parse(iso)
  return Number.isNaN(at) ? 0 : at
}

/** How long answers are, which limits read from the metadata: LiteLLM keeps it there, and takes it as fields of a key. */
function estimatesOf(key: KeyDocuments['key']): Record<string, unknown> {
  const { default_estimated_output_tokens: all, default_estimated_output_tokens_per_model: byModel } = key
  return {
    ...(all ? { default_estimated_output_tokens: all } : {}),
    ...(byModel ? { default_estimated_output_tokens_per_model: byModel } : {}),
  }
}

/** What LiteLLM writes itself: kept by nobody else. */
function withoutClaims(metadata: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(metadata).filter(([name]) => !name.startsWith('user_api_key_')))
}

function textsIn(value: unknown): string[] {
  return Array.isArray(value) ? (value as unknown[]).filter((one): one is string => typeof one === 'string') : []
}

import {
  GatewayError,
  StoreAway,
  compileRoutes,
  createEndUsers,
  endUserOf,
  findCallerBy,
  mayUseModel,
  presentedKey,
  resolveAlias,
} from '../../src/index.ts'
import type { Awaitable, Context, GatewayContext, HeaderReader, Principal } from '../../src/index.ts'
import { readDocuments } from './documents.ts'
import type { TokenDocuments } from './documents.ts'
import type { Identity } from './identity.ts'
import { createIdentify } from './identity.ts'
import type { JwtOptions } from './options.ts'
import { toCaller, toPrincipal } from './principal.ts'
import { notAllowed } from './refusals.ts'
import { routeGroups } from './routes.ts'
import { createTokenCache } from './token-cache.ts'
import type { Verify } from './verify.ts'

export interface GateOptions {
  readonly options: JwtOptions
  readonly gateway: Pick<GatewayContext, 'directory' | 'models'>
  readonly verify: Verify
  /** Id of the budget of end users that have none of their own. */
  readonly endUserBudget?: string | undefined
}

/** A token that has been checked. */
interface Known {
  readonly identity: Identity
  readonly caller: Principal
  /** By the team that was chosen (empty: none was); as old as the directory's version. */
  readonly ways: Map<string, { readonly version: number; readonly ways: readonly Way[] }>
}

/** One way to use a token: as a member of one of its teams, or without one. */
interface Way {
  readonly documents: TokenDocuments
  /** Made when it is taken: tokens may name a hundred teams, and most are never called as. */
  principal: Principal | undefined
}

/** The wire of requests to plugins' routes. */
const ROUTE = 'gateway.route'
/** Three parts, the first of which is base64url of `{"…`. The last is empty where nothing was signed. */
const JWT = /^ey[\w-]*\.[\w-]+\.[\w-]*$/

/** Finds out who is calling by a JWT. Leaves everything else to the plugins that follow. */
export function createGate({
  options,
  gateway,
  verify,
  endUserBudget,
}: GateOptions): (ctx: Context) => Awaitable<void> {
  const { directory, models } = gateway
  const tokens = createTokenCache<Known>({ ttlMs: options.tokenTtl * 1000, most: options.maxTokens })
  const identify = createIdentify(options)
  // What they may spend is not known while the documents are away.
  const endUsers = createEndUsers(directory, { budgetId: endUserBudget, whenAway: 'closed' })
  const adminMay = compileRoutes(options.adminAllowedRoutes, routeGroups)
  const teamMay = compileRoutes(options.teamAllowedRoutes, routeGroups)

  const check = async (token: string): Promise<Known> => {
    const claims = await verify(token)
    const identity = identify(claims)
    const known: Known = { identity, caller: toCaller(identity), ways: new Map() }
    tokens.set(token, known, claims.exp! * 1000)
    return known
  }

  const checkRoute = ({ call }: Context, { admin, user, teams }: Identity) => {
    const isModelCall = call.wire !== ROUTE
    if (admin ? adminMay(call.path, isModelCall) : !bound(teams, user, isModelCall) || teamMay(call.path, isModelCall))
      return
    throw notAllowed(`This token is not allowed to use ${call.path.slice(0, 200)}.`, 'route_not_allowed')
  }

  /** The ways to use a token; at once where its documents have been read. */
  const waysOf = (known: Known, chosen: string | undefined): Awaitable<readonly Way[]> => {
    const key = chosen ?? ''
    const found = known.ways.get(key)
    if (found && found.version === directory.version()) return found.ways
    // Taken before the reading: what changes meanwhile makes it stale.
    const version = directory.version()
    const teams = chosen === undefined ? known.identity.teams : [chosen]
    return readDocuments(known.identity, teams, { directory, ...options }).then((all) => {
      const ways = all.map((documents): Way => ({ documents, principal: undefined }))
      known.ways.set(key, { version, ways })
      return ways
    })
  }

  const principalOf = (known: Known, chosen: string | undefined, way: Way): Principal =>
    (way.principal ??= findCallerBy(toPrincipal(known.identity, way.documents), async () => {
      const id = way.documents.team?.team_id
      const again = (await waysOf(known, chosen)).find(({ documents }) => documents.team?.team_id === id)
      return again && principalOf(known, chosen, again)
    }))

  /** Of several teams the first that may use the model. */
  const choose = ({ call }: Context, ways: readonly Way[], toCall: (way: Way) => Principal): Principal => {
    const first = toCall(ways[0]!)
    if (ways.length === 1 || call.model === '' || call.wire === ROUTE) return first
    for (const way of ways) {
      const principal = toCall(way)
      const model = resolveAlias(principal, call.model)
      if (mayUseModel(principal, model, models.resolve(model))) return principal
    }
    return first
  }

  const admit = (ctx: Context, known: Known): Awaitable<void> => {
    const { identity } = known
    ctx.identified = known.caller
    checkRoute(ctx, identity)
    const isModelCall = ctx.call.wire !== ROUTE
    const chosen = ctx.call.headers.get('x-litellm-team-id') ?? undefined
    if (chosen !== undefined && !identity.teams.includes(chosen)) {
      throw notAllowed('The team that "x-litellm-team-id" names is none of this token.', 'team_not_allowed')
    }
    if (options.enforceTeamAccess && isModelCall && !identity.admin && identity.teams.length === 0) {
      throw notAllowed('The token names no team, and only teams may use models here.', 'no_team')
    }
    return then(waysOf(known, chosen), (ways) => {
      const principal = choose(ctx, ways, (way) => principalOf(known, chosen, way))
      ctx.identified = principal
      const endUser = isModelCall ? (identity.endUser ?? endUserOf(ctx.call)) : undefined
      const joined = endUser === undefined ? principal : endUsers.join(principal, endUser)
      return then(joined, (found) => void (ctx.principal = found))
    })
  }

  return (ctx) => {
    if (ctx.principal) return
    const token = presentedToken(ctx.call.headers)
    if (token === undefined) return
    const known = tokens.get(token)
    try {
      const done = known ? admit(ctx, known) : check(token).then((fresh) => admit(ctx, fresh))
      return isPromise(done) ? done.then(undefined, explainAway) : done
    } catch (error) {
      return explainAway(error)
    }
  }
}

/** A token acts for its team when it calls models, and where it names nobody else. */
function bound(teams: readonly string[], user: string | undefined, isModelCall: boolean): boolean {
  return teams.length > 0 && (isModelCall || user === undefined)
}

/** The JWT that a caller presents where keys are presented; undefined for keys of any other kind. */
function presentedToken(headers: HeaderReader): string | undefined {
  const given = presentedKey(headers)
  return given !== undefined && JWT.test(given) ? given : undefined
}

function explainAway(error: unknown): never {
  if (!(error instanceof StoreAway)) throw error
  throw new GatewayError(503, 'The gateway cannot look up the user of this token at the moment. Try again shortly.', {
    code: 'store_away',
    retryAfter: 1,
    cause: error,
  })
}

/** Goes on at once where there is nothing to wait for. */
function then<T, R>(value: Awaitable<T>, next: (value: T) => Awaitable<R>): Awaitable<R> {
  return isPromise(value) ? value.then(next) : next(value)
}

function isPromise<T>(value: Awaitable<T>): value is PromiseLike<T> {
  return typeof (value as { then?: unknown } | undefined)?.then === 'function'
}

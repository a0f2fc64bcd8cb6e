import { timingSafeEqual } from 'node:crypto'
import { GatewayError, StoreAway, endUserOf, presentedKey } from '../../src/index.ts'
import type { Awaitable, Context, EndUsers, GatewayContext, Principal } from '../../src/index.ts'
import { checkModel, checkParams } from './check-call.ts'
import type { CallRules } from './check-call.ts'
import { KEY_PREFIX, digest } from './hash-key.ts'
import type { KeyBook } from './key-book.ts'
import { isPromise } from './read-documents.ts'
import { isMember } from './to-principal.ts'
import type { CompiledKey } from './to-principal.ts'

export interface GateOptions extends CallRules {
  readonly gateway: Pick<GatewayContext, 'models' | 'directory'>
  readonly book: KeyBook
  readonly endUsers: EndUsers
  /** The master key, which is another's business. */
  readonly masterKey: string | undefined
  readonly keyHeader?: string | undefined
}

/** The wire of requests to plugins' routes (src/handle-route.ts). */
const ROUTE = 'gateway.route'
const MOST_TOKENS = 10_000
/** In place of a hash: the master key. */
const MASTER = ''

/**
 * Finds out who is calling by a virtual key. Leaves the master key, keys of another kind and keys that do not exist to the
 * plugins that follow. Synchronous where the key and its owners are known.
 */
export function createGate(options: GateOptions): (ctx: Context) => Awaitable<void> {
  const master = options.masterKey === undefined ? undefined : digest(options.masterKey)
  // Hashes of keys in use. Not of any text that is sent: only what was found stays.
  const tokens = new Map<string, string>()
  const keep = (given: string, token: string) => {
    if (tokens.size >= MOST_TOKENS) tokens.clear()
    tokens.set(given, token)
  }

  return (ctx) => {
    if (ctx.principal) return
    const given = presentedKey(ctx.call.headers, options.keyHeader)
    if (!given?.startsWith(KEY_PREFIX)) return
    let token = tokens.get(given)
    const known = token !== undefined
    if (token === undefined) {
      const hash = digest(given)
      // Digests have one length, so the comparison's time says nothing about the key.
      token = master && timingSafeEqual(hash, master) ? MASTER : hash.toString('hex')
      if (token === MASTER) keep(given, MASTER)
    }
    if (token === MASTER) return
    const hash = token
    const take = (key: CompiledKey | undefined) => {
      if (!key) return
      if (!known) keep(given, hash)
      return admit(ctx, key, options)
    }
    try {
      const found = options.book.find(hash)
      const admitted = isPromise(found) ? found.then(take) : take(found)
      return isPromise(admitted) ? admitted.then(undefined, explainAway) : admitted
    } catch (error) {
      return explainAway(error)
    }
  }
}

function admit(ctx: Context, key: CompiledKey, options: GateOptions): Awaitable<void> {
  ctx.identified = key.principal
  if (ctx.startedAt >= key.expires) throw refused('This key has expired.', 'expired_key', 'expired_key')
  if (key.refusal !== undefined) throw refused(key.refusal, 'auth_error', 'key_not_accepted')
  const { call } = ctx
  const isModelCall = call.wire !== ROUTE
  if (key.routes && !key.routes(call.path, isModelCall)) {
    throw new GatewayError(403, `This key is not allowed to use ${call.path.slice(0, 200)}.`, {
      type: 'permission_error',
      code: 'route_not_allowed',
    })
  }
  if (!isModelCall) {
    ctx.principal = key.principal
    return
  }
  const team = call.headers.get('x-litellm-team-id')
  if (!team || team === key.principal.team) return admitCall(ctx, key, options)
  const chosen = chooseTeam(key, team, options)
  return isPromise(chosen) ? chosen.then((found) => admitCall(ctx, found, options)) : admitCall(ctx, chosen, options)
}

function admitCall(ctx: Context, key: CompiledKey, options: GateOptions): Awaitable<void> {
  const { call } = ctx
  if (key.refusal !== undefined) throw refused(key.refusal, 'auth_error', 'key_not_accepted')
  const endUser = endUserOf(call)
  checkParams(call, endUser, key.enforced, options)
  checkModel(key, call, options.gateway.models)
  if (endUser === undefined) {
    ctx.principal = key.principal
    return
  }
  const principal = options.endUsers.join(key.principal, endUser)
  const set = (found: Principal) => void (ctx.principal = found)
  return isPromise(principal) ? principal.then(set) : set(principal)
}

/**
 * A caller may choose a team only with a key that has none, and only one that the key's user is a member of. A key of an
 * organization acts for its user there only: others than its user may have made it.
 */
function chooseTeam(key: CompiledKey, teamId: string, { gateway, book }: GateOptions): Awaitable<CompiledKey> {
  const { principal, documents } = key
  if (documents.key.team_id || principal.user === undefined) throw notYourTeam()
  const choose = (found: CompiledKey | undefined): CompiledKey => {
    if (!found) throw notYourTeam()
    return found
  }
  const check = (team: Parameters<typeof isMember>[0] | undefined): Awaitable<CompiledKey> => {
    if (!team || !isMember(team, principal.user)) throw notYourTeam()
    const { organization } = principal
    if (organization !== undefined && organization !== team.organization_id) throw notYourTeam()
    const found = book.find(documents.key.token, teamId)
    return isPromise(found) ? found.then(choose) : choose(found)
  }
  const team = gateway.directory.get('team', teamId)
  return isPromise(team) ? team.then(check) : check(team)
}

function notYourTeam(): GatewayError {
  return new GatewayError(403, 'This key may not be used for the team that "x-litellm-team-id" names.', {
    type: 'permission_error',
    code: 'team_not_allowed',
  })
}

function refused(message: string, type: string, code: string): GatewayError {
  return new GatewayError(401, message, { type, code, headers: { 'www-authenticate': 'Bearer' } })
}

function explainAway(error: unknown): never {
  if (!(error instanceof StoreAway)) throw error
  throw new GatewayError(503, 'The gateway cannot look up this key at the moment. Try again shortly.', {
    code: 'store_away',
    retryAfter: 1,
    cause: error,
  })
}

import { GatewayError, StoreAway } from '../../../src/index.ts'
import type { GatewayContext, RouteDefinition, RouteRequest } from '../../../src/index.ts'
import { isProxyAdmin, mayViewAll } from '../who-may.ts'
import type { Caller } from '../who-may.ts'

/** What the management routes share. */
export interface Management {
  readonly gateway: GatewayContext
  /** Where days of budgets begin: an IANA name. */
  readonly timezone: string
  /** Ids of teams that users may join by themselves. */
  readonly availableTeams: readonly string[]
  /** The budget of end users without limits of their own. */
  readonly endUserBudget?: string | undefined
}

/**
 * Adds a route for any accepted key; its handler decides who may. A store that is away is a 503, as the documents that
 * permissions are read from cannot be had.
 */
export function addRoute(gateway: GatewayContext, definition: Omit<RouteDefinition, 'access'>): void {
  gateway.route({
    ...definition,
    access: 'key',
    async handler(request) {
      try {
        return await definition.handler(request)
      } catch (error) {
        if (!(error instanceof StoreAway)) throw error
        throw new GatewayError(
          503,
          'Keys and their owners cannot be read or changed at the moment. Try again shortly.',
          {
            code: 'store_away',
            retryAfter: 1,
            cause: error,
          },
        )
      }
    },
  })
}

/** Who is written down as having changed a document: admins may name another by LiteLLM's `litellm-changed-by`. */
export function actorOf({ principal, request }: RouteRequest): string {
  const named = isProxyAdmin(principal) ? request.headers.get('litellm-changed-by') : null
  return named ?? principal?.user ?? principal?.id ?? 'anonymous'
}

/** A part of the path, decoded where it can be. */
export function paramOf({ params }: RouteRequest, name: string): string {
  const raw = params[name] ?? ''
  try {
    return decodeURIComponent(raw)
  } catch {
    return raw
  }
}

/** For a document that is not there. Only who sees everything is told so: others learn nothing about ids. */
export function notFound(caller: Caller, what: string, param: string): GatewayError {
  if (!mayViewAll(caller)) {
    return new GatewayError(403, `This ${what} does not exist, or this key may not see it.`, {
      type: 'permission_error',
      code: 'not_allowed',
      param,
    })
  }
  return unknown(what, param)
}

/** The 404 of an id in a body or query that names nothing. */
export function unknown(what: string, param: string, id?: string): GatewayError {
  const which = id === undefined ? '' : ` \`${id.slice(0, 200)}\``
  return new GatewayError(404, `There is no ${what}${which}.`, {
    type: 'not_found_error',
    code: `${what.replaceAll(' ', '_')}_not_found`,
    param,
  })
}

import { compileRoutes } from '../../src/index.ts'
import type { RouteTest } from '../../src/index.ts'

/** LiteLLM's groups of routes, as patterns. Calls of models are in `llm_api_routes` whatever their path. */
export const routeGroups: Readonly<Record<string, readonly string[]>> = {
  llm_api_routes: ['/models', '/models/*', '/utils/*', '/spend/calculate'],
  openai_routes: ['/models', '/models/*'],
  info_routes: [
    '/key/info',
    '/v2/key/info',
    '/key/list',
    '/key/aliases',
    '/key/health',
    '/team/info',
    '/team/list',
    '/v2/team/list',
    '/team/available',
    '/user/info',
    '/v2/user/info',
    '/organization/info',
    '/organization/list',
    '/budget/info',
    '/budget/list',
    '/customer/info',
    '/customer/list',
    '/end_user/info',
    '/end_user/list',
    '/models',
    '/models/*',
    '/model/info',
    '/model_group/info',
    '/health',
    '/health/*',
  ],
  management_routes: [
    '/key/*',
    '/v2/key/*',
    '/team/*',
    '/v2/team/*',
    '/user/*',
    '/v2/user/*',
    '/customer/*',
    '/end_user/*',
    '/budget/*',
    '/organization/*',
    '/model/info',
    '/model_group/info',
  ],
  spend_tracking_routes: ['/spend/*'],
  global_spend_tracking_routes: ['/global/*'],
}

/** What a key of a type may reach (LiteLLM's `key_type`); undefined: everything that its role allows. */
export const routesOfType: Readonly<Record<string, readonly string[] | undefined>> = {
  default: undefined,
  llm_api: ['llm_api_routes'],
  management: ['management_routes'],
  read_only: ['info_routes'],
}

/** Compiles a key's `allowed_routes`; undefined: no list, nothing to check. */
export function keyRoutes(routes: readonly string[] | undefined): RouteTest | undefined {
  return routes && routes.length > 0 ? compileRoutes(routes, routeGroups) : undefined
}

/** Whether a list of routes, as a key may have it, lies within another. */
export function coversRoutes(outer: readonly string[], inner: readonly string[]): boolean {
  const test = keyRoutes(outer)
  return (
    test === undefined ||
    inner.every((route) => outer.includes(route) || (!(route in routeGroups) && test(route, false)))
  )
}

import { compilePattern } from '../../src/index.ts'

/** Whether a key's list of routes admits a path. */
export type RouteTest = (path: string, isModelCall: boolean) => boolean

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

/** Groups that mean the calls of models. */
const CALLS = new Set(['llm_api_routes', 'openai_routes'])

/** What a key of a type may reach (LiteLLM's `key_type`); undefined: everything that its role allows. */
export const routesOfType: Readonly<Record<string, readonly string[] | undefined>> = {
  default: undefined,
  llm_api: ['llm_api_routes'],
  management: ['management_routes'],
  read_only: ['info_routes'],
}

/**
 * Compiles a key's `allowed_routes`: groups, paths, and patterns with `*`. `/v1` before a path makes no difference, as
 * every path of the API is served with and without it. Undefined: no list, nothing to check.
 */
export function compileRoutes(routes: readonly string[] | undefined): RouteTest | undefined {
  if (!routes || routes.length === 0) return undefined
  const calls = routes.some((route) => CALLS.has(route))
  const entries = routes.flatMap((route) => routeGroups[route] ?? [route]).map(withoutVersion)
  const exact = new Set(entries.filter((entry) => !entry.includes('*')))
  const patterns = entries.filter((entry) => entry.includes('*')).map((entry) => compilePattern(entry))
  return (path, isModelCall) => {
    if (isModelCall && calls) return true
    const plain = withoutVersion(path)
    if (exact.has(plain)) return true
    // What is encoded may be read as another path further on: no pattern is meant to admit that.
    return !ENCODED.test(plain) && patterns.some((pattern) => pattern.match(plain) !== undefined)
  }
}

/** Whether a list of routes, as a key may have it, lies within another. */
export function coversRoutes(outer: readonly string[], inner: readonly string[]): boolean {
  const test = compileRoutes(outer)
  return (
    test === undefined ||
    inner.every((route) => outer.includes(route) || (!(route in routeGroups) && test(route, false)))
  )
}

const ENCODED = /%2[ef]|%5c|\\/i

function withoutVersion(path: string): string {
  const plain = path.startsWith('/v1/') ? path.slice(3) : path
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain
}

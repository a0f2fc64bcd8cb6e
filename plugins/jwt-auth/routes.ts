import { compilePattern } from '../../src/index.ts'

/** Whether a list of routes admits a path. */
export type RouteTest = (path: string, isModelCall: boolean) => boolean

/** LiteLLM's groups: calls of models, whatever their path. */
const CALLS = new Set(['openai_routes', 'llm_api_routes'])
const GROUPS: Readonly<Record<string, readonly string[]>> = {
  openai_routes: ['/models', '/models/*'],
  llm_api_routes: ['/models', '/models/*', '/spend/calculate'],
  info_routes: ['/*/info', '/*/list', '/models', '/models/*', '/health', '/health/*'],
  spend_tracking_routes: ['/spend/*'],
  global_spend_tracking_routes: ['/global/*'],
}
/** Everything that the gateway does itself. */
const MANAGEMENT = 'management_routes'
/** What is encoded may be read as another path further on: no pattern is meant to admit that. */
const ENCODED = /%2[ef]|%5c|\\|\.\./i

/** Compiles a list of groups, paths and patterns with `*`; `/v1` before a path makes no difference. */
export function compileRoutes(routes: readonly string[]): RouteTest {
  const calls = routes.some((route) => CALLS.has(route))
  const management = routes.includes(MANAGEMENT)
  const own = compile(routes)
  // A group names routes of the gateway itself: no call of a model passes by looking like one of them.
  const grouped = compile(routes.flatMap((route) => GROUPS[route] ?? []))
  return (path, isModelCall) => {
    if (isModelCall ? calls : management) return true
    const plain = withoutVersion(path)
    return own(plain) || (!isModelCall && grouped(plain))
  }
}

function compile(routes: readonly string[]): (path: string) => boolean {
  const entries = routes.map(withoutVersion)
  const exact = new Set(entries)
  const patterns = entries.filter((entry) => entry.includes('*')).map((entry) => compilePattern(entry))
  return (path) =>
    exact.has(path) || (!ENCODED.test(path) && patterns.some((pattern) => pattern.match(path) !== undefined))
}

function withoutVersion(path: string): string {
  const plain = path.startsWith('/v1/') ? path.slice(3) : path
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain
}

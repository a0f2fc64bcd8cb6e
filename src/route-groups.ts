import { compilePattern } from './model-pattern.ts'

/** Whether a list of routes admits a path. */
export type RouteTest = (path: string, isModelCall: boolean) => boolean

/** LiteLLM's groups that mean the calls of models, whatever their path. */
const CALLS = new Set(['llm_api_routes', 'openai_routes'])
/** Where Azure's clients look for the list of models. A path of a call is that below all such prefixes already. */
const AZURE_MODELS = /^\/openai(?=\/(v1\/)?models(\/|$))/
/** What is encoded may be read as another path further on: no pattern is meant to admit that. */
const ENCODED = /%2[ef]|%5c|\\|\.\./i

/**
 * Compiles a list of groups, paths, and patterns with `*`. `/v1` before a path makes no difference, as every path of the API
 * is served with and without it. A group names routes of the gateway itself: a call that is passed through to a provider is
 * not admitted for looking like one of them.
 * @param groups what each group stands for
 */
export function compileRoutes(
  routes: readonly string[],
  groups: Readonly<Record<string, readonly string[]>>,
): RouteTest {
  const isGroup = (route: string) => Object.hasOwn(groups, route)
  const calls = routes.some((route) => CALLS.has(route))
  const named = compile(routes.filter((route) => !isGroup(route)))
  const grouped = compile(routes.flatMap((route) => (isGroup(route) ? groups[route]! : [])))
  return (path, isModelCall) => {
    if (isModelCall && calls) return true
    const plain = withoutVersion(isModelCall ? path : path.replace(AZURE_MODELS, ''))
    return named(plain) || (!isModelCall && grouped(plain))
  }
}

function compile(routes: readonly string[]): (path: string) => boolean {
  const entries = routes.map(withoutVersion)
  const exact = new Set(entries.filter((entry) => !entry.includes('*')))
  const patterns = entries.filter((entry) => entry.includes('*')).map((entry) => compilePattern(entry))
  return (path) =>
    exact.has(path) || (!ENCODED.test(path) && patterns.some((pattern) => pattern.match(path) !== undefined))
}

function withoutVersion(path: string): string {
  const plain = path.startsWith('/v1/') ? path.slice(3) : path
  return plain.length > 1 && plain.endsWith('/') ? plain.slice(0, -1) : plain
}

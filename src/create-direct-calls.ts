import type { H3 } from 'h3'
import type { DirectCalls } from './direct-calls.ts'
import type { MatchedEndpoint } from './endpoints.ts'
import type { CallRunner } from './handle-call.ts'
import { matchEndpoint } from './endpoints.ts'

/** Marks the routes that the gateway itself gave to h3 for the API. */
export const API_ROUTE: { readonly ungateApi: true } = { ungateApi: true }

/** Paths that are remembered: models can be part of them, so there is no end to how many there are. */
const REMEMBERED = 1000

/** The calls of a gateway for its own server, as far as h3 would hand them on untouched. */
export function createDirectCalls(app: H3, runner: Pick<CallRunner, 'answer' | 'full' | 'refuse'>): DirectCalls {
  const known = new Map<string, MatchedEndpoint | undefined>()
  const find = (path: string): MatchedEndpoint | undefined => {
    const event = { req: { method: 'POST' }, url: { pathname: path } } as Parameters<(typeof app)['~findRoute']>[0]
    const ours = app['~findRoute'](event)?.data.meta?.['ungateApi'] === true
    const matched = ours ? matchEndpoint(path) : undefined
    if (known.size < REMEMBERED) known.set(path, matched)
    return matched
  }
  const matchOf = (path: string) => (known.has(path) ? known.get(path) : find(path))
  return {
    takes(path) {
      const { onRequest, onResponse } = app.config
      return app['~middleware'].length === 0 && !onRequest && !onResponse && matchOf(path) !== undefined
    },
    full: runner.full,
    refuse: runner.refuse,
    answer: (request) => runner.answer(request, matchOf(request.path)!),
  }
}

import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Gateway } from './gateway.ts'

type NodeHandler = (request: IncomingMessage, response: ServerResponse) => void

/** What Express, Connect and Fastify's middie call. */
export type NodeMiddleware = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void

const handlers = new WeakMap<object, Promise<NodeHandler>>()

/** The gateway as a `node:http` request listener. */
export function toNodeListener(gateway: Pick<Gateway, 'app'>): NodeHandler {
  let handler: NodeHandler | undefined
  return (request, response) => {
    if (handler) return handler(request, response)
    void nodeHandler(gateway).then((made) => (handler = made)(request, response))
  }
}

/**
 * The gateway as middleware. Below the prefix it answers; everything else goes on with `next()`, or gets a 404 where
 * there is no next. A framework that strips the mount path (`app.use('/ai', …)`) needs no prefix.
 * @param options.prefix path that is taken off before the gateway looks: `/ai` serves `/ai/v1/chat/completions`
 */
export function toNodeMiddleware(gateway: Pick<Gateway, 'app'>, options: { prefix?: string } = {}): NodeMiddleware {
  const prefix = (options.prefix ?? '').replace(/^\/*(?=[^/])/, '/').replace(/\/+$/, '')
  const listener = toNodeListener(gateway)
  return (request, response, next) => {
    const url = request.url ?? '/'
    if (!prefix) return listener(request, response)
    const rest = url.startsWith(prefix) ? url.slice(prefix.length) : undefined
    if (rest === undefined || (rest !== '' && rest[0] !== '/' && rest[0] !== '?')) {
      if (next) return next()
      response.writeHead(404).end()
      return
    }
    // As Connect and Express keep it: pages that name the gateway's address look there.
    const kept = request as IncomingMessage & { originalUrl?: string }
    kept.originalUrl ??= url
    request.url = rest.startsWith('/') ? rest : `/${rest}`
    listener(request, response)
  }
}

/** srvx's adapter, imported when the first request or server needs it: the public entry stays free of Node. */
export function nodeHandler(gateway: Pick<Gateway, 'app'>): Promise<NodeHandler> {
  let handler = handlers.get(gateway.app)
  if (!handler) {
    handler = import('h3/node').then(({ toNodeHandler }) => toNodeHandler(gateway.app) as NodeHandler)
    handlers.set(gateway.app, handler)
  }
  return handler
}

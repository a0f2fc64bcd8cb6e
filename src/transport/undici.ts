import Agent from 'undici/lib/dispatcher/agent.js'
import type { Dispatcher } from 'undici'
import type { Transport, TransportHandler } from './types.ts'

/**
 * undici's dispatcher without its `request` or `fetch` on top: a third of fetch's CPU per call. One agent keeps one pool
 * per origin, and lives as long as the process, so that a reload keeps the connections of unchanged upstreams.
 */
export function createUndiciTransport(options: { connections?: number | undefined } = {}): Transport {
  const agent = new Agent({
    connections: options.connections ?? null,
    pipelining: 1,
    keepAliveTimeout: 30_000,
    connect: { timeout: 10_000 },
  })
  return {
    dispatch(request, handler, timeouts) {
      const { origin, path } = splitUrl(request.url)
      agent.dispatch(
        {
          origin,
          path,
          method: (request.method ?? 'POST') as Dispatcher.HttpMethod,
          headers: request.headers,
          body: request.body === undefined ? null : (request.body as string),
          headersTimeout: timeouts.headers,
          bodyTimeout: timeouts.idle,
        },
        adapt(handler),
      )
    },
    close: () => agent.close(),
  }
}

function adapt(handler: TransportHandler): Dispatcher.DispatchHandler {
  let aborted = false
  return {
    onRequestStart(controller) {
      handler.start({
        pause: () => controller.pause(),
        resume: () => controller.resume(),
        abort() {
          aborted = true
          controller.abort(new Error('aborted'))
        },
      })
    },
    onResponseStart(_controller, status, headers) {
      // 1xx answers announce the real one.
      if (status >= 200) handler.headers(status, headers)
    },
    onResponseData: (_controller, chunk) => handler.data(chunk),
    onResponseEnd: () => handler.end(),
    onResponseError(_controller, error) {
      if (!aborted) handler.error(error)
    },
  }
}

const urls = new Map<string, { origin: string; path: string }>()

/** Deployments call few URLs: parsed once each. */
function splitUrl(url: string): { origin: string; path: string } {
  let parts = urls.get(url)
  if (!parts) {
    const parsed = new URL(url)
    parts = { origin: parsed.origin, path: parsed.pathname + parsed.search }
    if (urls.size >= 1000) urls.clear()
    urls.set(url, parts)
  }
  return parts
}

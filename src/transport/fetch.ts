import type { PlainRequest, UpstreamRequest } from '../types/provider.ts'
import { concat } from '../byte-stream.ts'
import type { Transport, TransportHandler, TransportTimeouts } from './types.ts'

type Responder = (request: PlainRequest, signal: AbortSignal) => PromiseLike<Response> | Response

/** The transport of runtimes without Node's sockets, and of providers that answer in process. */
export function createFetchTransport(respond: Responder = fetchUpstream): Transport {
  return {
    dispatch(request, handler, timeouts) {
      void exchange(respond, request, handler, timeouts)
    },
    close: async () => {},
  }
}

async function exchange(
  respond: Responder,
  request: UpstreamRequest,
  handler: TransportHandler,
  timeouts: TransportTimeouts,
): Promise<void> {
  const abort = new AbortController()
  let wake: (() => void) | undefined
  let paused = false
  let over = false
  handler.start({
    pause: () => void (paused = true),
    resume() {
      paused = false
      wake?.()
    },
    abort() {
      over = true
      abort.abort()
      wake?.()
    },
  })
  const fail = (error: unknown) => {
    if (over) return
    over = true
    abort.abort()
    handler.error(error)
  }
  try {
    const response = await withDeadline(respond(inOnePiece(request), abort.signal), timeouts.headers, 'HEADERS_TIMEOUT')
    if (over) return
    const headers = Object.fromEntries(response.headers)
    // `fetch` has decoded it, and tells of it all the same.
    delete headers['content-encoding']
    handler.headers(response.status, headers)
    const reader = response.body?.getReader()
    while (reader) {
      const { done, value } = await withDeadline(reader.read(), timeouts.idle, 'IDLE_TIMEOUT')
      if (over || done) break
      handler.data(value)
      while (paused && !over) await new Promise<void>((resolve) => (wake = resolve))
      if (over) break
    }
    if (over) return void reader?.cancel().catch(() => {})
    over = true
    handler.end()
  } catch (error) {
    fail(error)
  }
}

function inOnePiece(request: UpstreamRequest): PlainRequest {
  const { body } = request
  if (!Array.isArray(body)) return request as PlainRequest
  const encoder = new TextEncoder()
  const pieces = body.map((piece: string | Uint8Array) => (typeof piece === 'string' ? encoder.encode(piece) : piece))
  return { ...request, body: concat(pieces) }
}

function fetchUpstream(request: PlainRequest, signal: AbortSignal): Promise<Response> {
  return fetch(request.url, {
    method: request.method ?? 'POST',
    headers: request.headers,
    body: (request.body ?? null) as string | null,
    redirect: 'manual',
    signal,
  })
}

function withDeadline<T>(work: PromiseLike<T> | T, ms: number, code: string): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const timer = setTimeout(() => reject(Object.assign(new Error(code), { code })), ms)
    Promise.resolve(work).then(
      (value) => {
        clearTimeout(timer)
        resolve(value)
      },
      (error: unknown) => {
        clearTimeout(timer)
        reject(error)
      },
    )
  })
}

import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { plainHeaders } from '../answer-headers.ts'
import { toOpenAIError } from '../error.ts'
import type { DirectCalls } from '../direct-calls.ts'
import { GatewayServer } from './direct/gateway-server.ts'
import { continueWhenRead, refuseExpectation } from './expect.ts'
import { refuse } from './refuse.ts'

/** Node's own limits: headers 16 KiB within 10 s, the body within 60 s, idle connections longer than a balancer's 60 s. */
export const serverOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 2_000,
  // Node would refuse with an empty body; `hardenServer` does it in the dialect.
  requireHostHeader: false,
} as const

/** The gateway's own server: these limits, and plain calls read and answered without node:http's objects. */
export function createGatewayServer(handler: Handler, calls: () => DirectCalls): Server {
  const server = new GatewayServer({ ...serverOptions }, handler, calls)
  hardenServer(server)
  return server
}

/** On a socket whose last request was refused. */
const REFUSED = Symbol('refused')

/** Sets the limits on a server that somebody else made. */
export function hardenServer(server: Server): void {
  server.headersTimeout = serverOptions.headersTimeout
  server.requestTimeout = serverOptions.requestTimeout
  server.keepAliveTimeout = serverOptions.keepAliveTimeout
  server.on('clientError', refuse)
  const handlers = server.listeners('request') as Handler[]
  server.removeAllListeners('request')
  const onRequest: Handler = (request, response) => {
    const socket = request.socket as Socket & { [REFUSED]?: boolean }
    // Behind an answer that says `close` there is no request any more (RFC 9112 §9.6): it may be a smuggled one.
    if (socket[REFUSED]) return
    // The last answer of this connection: the server is stopping.
    if (!server.listening) response.shouldKeepAlive = false
    const wrong = whatIsWrong(request)
    if (wrong === undefined) for (const handler of handlers) handler(request, response)
    else {
      socket[REFUSED] = true
      const body = toOpenAIError({
        status: 400,
        message: wrong,
        type: 'invalid_request_error',
        code: 'bad_http_request',
      })
      const headers = {
        'content-type': 'application/json',
        'content-length': Buffer.byteLength(body),
        connection: 'close',
        ...plainHeaders(crypto.randomUUID(), performance.now()),
      }
      response.writeHead(400, headers).end(body)
    }
  }
  server.on('request', onRequest)
  server.on('checkContinue', (request, response) => {
    continueWhenRead(request, response)
    onRequest(request, response)
  })
  server.on('checkExpectation', refuseExpectation)
}

/** What Node lets pass and a gateway should not: two parties could read such a request differently (RFC 9112 §3.2, §6.1). */
function whatIsWrong(request: IncomingMessage): string | undefined {
  const { httpVersionMajor, httpVersionMinor, rawHeaders, headers } = request
  if (httpVersionMajor !== 1) return 'The request is not HTTP/1.1.'
  let hosts = 0
  for (let i = 0; i < rawHeaders.length; i += 2) {
    if (rawHeaders[i]!.length === 4 && rawHeaders[i]!.toLowerCase() === 'host') hosts++
  }
  if (hosts > 1 || (hosts === 0 && httpVersionMinor > 0)) return 'The request needs one Host header.'
  const coding = headers['transfer-encoding']
  if (coding !== undefined && coding.toLowerCase() !== 'chunked') return 'The only transfer coding here is chunked.'
  return undefined
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

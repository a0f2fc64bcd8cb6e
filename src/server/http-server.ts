import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { toOpenAIError } from '../error.ts'
import { DirectResponse } from './direct-response.ts'

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

/** The gateway's own server: these limits, and answers that are written at once. */
export function createGatewayServer(handler: Handler): Server {
  const server = createServer({ ...serverOptions, ServerResponse: DirectResponse as typeof ServerResponse }, handler)
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
  server.on('request', (request, response) => {
    const socket = request.socket as Socket & { [REFUSED]?: boolean }
    // Behind an answer that says `close` there is no request any more (RFC 9112 §9.6): it may be a smuggled one.
    if (socket[REFUSED]) return
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
      }
      response.writeHead(400, headers).end(body)
    }
  })
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

/** A request that is not HTTP (RFC 9112) gets its status in the dialect that its sender can read, then the end. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  // Never into the middle or behind the end of an answer: its reader would take these bytes for a part of it.
  const { _httpMessage: current } = socket as Socket & { _httpMessage?: ServerResponse | null }
  if (current?.writableEnded) return socket.destroySoon()
  if (!socket.writable || error.code === 'ECONNRESET' || current?.headersSent) {
    socket.destroy()
    return
  }
  const [status, reason, message] = describe(error.code)
  const body = toOpenAIError({ status, message, type: 'invalid_request_error', code: 'bad_http_request' })
  socket.end(
    `HTTP/1.1 ${status} ${reason}\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
  )
}

function describe(code: string | undefined): [status: number, reason: string, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return [431, 'Request Header Fields Too Large', 'The request headers are larger than 16 KiB.']
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'Request Timeout', 'The request did not arrive in time.']
  return [400, 'Bad Request', 'The request is not valid HTTP.']
}

export type Handler = (request: IncomingMessage, response: ServerResponse) => void

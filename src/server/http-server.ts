import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { toOpenAIError } from '../error.ts'

/** Node's own limits: headers 16 KiB within 10 s, the body within 60 s, idle connections longer than a balancer's 60 s. */
export const serverOptions = {
  maxHeaderSize: 16 * 1024,
  headersTimeout: 10_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 75_000,
  connectionsCheckingInterval: 2_000,
} as const

/** Sets the limits on a server that somebody else made. */
export function hardenServer(server: Server): void {
  server.headersTimeout = serverOptions.headersTimeout
  server.requestTimeout = serverOptions.requestTimeout
  server.keepAliveTimeout = serverOptions.keepAliveTimeout
  server.on('clientError', refuse)
}

/** A request that is not HTTP (RFC 9112) gets its status in the dialect that its sender can read, then the end. */
function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
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

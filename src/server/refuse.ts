import type { ServerResponse } from 'node:http'
import type { Socket } from 'node:net'
import { plainHeaders } from '../answer-headers.ts'
import { toOpenAIError } from '../error.ts'

/** A request that is not HTTP (RFC 9112) gets its status in the dialect that its sender can read, then the end. */
export function refuse(error: NodeJS.ErrnoException, socket: Socket): void {
  // Never into the middle or behind the end of an answer: its reader would take these bytes for a part of it.
  const { _httpMessage: current } = socket as Socket & { _httpMessage?: ServerResponse | null }
  if (current?.writableEnded) return socket.destroySoon()
  if (!socket.writable || error.code === 'ECONNRESET' || current?.headersSent) {
    socket.destroy()
    return
  }
  const [status, reason, message] = describe(error.code)
  const body = toOpenAIError({ status, message, type: 'invalid_request_error', code: 'bad_http_request' })
  const headers = Object.entries({
    'content-type': 'application/json',
    'content-length': Buffer.byteLength(body),
    connection: 'close',
    ...plainHeaders(crypto.randomUUID(), performance.now()),
  })
  const lines = headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  socket.end(`HTTP/1.1 ${status} ${reason}\r\n${lines}\r\n${body}`)
}

function describe(code: string | undefined): [status: number, reason: string, message: string] {
  if (code === 'HPE_HEADER_OVERFLOW') {
    return [431, 'Request Header Fields Too Large', 'The request headers are larger than 16 KiB.']
  }
  if (code === 'ERR_HTTP_REQUEST_TIMEOUT') return [408, 'Request Timeout', 'The request did not arrive in time.']
  return [400, 'Bad Request', 'The request is not valid HTTP.']
}

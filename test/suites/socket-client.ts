import { connect } from 'node:net'
import type { Socket } from 'node:net'

/** A client that is nothing but a socket: it can leave, and it can stop reading. */
export interface SocketClient {
  readonly socket: Socket
  /** Everything received so far, as text. */
  text(): string
  /** Resolves when the other side has closed. */
  readonly closed: Promise<void>
  /** Reads on, without end. */
  readOn(): void
  leave(): void
}

export interface SocketRequest {
  port: number
  body: unknown
  path?: string
  headers?: Record<string, string>
  /** Stop reading as soon as this much has come (bytes). */
  readAtMost?: number
}

/** Sends a JSON request over a socket of its own. */
export function sendOverSocket(request: SocketRequest): SocketClient {
  const { port, path = '/v1/chat/completions' } = request
  let { readAtMost = Infinity } = request
  const body = JSON.stringify(request.body)
  const head = [
    `POST ${path} HTTP/1.1`,
    `host: 127.0.0.1:${port}`,
    'content-type: application/json',
    `content-length: ${Buffer.byteLength(body)}`,
    ...Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}`),
  ]
  const chunks: Buffer[] = []
  let size = 0
  const socket = connect(port, '127.0.0.1')
  socket.on('error', () => {})
  socket.on('data', (chunk) => {
    chunks.push(chunk)
    size += chunk.length
    if (size >= readAtMost) socket.pause()
  })
  socket.write(`${head.join('\r\n')}\r\n\r\n${body}`)
  return {
    socket,
    text: () => Buffer.concat(chunks).toString(),
    closed: new Promise((resolve) => socket.once('close', () => resolve())),
    readOn() {
      readAtMost = Infinity
      socket.resume()
    },
    leave: () => void socket.destroy(),
  }
}

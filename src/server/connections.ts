import { readFileSync } from 'node:fs'
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { OVERLOADED } from '../admission.ts'
import { toOpenAIError } from '../error.ts'
import { logger } from '../logger.ts'

/** Descriptors for all that is neither a client nor a provider. */
const OTHERS = 128
/** So many connections are answered that they are too many; further ones are closed. */
const ANSWERED = 64
/** Milliseconds that one of them may take to send its request. */
const PATIENCE = 1000

const body = toOpenAIError(OVERLOADED)
const ANSWER =
  'HTTP/1.1 503 Service Unavailable\r\ncontent-type: application/json\r\nretry-after: 2\r\n' +
  `content-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`

/**
 * Keeps a server's connections below a number; a request on any other gets 503, and the connection is closed. At the
 * system's limit Node would close them without a word, and providers could not be reached.
 */
export function limitConnections(server: Server, most: () => number): void {
  const takers = server.listeners('connection') as ((socket: Socket) => void)[]
  server.removeAllListeners('connection')
  let open = 0
  let answered = 0
  let told = 0
  server.on('connection', (socket: Socket) => {
    if (open < most()) {
      open++
      socket.once('close', () => open--)
      for (const taker of takers) taker.call(server, socket)
      return
    }
    if (Date.now() - told > 10_000) {
      told = Date.now()
      logger.warn(`Too many connections: further ones get 503 (${open} are open, limits.connections)`)
    }
    if (answered >= ANSWERED) return void socket.destroy()
    answered++
    const late = setTimeout(() => socket.destroy(), PATIENCE).unref()
    socket.once('close', () => {
      answered--
      clearTimeout(late)
    })
    socket.on('error', () => socket.destroy())
    // Behind the request, and read on: an answer whose connection is closed over unread bytes may be lost (RFC 9112 §9.6).
    socket.once('data', () => socket.end(ANSWER))
    socket.on('end', () => socket.end())
  })
}

/** Half of the descriptors that this process may open: a call takes one to the client and one to the provider. */
export function mostByDescriptors(limits: () => string = readLimits): number {
  const found = /^Max open files +(\d+)/m.exec(limits())
  return found ? Math.max(1, Math.floor((Number(found[1]) - OTHERS) / 2)) : Infinity
}

/** Linux's; elsewhere nothing is known. */
function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'latin1')
  } catch {
    return ''
  }
}

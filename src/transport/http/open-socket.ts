import type { Socket } from 'node:net'
import { connect, isIP } from 'node:net'
import type { ConnectionOptions } from 'node:tls'
import type { Origin } from './request.ts'

export interface SocketEvents {
  connected(): void
  /** What came, in memory that all sockets share: valid until it returns. False stops the reading. */
  read(bytes: Buffer, size: number): boolean
  /** The other side has nothing more to say. */
  ended(): void
  closed(error: unknown): void
}

/** Where every socket reads into: what was read is dealt with before the next read. */
const memory = Buffer.allocUnsafeSlow(64 * 1024)

/** TLS sessions by origin, so that the next connection saves a round trip. */
const sessions = new Map<string, Buffer>()

/** Opens a socket that no process waits for. */
export function openSocket(origin: Origin, events: SocketEvents): Socket {
  const options = {
    host: origin.hostname,
    port: origin.port,
    noDelay: true,
    keepAlive: true,
    keepAliveInitialDelay: 60_000,
    onread: { buffer: memory, callback: (size: number, bytes: Uint8Array) => events.read(bytes as Buffer, size) },
  }
  const socket = origin.tls ? openTls(origin, options) : connect(options)
  // Where a name has several addresses, Node makes a new handle for each try, which keeps the process again.
  socket.once('connect', () => socket.unref())
  socket.once(origin.tls ? 'secureConnect' : 'connect', () => events.connected())
  socket.once('end', () => events.ended())
  socket.once('close', () => events.closed(undefined))
  socket.on('error', (error) => events.closed(error))
  return socket.unref()
}

function openTls({ key, hostname }: Origin, options: ConnectionOptions): Socket {
  const { connect: connectTls } = process.getBuiltinModule('node:tls')
  const session = sessions.get(key)
  const socket = connectTls({
    ...options,
    ALPNProtocols: ['http/1.1'],
    // An address is no server name (RFC 6066 §3).
    ...(isIP(hostname) === 0 && { servername: hostname }),
    ...(session && { session }),
  })
  socket.on('session', (ticket) => {
    if (sessions.size >= 1000) sessions.clear()
    sessions.set(key, ticket)
  })
  socket.once('error', () => sessions.delete(key))
  return socket
}

import type { ServerOptions } from 'node:http'
import { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { DirectCalls } from '../../direct-calls.ts'
import type { Handler } from '../http-server.ts'
import type { DirectServer } from './connection.ts'
import { refuse } from '../refuse.ts'
import { DirectConnection } from './connection.ts'

const TICK_MS = 2000

/**
 * Node's HTTP server, whose connections are looked at first: as long as they bring plain calls (`request-head.ts`) these are
 * answered by {@link DirectConnection}. With the first other request a connection becomes Node's, with all that Node does.
 */
export class GatewayServer extends Server implements DirectServer {
  readonly calls: () => DirectCalls
  readonly #connections = new Set<DirectConnection>()
  /** Node's own listener, which makes an HTTP connection of a socket. */
  readonly #adopt: (socket: Socket) => void
  #timer: NodeJS.Timeout | undefined
  tick = 0

  constructor(options: ServerOptions, handler: Handler, calls: () => DirectCalls) {
    super(options, handler)
    this.calls = calls
    this.#adopt = this.listeners('connection')[0] as (socket: Socket) => void
    this.removeAllListeners('connection')
    this.on('connection', (socket) => void this.#connections.add(new DirectConnection(socket, this)))
    this.on('listening', () => (this.#timer ??= setInterval(() => this.#look(), TICK_MS).unref()))
    this.on('close', () => clearInterval(this.#timer))
  }

  /** None once the server is closing: clients are told to go elsewhere. */
  get keepAliveSeconds(): number {
    return this.listening ? Math.floor(this.keepAliveTimeout / 1000) : 0
  }

  handOver(connection: DirectConnection, chunk: Buffer): void {
    const { socket } = connection
    this.#connections.delete(connection)
    this.#adopt.call(this, socket)
    socket.emit('data', chunk)
  }

  refuse({ socket }: DirectConnection, why: 'late' | 'incomplete'): void {
    refuse(Object.assign(new Error(why), { code: why === 'late' ? 'ERR_HTTP_REQUEST_TIMEOUT' : undefined }), socket)
  }

  closed(connection: DirectConnection): void {
    this.#connections.delete(connection)
  }

  override closeIdleConnections(): void {
    for (const connection of this.#connections) if (connection.idle) connection.destroy()
    super.closeIdleConnections()
  }

  override closeAllConnections(): void {
    for (const connection of this.#connections) connection.destroy()
    super.closeAllConnections()
  }

  /** Node's limits, for the connections that are not Node's. */
  #look(): void {
    this.tick++
    for (const connection of this.#connections) {
      const ms = (this.tick - connection.since) * TICK_MS
      if (connection.phase === 'new' && ms > this.headersTimeout) this.refuse(connection, 'late')
      else if (connection.phase === 'body' && ms > this.requestTimeout) this.refuse(connection, 'late')
      else if (connection.phase === 'idle' && ms > this.keepAliveTimeout) connection.destroy()
    }
  }
}

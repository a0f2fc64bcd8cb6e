import type { ServerOptions } from 'node:http'
import { Server } from 'node:http'
import type { Socket } from 'node:net'
import type { DirectCalls } from '../../direct-calls.ts'
import type { Handler } from '../http-server.ts'
import type { DirectServer } from './connection.ts'
import { refuse } from '../refuse.ts'
import { DirectConnection } from './connection.ts'

/**
 * Node's HTTP server, whose connections are looked at first: as long as they bring plain calls (`request-head.ts`) these are
 * answered by {@link DirectConnection}. With the first other request a connection becomes Node's, with all that Node does.
 */
export class GatewayServer extends Server implements DirectServer {
  readonly calls: () => DirectCalls
  readonly #connections = new Set<DirectConnection>()
  /** Node's own listener, which makes an HTTP connection of a socket. */
  readonly #adopt: (socket: Socket) => void
  readonly #tickMs: number
  #timer: NodeJS.Timeout | undefined
  tick = 0

  constructor(options: ServerOptions, handler: Handler, calls: () => DirectCalls) {
    super(options, handler)
    this.calls = calls
    this.#tickMs = options.connectionsCheckingInterval ?? 30_000
    this.#adopt = this.listeners('connection')[0] as (socket: Socket) => void
    this.removeAllListeners('connection')
    this.on('connection', (socket) => void this.#connections.add(new DirectConnection(socket, this)))
    this.on('listening', () => (this.#timer ??= setInterval(() => this.#look(), this.#tickMs).unref()))
    this.on('close', () => {
      clearInterval(this.#timer)
      this.#timer = undefined
    })
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

  refuse(connection: DirectConnection, why: 'late' | 'incomplete'): void {
    const { socket } = connection
    connection.refused()
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
    const { headersTimeout, requestTimeout, keepAliveTimeout } = this
    for (const connection of this.#connections) {
      const { phase, since } = connection
      const ms = (this.tick - since) * this.#tickMs
      if (phase === 'new' && isOver(ms, headersTimeout)) this.refuse(connection, 'late')
      else if (phase === 'body' && isOver(ms, requestTimeout)) this.refuse(connection, 'late')
      else if (phase === 'rest' && isOver(ms, requestTimeout)) connection.destroy()
      else if (phase === 'idle' && isOver(ms, keepAliveTimeout)) connection.destroy()
      else if (phase === 'refused') connection.destroy()
    }
  }
}

/** 0 is no limit. */
function isOver(ms: number, limit: number): boolean {
  return limit > 0 && ms > limit
}

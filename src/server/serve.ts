import type { Server } from 'node:http'
import type { LiveGateway } from './live-gateway.ts'
import { limitConnections, mostByDescriptors } from './connections.ts'
import { createGatewayServer, hardenServer } from './http-server.ts'
import { watchTurns } from './watch-turns.ts'

export interface ListenOptions {
  readonly live: LiveGateway
  readonly port?: number | undefined
  readonly host?: string | undefined
  /** listhen's comforts (printed URLs, a free port): for `gateway dev`. */
  readonly dev: boolean
  readonly open?: boolean
}

export interface Listening {
  readonly server: Server
  readonly url: string
  readonly port: number
  readonly host: string
}

const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1)$/i
export const DEFAULT_PORT = 4000

/** Opens the port. Without authentication only loopback is allowed: a gateway holds everybody's keys. */
export async function listen(options: ListenOptions): Promise<Listening> {
  const { live } = options
  const { config } = live.loaded
  const authenticated = live.current.authenticated
  const host = options.host ?? config.host ?? (authenticated ? '0.0.0.0' : '127.0.0.1')
  const port = options.port ?? config.port ?? DEFAULT_PORT
  checkHost(host, authenticated)
  return options.dev ? listenDev(options, port, host) : listenPlain(live, port, host)
}

/** Throws with the fix where a gateway without keys would be open to others. */
export function checkHost(host: string, authenticated: boolean): void {
  if (authenticated || LOOPBACK.test(host)) return
  throw new Error(
    `Not listening on ${host}: the gateway has no master key, so everyone who can reach it could spend your providers' money. ` +
      'Set GATEWAY_MASTER_KEY (or plugins["master-key"].key in the config), or use --host 127.0.0.1.',
  )
}

function listenPlain(live: LiveGateway, port: number, host: string): Promise<Listening> {
  const server = createGatewayServer(live.handler, () => live.calls)
  keepWithinMeans(server, live)
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => reject(toListenError(error, port, host)))
    server.listen(port, host, () => resolve(listening(server, host)))
  })
}

async function listenDev(options: ListenOptions, port: number, host: string): Promise<Listening> {
  // listhen brings a good part of the start's time: only `dev` pays for it.
  const { listen: listhen } = await import('listhen')
  const listener = await listhen(options.live.handler, {
    port: { port, alternativePortRange: [port + 1, port + 20] },
    hostname: host,
    autoClose: false,
    showURL: false,
    open: options.open === true,
    isTest: false,
  })
  const server = listener.server as Server
  hardenServer(server)
  keepWithinMeans(server, options.live)
  return listening(server, host)
}

/** Refuses what the process cannot carry, by what the config says now. */
function keepWithinMeans(server: Server, live: LiveGateway): void {
  const descriptors = mostByDescriptors()
  limitConnections(server, () => live.current.config.limits?.connections ?? descriptors)
  server.once(
    'close',
    watchTurns(live.admission, () => live.current.config.limits?.overload !== false),
  )
}

function listening(server: Server, host: string): Listening {
  const address = server.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  const shown =
    host === '127.0.0.1' || host === '0.0.0.0' || host === '::' ? 'localhost' : host.includes(':') ? `[${host}]` : host
  return { server, port, host, url: `http://${shown}:${port}` }
}

function toListenError(error: NodeJS.ErrnoException, port: number, host: string): Error {
  if (error.code === 'EADDRINUSE') {
    return new Error(
      `Port ${port} on ${host} is taken. Stop what uses it, or choose another with --port or \`port\` in the config.`,
    )
  }
  if (error.code === 'EACCES')
    return new Error(`Not allowed to listen on port ${port}. Choose one above 1023 with --port.`)
  if (error.code === 'EADDRNOTAVAIL')
    return new Error(`This machine has no address ${host}. Choose another with --host.`)
  return error
}

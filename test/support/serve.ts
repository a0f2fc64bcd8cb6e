import { createServer } from 'node:http'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway, toNodeListener } from '../../src/index.ts'
import type { CreateGatewayOptions, Gateway, GatewayConfig } from '../../src/index.ts'
import { directCalls } from '../../src/direct-calls.ts'
import { createGatewayServer, hardenServer, serverOptions } from '../../src/server/http-server.ts'
import type { Handler } from '../../src/server/http-server.ts'

export interface Served {
  readonly gateway: Gateway
  readonly server: Server
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string
  close(): Promise<void>
}

/** A gateway behind a real socket, set up as `gateway start` sets it up. */
export async function serveGateway(config: GatewayConfig = {}, options: CreateGatewayOptions = {}): Promise<Served> {
  const gateway = await createGateway(config, { env: {}, ...options })
  const listening = await serve(createGatewayServer(toNodeListener(gateway), () => directCalls(gateway)))
  return {
    gateway,
    server: listening.server,
    url: listening.url,
    async close() {
      await listening.close()
      await gateway.close()
    },
  }
}

/** Any request listener on a free port of 127.0.0.1, with the limits of the gateway's server. */
export function serveHandler(handler: Handler): Promise<Listening> {
  const server = createServer(serverOptions, handler)
  hardenServer(server)
  return serve(server)
}

interface Listening {
  readonly server: Server
  readonly url: string
  close(): Promise<void>
}

async function serve(server: Server): Promise<Listening> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    server,
    url: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** The mock without its pauses. */
export const instantMock: GatewayConfig = {
  environment: true,
  providers: { mock: { pace: 0, latency: 0 } },
  plugins: { retry: { retries: 0 } },
}

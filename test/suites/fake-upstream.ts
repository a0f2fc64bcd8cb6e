import { createServer } from 'node:http'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'

/** A request as an upstream got it. */
export interface Received {
  readonly method: string
  /** With the query. */
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly body: string
  /** Resolves when the socket of this request is closed. */
  readonly closed: Promise<void>
}

export type UpstreamHandler = (request: Received, response: ServerResponse) => unknown

export interface Upstream {
  /** `http://127.0.0.1:port`, without a path. */
  readonly url: string
  /** Everything that came, in order; whole bodies only. */
  readonly requests: Received[]
  close(): Promise<void>
}

/** A server on 127.0.0.1 that plays a provider. The handler runs when the request's body has arrived. */
export async function startUpstream(handler: UpstreamHandler): Promise<Upstream> {
  const requests: Received[] = []
  const sockets = new Set<Socket>()
  const server = createServer((request, response) => {
    void receive(request).then((received) => {
      requests.push(received)
      return handler(received, response)
    })
  })
  server.on('connection', (socket) => {
    sockets.add(socket)
    socket.on('error', () => {})
    socket.on('close', () => sockets.delete(socket))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

async function receive(request: IncomingMessage): Promise<Received> {
  const { socket } = request
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return {
    method: request.method!,
    path: request.url!,
    headers: request.headers,
    body: Buffer.concat(chunks).toString(),
    closed,
  }
}

/** A port of 127.0.0.1 that nobody listens on. */
export async function closedPort(): Promise<number> {
  const upstream = await startUpstream(() => {})
  await upstream.close()
  return Number(new URL(upstream.url).port)
}

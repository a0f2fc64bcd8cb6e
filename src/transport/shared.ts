import type { Transport } from './types.ts'

const transports = new Map<number | undefined, Promise<Transport>>()

/** The process's transport: sockets on Node, `fetch` elsewhere. Shared, so that a reload keeps its connections. */
export function sharedTransport(connections?: number): Promise<Transport> {
  let transport = transports.get(connections)
  if (!transport) transports.set(connections, (transport = create(connections)))
  return transport
}

async function create(connections: number | undefined): Promise<Transport> {
  if (globalThis.process?.versions?.node) {
    const { createHttpTransport } = await import('./http/transport.ts')
    return createHttpTransport({ connections })
  }
  const { createFetchTransport } = await import('./fetch.ts')
  return createFetchTransport()
}

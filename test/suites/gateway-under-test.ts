import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway, definePlugin, toNodeListener, z } from '@ungate/gateway'
import type { CreateGatewayOptions, Gateway, GatewayConfig, LogRecord, Outcome } from '@ungate/gateway'

/** A gateway that is watched: its log records and the outcomes its settle closures were told. */
export interface GatewayUnderTest {
  readonly gateway: Gateway
  readonly records: LogRecord[]
  /** One entry per run of a settle closure, under the call's id. */
  readonly settled: { id: string; outcome: Outcome }[]
  /** Asks in process. */
  post(body: unknown, options?: PostOptions): Promise<Response>
  close(): Promise<void>
}

export interface PostOptions {
  path?: string
  headers?: Record<string, string>
  signal?: AbortSignal
}

export async function startGateway(
  config: GatewayConfig,
  options: CreateGatewayOptions = {},
): Promise<GatewayUnderTest> {
  const records: LogRecord[] = []
  const settled: { id: string; outcome: Outcome }[] = []
  const watcher = definePlugin({
    name: 'suite-watcher',
    order: 'pre',
    options: z.object({}),
    setup: () => ({
      rateLimit: (ctx) => ctx.onSettle((outcome) => void settled.push({ id: ctx.id, outcome })),
      log: (record) => void records.push(record),
    }),
  })
  const gateway = await createGateway({ ...config, use: [watcher, ...(config.use ?? [])] }, { env: {}, ...options })
  return {
    gateway,
    records,
    settled,
    post: (body, { path = '/v1/chat/completions', headers = {}, signal } = {}) =>
      gateway.fetch(`http://gateway${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', ...headers },
        body: typeof body === 'string' ? body : JSON.stringify(body),
        ...(signal ? { signal } : {}),
      }),
    close: () => gateway.close(),
  }
}

/** The gateway behind a real socket. */
export async function serve(gateway: Pick<Gateway, 'app'>): Promise<{ port: number; close(): Promise<void> }> {
  const server = createServer(toNodeListener(gateway))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Waits until something holds, or throws with its name: a condition is awaited, no time is measured. */
export async function until(what: string, holds: () => boolean, patience = 3000): Promise<void> {
  const end = Date.now() + patience
  while (!holds()) {
    if (Date.now() > end) throw new Error(`waited in vain for: ${what}`)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** The promise's value, or an error with its name when it takes too long. */
export async function within<T>(what: string, promise: Promise<T>, patience = 3000): Promise<T> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(`waited in vain for: ${what}`)), patience)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}

import type { ServerResponse } from 'node:http'
import type { CreateGatewayOptions, GatewayConfig } from '@ungate/gateway'
import { startUpstream } from './fake-upstream.ts'
import type { Received, Upstream } from './fake-upstream.ts'
import { serve, startGateway } from './gateway-under-test.ts'
import type { GatewayUnderTest } from './gateway-under-test.ts'
import { streamType } from './provider-fixtures.ts'
import type { ProviderSuite } from './provider-fixtures.ts'

/** A provider between a watched gateway and a fake upstream. */
export interface Bench extends GatewayUnderTest {
  readonly upstream: Upstream
  /** What the upstream does with the next requests. */
  handler: (request: Received, response: ServerResponse) => unknown
  /** The body of a call: the suite's request with more members. */
  body(more?: Record<string, unknown>): Record<string, unknown>
  /** Listens on a socket. */
  listen(): Promise<{ port: number }>
}

/** Puts a provider up. The upstream answers with the main fixtures, streamed where the request asks for it. */
export async function startBench(
  suite: ProviderSuite,
  more: { model?: Record<string, unknown>; config?: GatewayConfig; gateway?: CreateGatewayOptions; url?: string } = {},
): Promise<Bench> {
  let handler: Bench['handler'] = (request, response) => answerMain(suite, request, response)
  const upstream = await startUpstream((request, response) => handler(request, response))
  const under = await startGateway(modelConfig(suite, more.url ?? upstream.url, more), more.gateway)
  let listening: Awaited<ReturnType<typeof serve>> | undefined
  return {
    ...under,
    upstream,
    get handler() {
      return handler
    },
    set handler(value) {
      handler = value
    },
    body: (extra = {}) => ({ model: 'under-test', ...suite.main.request, ...extra }),
    listen: async () => (listening ??= await serve(under.gateway)),
    async close() {
      await listening?.close()
      await upstream.close()
      await under.close()
    },
  }
}

/** Runs with a bench, and takes it down whatever happens. */
export async function withBench(
  suite: ProviderSuite,
  more: Parameters<typeof startBench>[1],
  run: (bench: Bench) => Promise<void>,
): Promise<void> {
  const bench = await startBench(suite, more)
  try {
    await run(bench)
  } finally {
    await bench.close()
  }
}

export function modelConfig(
  suite: ProviderSuite,
  url: string,
  more: { model?: Record<string, unknown>; config?: GatewayConfig } = {},
): GatewayConfig {
  const { name } = suite.definition
  const entry = { name: 'under-test', model: `${name}/${suite.model}`, ...suite.options(url), ...more.model }
  return {
    ...more.config,
    models: [entry],
    use: [suite.definition],
    plugins: { retry: { retries: 0 }, ...more.config?.plugins },
  }
}

/** Whether the upstream is asked for a stream: by the body, or by the address where the dialect says it there. */
export function wantsStream(request: Received): boolean {
  return /"stream":\s*true/.test(request.body) || /\bstream/i.test(request.path)
}

export function answerMain(suite: ProviderSuite, request: Received, response: ServerResponse): void {
  if (wantsStream(request)) sendStream(suite, response, suite.main.stream)
  else sendJson(response, suite.main.answer)
}

export function sendJson(response: ServerResponse, value: unknown, status = 200): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(typeof value === 'string' ? value : JSON.stringify(value))
}

export function sendStream(suite: ProviderSuite, response: ServerResponse, stream: string): void {
  response.writeHead(200, { 'content-type': streamType(suite) })
  response.end(stream)
}

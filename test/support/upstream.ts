import { createServer } from 'node:http'
import type { IncomingHttpHeaders, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

/** A request as the upstream received it. */
export interface UpstreamCall {
  readonly method: string
  readonly path: string
  readonly headers: IncomingHttpHeaders
  readonly text: string
  /** The parsed JSON body; `{}` where it is none. */
  readonly body: Record<string, unknown>
  /** Resolves when the connection or the answer has ended; true where the client left before the answer's end. */
  readonly left: Promise<boolean>
}

export type UpstreamHandler = (call: UpstreamCall, response: ServerResponse) => unknown

export interface Upstream {
  /** `http://127.0.0.1:<port>`. */
  readonly url: string
  readonly requests: UpstreamCall[]
  close(): Promise<void>
}

/** A provider on this machine. */
export async function startUpstream(handler: UpstreamHandler): Promise<Upstream> {
  const requests: UpstreamCall[] = []
  const server = createServer((request, response) => {
    const left = new Promise<boolean>((resolve) => response.on('close', () => resolve(!response.writableFinished)))
    let text = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => (text += piece))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const call = { method, path: url, headers, text, body: parse(text), left }
      requests.push(call)
      void handler(call, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Answers with JSON. */
export function sendJson(
  response: ServerResponse,
  body: unknown,
  status = 200,
  headers: Record<string, string> = {},
): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers })
  response.end(JSON.stringify(body))
}

/** Answers with server-sent events: objects as JSON, texts as they are. */
export function sendEvents(response: ServerResponse, events: readonly unknown[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  response.end(events.map(toEvent).join(''))
}

/** One server-sent event. */
export function toEvent(data: unknown): string {
  return `data: ${typeof data === 'string' ? data : JSON.stringify(data)}\n\n`
}

function parse(text: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {}
  } catch {
    return {}
  }
}

import { createServer } from 'node:http'
import type { IncomingMessage, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { Gateway, GatewayConfig, Principal } from '../../src/index.ts'

export type Json = Record<string, unknown>

/** A request as an upstream saw it. */
export interface Seen {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: Json
}

export interface Upstream {
  readonly url: string
  readonly seen: Seen[]
  close(): Promise<void>
}

/** A provider on this machine. The handler answers; returning a value sends it as JSON. */
export async function startUpstream(answer: (seen: Seen, response: ServerResponse) => unknown): Promise<Upstream> {
  const seen: Seen[] = []
  const server = createServer(async (request, response) => {
    let text = ''
    for await (const chunk of request) text += String(chunk)
    const body = text.startsWith('{') ? (JSON.parse(text) as Json) : {}
    const entry = { method: request.method!, path: request.url!, headers: request.headers, body }
    seen.push(entry)
    const value = await answer(entry, response)
    if (value === undefined) return
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(value))
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    seen,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        server.closeAllConnections()
      }),
  }
}

/** Sends an error in OpenAI's shape. */
export function sendError(response: ServerResponse, status: number, error: Json): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error }))
}

export const chatAnswer = {
  id: 'chatcmpl-1',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }],
  usage: { prompt_tokens: 3, completion_tokens: 2, total_tokens: 5 },
}

/** Keys for tests: `Authorization: Bearer <name>` is the principal of that name. */
export function makeKeys(principals: Record<string, Omit<Principal, 'id'>>) {
  return definePlugin({
    name: 'test-keys',
    order: 'pre',
    options: z.object({}),
    setup: () => ({
      auth(ctx) {
        const name = ctx.call.headers.get('authorization')?.slice('Bearer '.length) ?? ''
        const found = principals[name]
        if (found) ctx.principal = { id: name, ...found }
      },
    }),
  })
}

export function start(config: GatewayConfig, env: Record<string, string> = {}): Promise<Gateway> {
  return createGateway(config, { env })
}

/** A GET request in process, with its parsed answer. */
export async function get(
  gateway: Gateway,
  path: string,
  key?: string,
): Promise<{ status: number; body: unknown; headers: Headers }> {
  const headers: Record<string, string> = key === undefined ? {} : { authorization: `Bearer ${key}` }
  const response = await gateway.fetch(`http://gateway${path}`, { headers })
  return { status: response.status, body: await response.json(), headers: response.headers }
}

/** A chat call in process. */
export async function chat(gateway: Gateway, model: string): Promise<number> {
  const response = await gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model, messages: [{ role: 'user', content: 'Hello' }] }),
  })
  await response.text()
  return response.status
}

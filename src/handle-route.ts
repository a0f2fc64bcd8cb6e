import type { H3Event } from 'h3'
import type { Principal } from './types/lifecycle.ts'
import type { RouteDefinition } from './types/plugin.ts'
import type { CompiledLifecycle } from './lifecycle.ts'
import type { NodePair } from './node-types.ts'
import { plainHeaders } from './answer-headers.ts'
import { CallContext, ClientLink } from './context.ts'
import { GatewayError, invalidRequest } from './error.ts'
import { gatewayClosed } from './gateway-closed.ts'
import { checkRequest } from './check-request.ts'
import { runGates } from './lifecycle.ts'
import { parseJsonBody } from './parse-body.ts'
import { readNodeBody, readWebBody } from './read-body.ts'
import type { NodeBody } from './read-body.ts'
import { toErrorAnswer, toResponse } from './respond.ts'

export interface RouteHandlerOptions {
  readonly lifecycle: () => CompiledLifecycle
  readonly limits: { readonly body: number; readonly depth: number }
  readonly closed: () => boolean
  readonly onError: (where: string, error: unknown) => void
}

/** Answers a plugin's route: access checked, body and query checked, errors in OpenAI's dialect. */
export async function handleRoute(
  event: H3Event,
  definition: RouteDefinition,
  options: RouteHandlerOptions,
): Promise<Response> {
  const id = crypto.randomUUID()
  const startedMs = performance.now()
  const node = event.runtime?.node as NodePair | undefined
  try {
    if (options.closed()) throw gatewayClosed()
    const principal = await authorize(event, definition, id, options)
    const query = Object.fromEntries(event.url.searchParams)
    if (definition.query) {
      refuseRepeated(event.url.searchParams, query)
      checkRequest(definition.query, query)
    }
    const body = definition.method === 'GET' ? {} : await readBody(event, definition, options)
    const params = event.context.params ?? {}
    const result = await definition.handler({
      request: event.req,
      url: event.url,
      rest: decode(params['_'] ?? params['0'] ?? ''),
      params,
      body,
      query,
      principal,
    })
    const own = plainHeaders(id, startedMs)
    return result instanceof Response ? withOwn(result, own) : render(result, own, node)
  } catch (error) {
    if (!(error instanceof GatewayError)) options.onError(definition.path.toString(), error)
    const { answer } = toErrorAnswer(error, id)
    return toResponse(answer, { ...answer.headers, ...plainHeaders(id, startedMs) }, node)
  }
}

async function authorize(
  event: H3Event,
  definition: RouteDefinition,
  id: string,
  options: RouteHandlerOptions,
): Promise<Principal | undefined> {
  if (definition.access === 'public') return undefined
  const node = event.runtime?.node as NodePair | undefined
  const call = {
    wire: 'gateway.route',
    method: event.req.method,
    path: event.url.pathname,
    search: event.url.search,
    model: '',
    stream: false,
    body: {},
    raw: '',
    headers: event.req.headers,
  }
  const ctx = new CallContext(id, call, new ClientLink(node?.req.socket?.remoteAddress), [])
  await runGates(options.lifecycle().auth, ctx)
  const { principal } = ctx
  if (definition.access === 'key' || principal?.role === 'admin') return principal
  if (definition.access === 'viewer' && principal?.proxyRole === 'proxy_admin_viewer') return principal
  throw new GatewayError(403, 'This endpoint is for admins: use the master key.', { code: 'admin_only' })
}

/** Of two values one would be passed over without a word: a report of other days than were asked for. */
function refuseRepeated(given: URLSearchParams, query: Readonly<Record<string, string>>): void {
  if (given.size === Object.keys(query).length) return
  for (const name of Object.keys(query)) {
    const count = given.getAll(name).length
    if (count > 1) throw invalidRequest(`\`${name.slice(0, 100)}\` is given ${count} times; it takes one value.`, name)
  }
}

async function readBody(
  event: H3Event,
  definition: RouteDefinition,
  { limits }: RouteHandlerOptions,
): Promise<Record<string, unknown>> {
  const node = event.runtime?.node as NodePair | undefined
  const bytes = node
    ? await readNodeBody(node.req as unknown as NodeBody, limits.body)
    : await readWebBody(event.req, limits.body)
  if (!definition.body) return bytes.length > 0 ? parseJsonBody(bytes, limits.depth).body : {}
  const { body } = parseJsonBody(bytes, limits.depth)
  checkRequest(definition.body, body)
  return body
}

/** A plugin's own Response, which may be one that nobody may change. What it says itself stays. */
function withOwn(response: Response, own: Record<string, string>): Response {
  try {
    return addMissing(response, own)
  } catch {
    const { body, status, statusText } = response
    return addMissing(new Response(body, { status, statusText, headers: new Headers(response.headers) }), own)
  }
}

function addMissing(response: Response, own: Record<string, string>): Response {
  for (const name in own) if (!response.headers.has(name)) response.headers.set(name, own[name]!)
  return response
}

function render(value: unknown, own: Record<string, string>, node: NodePair | undefined): Response {
  const html = typeof value === 'string' && value.startsWith('<')
  const headers = {
    'content-type': html ? 'text/html; charset=utf-8' : 'application/json',
    ...own,
    ...(html ? { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer' } : {}),
  }
  const body = html ? value : JSON.stringify(value ?? null)
  return toResponse({ status: 200, body }, headers, node)
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

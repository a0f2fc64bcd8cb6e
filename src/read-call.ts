import type { H3Event } from 'h3'
import type { HeaderReader } from './types/call.ts'
import type { MatchedEndpoint } from './endpoints.ts'
import type { ScannedCall } from './json-scan.ts'
import type { NodePair } from './node-types.ts'
import { checkRequest } from './check-request.ts'
import { endToEnd } from './end-to-end.ts'
import { GatewayError } from './error.ts'
import { gatewayFields } from './gateway-fields.ts'
import { isJson } from './json-answer.ts'
import { findField } from './multipart.ts'
import { parseJsonBody, wrongContentType } from './parse-body.ts'
import { readNodeBody, readWebBody } from './read-body.ts'
import type { NodeBody } from './read-body.ts'

export interface RequestLimits {
  readonly body: number
  readonly upload: number
  readonly depth: number
}

export interface ReadCall {
  readonly call: ScannedCall
  readonly stripped: readonly string[]
}

const NONE: readonly string[] = []

/** Reads a request into a call: the body once, checked against what the endpoint takes. Throws 4xx. */
export async function readCall(event: H3Event, matched: MatchedEndpoint, limits: RequestLimits): Promise<ReadCall> {
  const headers = headersOf(event)
  const encoding = headers.get('content-encoding')
  if (encoding && encoding !== 'identity') {
    throw new GatewayError(415, 'Compressed request bodies are not supported.', {
      type: 'invalid_request_error',
      code: 'unsupported_media_type',
    })
  }
  return matched.route ? readEndpoint(event, matched, limits) : readPassThrough(event, matched, limits)
}

async function readEndpoint(event: H3Event, matched: MatchedEndpoint, limits: RequestLimits): Promise<ReadCall> {
  const route = matched.route!
  const headers = headersOf(event)
  const type = headers.get('content-type')
  if (type && /^multipart\//i.test(type)) throw wrongContentType(type)
  const { text, body, members, bytes } = parseJsonBody(await readBytes(event, limits.body), limits.depth)
  const model = matched.model ?? body['model']
  if (!route.isPlain?.(body)) checkRequest(route.schema, matched.model === undefined ? body : { ...body, model })
  const stripped = gatewayFields(members)
  return {
    stripped,
    call: {
      wire: route.wire,
      method: 'POST',
      path: route.path,
      search: event.url.search,
      model: typeof model === 'string' ? model : '',
      stream: body['stream'] === true,
      body,
      raw: text,
      headers: endToEnd(headers),
      members,
      bytes,
    },
  }
}

/** Any other path of the API: the bytes as they came; only the model's name is looked for. */
async function readPassThrough(event: H3Event, matched: MatchedEndpoint, limits: RequestLimits): Promise<ReadCall> {
  const { req, url } = event
  const headers = headersOf(event)
  const type = headers.get('content-type') ?? ''
  const json = isJson(type)
  const hasBody = req.method !== 'GET' && req.method !== 'HEAD'
  const bytes = hasBody ? await readBytes(event, json ? limits.body : limits.upload) : new Uint8Array()
  const parsed = json && bytes.length > 0 ? parseJsonBody(bytes, limits.depth) : undefined
  const named = matched.model ?? headers.get('x-litellm-model') ?? url.searchParams.get('model')
  const search = takeModel(url, named !== null && matched.model === undefined)
  const inBody = parsed ? parsed.body['model'] : multipartModel(bytes, type)
  const model = named ?? inBody
  return {
    stripped: parsed ? gatewayFields(parsed.members) : NONE,
    call: {
      wire: 'openai.*',
      method: req.method,
      path: matched.path,
      search,
      model: typeof model === 'string' ? model : '',
      stream: parsed?.body['stream'] === true,
      body: parsed?.body ?? {},
      raw: parsed?.text ?? bytes,
      headers: endToEnd(headers),
      ...(parsed ? { members: parsed.members, bytes: parsed.bytes } : {}),
    },
  }
}

function readBytes(event: H3Event, limit: number): Promise<Uint8Array> {
  const node = event.runtime?.node as NodePair | undefined
  return node ? readNodeBody(node.req as unknown as NodeBody, limit) : readWebBody(event.req, limit)
}

/**
 * Node's own header object, where there is one: a lookup instead of a web `Headers` method, some twenty times a call.
 * Node has joined or dropped repeated headers by then (http.IncomingMessage, `message.headers`).
 */
export function headersOf(event: H3Event): HeaderReader {
  const node = event.runtime?.node as NodePair | undefined
  if (!node) return event.req.headers
  const headers = node.req.headers as Record<string, string | string[] | undefined>
  return {
    get(name) {
      const value = headers[name]
      return typeof value === 'string' ? value : Array.isArray(value) ? value.join(', ') : null
    },
  }
}

/** `?model=` speaks to the gateway and is not sent on. */
function takeModel(url: URL, taken: boolean): string {
  if (!taken || !url.searchParams.has('model')) return url.search
  const rest = new URLSearchParams(url.search)
  rest.delete('model')
  const text = rest.toString()
  return text ? `?${text}` : ''
}

function multipartModel(bytes: Uint8Array, type: string): string | undefined {
  return /^multipart\/form-data/i.test(type) ? findField(bytes, type, 'model')?.value : undefined
}

/** Header access for calls that are made in process. */
export function toHeaderReader(headers: Record<string, string> = {}): HeaderReader {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return { get: (name) => lower.get(name) ?? null }
}

import type { H3Event } from 'h3'
import type { Awaitable, Call, HeaderReader } from './types/call.ts'
import type { MatchedEndpoint } from './endpoints.ts'
import type { ScannedCall } from './json-scan.ts'
import type { NodePair } from './node-types.ts'
import { checkRequest } from './check-request.ts'
import { decodeText } from './decode-text.ts'
import { endToEnd } from './end-to-end.ts'
import { GatewayError } from './error.ts'
import { formFields, isUrlEncoded } from './form.ts'
import { checkGatewayFields, gatewayFields } from './gateway-fields.ts'
import { isJson } from './json-answer.ts'
import { readJsonBody, wrongContentType } from './parse-body.ts'
import type { LongBody } from './parse-body.ts'
import { bodyTooLarge, readNodeBody, readWebBody } from './read-body.ts'
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
const OPEN = 0x7b
const LINE_FEED = 0x0a
/** Blanks of JSON (RFC 8259 §2). */
const BLANKS = new Set([0x20, 0x09, 0x0a, 0x0d])

/** Where a call is read from. */
export interface CallSource {
  readonly method: string
  readonly headers: HeaderReader
  /** The query, with its `?`; empty where there is none. */
  readonly search: string
  /** The body, once; 413 where it is longer than the limit. */
  bytes(limit: number): Awaitable<Uint8Array>
}

/** An h3 event as a source, on Node and elsewhere. */
export function sourceOf(event: H3Event): CallSource {
  return {
    method: event.req.method,
    headers: headersOf(event),
    search: event.url.search,
    bytes: (limit) => readBytes(event, limit),
  }
}

/** A request whose body is there. */
export class WholeSource implements CallSource {
  readonly method = 'POST'
  readonly search = ''
  readonly headers: HeaderReader
  readonly #body: Uint8Array

  constructor(request: { readonly headers: HeaderReader; readonly body: Uint8Array }) {
    this.headers = request.headers
    this.#body = request.body
  }

  bytes(limit: number): Uint8Array {
    if (this.#body.length > limit) throw bodyTooLarge(limit)
    return this.#body
  }
}

/** Reads a request into a call: the body once, checked against what the endpoint takes. Throws 4xx. */
export function readCall(source: CallSource, matched: MatchedEndpoint, limits: RequestLimits): Promise<ReadCall> {
  const encoding = source.headers.get('content-encoding')
  if (encoding && encoding !== 'identity') {
    throw new GatewayError(415, 'Compressed request bodies are not supported.', {
      type: 'invalid_request_error',
      code: 'unsupported_media_type',
    })
  }
  return matched.route ? readEndpoint(source, matched, limits) : readPassThrough(source, matched, limits)
}

async function readEndpoint(source: CallSource, matched: MatchedEndpoint, limits: RequestLimits): Promise<ReadCall> {
  const route = matched.route!
  const { headers } = source
  const type = headers.get('content-type')
  if (type && /^multipart\//i.test(type)) throw wrongContentType(type)
  const given = source.bytes(limits.body)
  const parsed = readJsonBody(given instanceof Uint8Array ? given : await given, limits.depth, route.isPlain)
  const { body, members } = parsed
  const model = matched.model ?? body['model']
  if (!parsed.plain) checkRequest(route.schema, matched.model === undefined ? body : { ...body, model })
  const stripped = gatewayFields(members)
  checkGatewayFields(stripped, body)
  return {
    stripped,
    call: toCall(parsed, {
      wire: route.wire,
      method: 'POST',
      path: route.path,
      search: source.search,
      model: typeof model === 'string' ? model : '',
      stream: body['stream'] === true,
      headers: endToEnd(headers),
    }),
  }
}

/** The text of a long body, decoded when it is asked for. One function for all calls: they keep one shape. */
const rawWhenAsked: PropertyDescriptor & ThisType<ScannedCall & { text: string | undefined }> = {
  get() {
    return (this.text ??= decodeText(this.bytes!))
  },
  enumerable: true,
}

function toCall(parsed: LongBody, rest: Omit<Call, 'body' | 'raw'>): ScannedCall {
  const { body, members, inBytes, bytes, text } = parsed
  const { wire, method, path, search, model, stream, headers } = rest
  if (text !== undefined) {
    return { wire, method, path, search, model, stream, body, raw: text, headers, members, inBytes, bytes }
  }
  const call = { wire, method, path, search, model, stream, body, text, headers, members, inBytes, bytes }
  return Object.defineProperty(call, 'raw', rawWhenAsked) as unknown as ScannedCall
}

/** Any other path of the API: the bytes as they came; only the names of the model and the end user are looked for. */
async function readPassThrough(source: CallSource, matched: MatchedEndpoint, limits: RequestLimits): Promise<ReadCall> {
  const { method, headers } = source
  const type = headers.get('content-type') ?? ''
  const declared = isJson(type)
  const hasBody = method !== 'GET' && method !== 'HEAD'
  const isText = declared || isUrlEncoded(type)
  const bytes = hasBody ? await source.bytes(isText ? limits.body : limits.upload) : new Uint8Array()
  // Many servers read JSON whatever its type says: the model in it must be the one that is checked.
  const json = declared || isOneObject(bytes)
  if (json && bytes.length > limits.body) throw bodyTooLarge(limits.body)
  const parsed = json && bytes.length > 0 ? readJsonBody(bytes, limits.depth) : undefined
  const query = source.search ? new URLSearchParams(source.search) : undefined
  const named = matched.model ?? headers.get('x-litellm-model') ?? query?.get('model') ?? null
  const search = named === null ? source.search : withoutModel(source.search, query)
  const body: Readonly<Record<string, unknown>> = parsed?.body ?? formFields(bytes, type, ['model', 'user'])
  const inBody = body['model']
  const model = named ?? inBody
  const rest = {
    wire: 'openai.*',
    method,
    path: matched.path,
    search,
    model: typeof model === 'string' ? model : '',
    stream: parsed?.body['stream'] === true,
    headers: endToEnd(headers),
  }
  return {
    stripped: parsed ? gatewayFields(parsed.members) : NONE,
    call: parsed ? toCall(parsed, rest) : { ...rest, body, raw: bytes },
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

/** `?model=` speaks to the gateway and is not sent on: beside a path or a header that names a model it would be another. */
function withoutModel(search: string, query: URLSearchParams | undefined): string {
  if (!query?.has('model')) return search
  query.delete('model')
  const text = query.toString()
  return text ? `?${text}` : ''
}

/** Whether bytes begin as an object does in JSON, and are not several, each on its line: nobody takes these for one. */
function isOneObject(bytes: Uint8Array): boolean {
  const start = skipBlanks(bytes, markLength(bytes))
  if (bytes[start] !== OPEN) return isWideObject(bytes)
  const end = bytes.indexOf(LINE_FEED, start)
  if (end < 0 || skipBlanks(bytes, end) === bytes.length) return true
  try {
    JSON.parse(decodeText(bytes.subarray(start, end)))
    return false
  } catch {
    return true
  }
}

/** The length of UTF-8's byte order mark, where bytes begin with it. */
function markLength(bytes: Uint8Array): number {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? 3 : 0
}

/** Whether bytes begin as an object does in UTF-16 or UTF-32, which Python's `json.loads` finds out by itself. */
function isWideObject(bytes: Uint8Array): boolean {
  let at = 0
  while (bytes[at] === 0 || bytes[at] === 0xfe || bytes[at] === 0xff || BLANKS.has(bytes[at]!)) at++
  return bytes[at] === OPEN && (bytes[at + 1] === 0 || bytes[at - 1] === 0)
}

function skipBlanks(bytes: Uint8Array, from: number): number {
  let at = from
  while (BLANKS.has(bytes[at]!)) at++
  return at
}

/** Header access for calls that are made in process. */
export function toHeaderReader(headers: Record<string, string> = {}): HeaderReader {
  const lower = new Map(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]))
  return { get: (name) => lower.get(name) ?? null }
}

import type { UpstreamBody, UpstreamRequest } from '../../types/provider.ts'
import { isHeaderValue, TOKEN } from '../../header-rules.ts'
import { isWhole, sizeOf } from './write-request.ts'

/** Where a URL leads: parsed once for each. */
export interface Origin {
  /** `https://api.openai.com` */
  readonly key: string
  readonly tls: boolean
  /** Without the brackets of an IPv6 address. */
  readonly hostname: string
  readonly port: number
}

export interface Place {
  readonly origin: Origin
  /** The `Host` header. */
  readonly host: string
  /** Path and query. */
  readonly path: string
}

const places = new Map<string, Place>()

/** Deployments call few URLs. */
export function placeOf(url: string): Place {
  let place = places.get(url)
  if (!place) {
    const { protocol, hostname, port, host, origin, pathname, search } = new URL(url)
    if (protocol !== 'http:' && protocol !== 'https:') throw new TypeError(`${protocol} is not http: or https:`)
    const tls = protocol === 'https:'
    place = {
      origin: {
        key: origin,
        tls,
        hostname: hostname.startsWith('[') ? hostname.slice(1, -1) : hostname,
        port: port === '' ? (tls ? 443 : 80) : Number(port),
      },
      host,
      path: pathname + search,
    }
    if (places.size >= 1000) places.clear()
    places.set(url, place)
  }
  return place
}

/** What the transport itself says: how the body is framed, and what becomes of the connection (RFC 9110 §7.6.1). */
const FRAMING = new Set(['content-length', 'transfer-encoding', 'connection', 'keep-alive', 'upgrade', 'te', 'expect'])
/** Without it a server may compress (RFC 9110 §12.5.3), which costs both sides more than it saves. */
const UNCODED = 'accept-encoding: identity\r\n'
type Role = 'field' | 'host' | 'framing' | 'coding'
/** Header names as they are given: looked at once each. */
const roles = new Map<string, Role>()

/** Everything before the body. Throws a TypeError where a header could not be written. */
export function requestHead(request: UpstreamRequest, { host, path }: Place): string {
  const { body, headers } = request
  const method = request.method ?? 'POST'
  if (!TOKEN.test(method)) throw new TypeError(`${method} is not an HTTP method`)
  let head = `${method} ${path} HTTP/1.1\r\n`
  let hosted = false
  let coded = false
  for (const name in headers) {
    const value = String(headers[name])
    const role = roles.get(name) ?? roleOf(name)
    if (!isHeaderValue(value)) throw new TypeError(`the header ${name} holds what no header can`)
    // Two `Host` lines would name two servers.
    if (role === 'framing' || (role === 'host' && hosted)) continue
    hosted ||= role === 'host'
    coded ||= role === 'coding'
    head += `${name}: ${value}\r\n`
  }
  if (!hosted) head += `host: ${host}\r\n`
  return `${head}${framing(method, body)}${coded ? '' : UNCODED}connection: keep-alive\r\n\r\n`
}

function roleOf(name: string): Role {
  if (!TOKEN.test(name)) throw new TypeError(`${JSON.stringify(name)} is not a header's name`)
  const lower = name.toLowerCase()
  const role = FRAMING.has(lower)
    ? 'framing'
    : lower === 'host'
      ? 'host'
      : lower === 'accept-encoding'
        ? 'coding'
        : 'field'
  if (roles.size < 1000) roles.set(name, role)
  return role
}

function framing(method: string, body: UpstreamBody | undefined): string {
  if (body === undefined)
    return method === 'GET' || method === 'HEAD' || method === 'DELETE' ? '' : 'content-length: 0\r\n'
  return isWhole(body) ? `content-length: ${sizeOf(body)}\r\n` : 'transfer-encoding: chunked\r\n'
}

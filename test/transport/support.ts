import { createServer } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { createServer as createTlsServer } from 'node:tls'
import type { TlsOptions } from 'node:tls'
import { afterEach, beforeEach } from 'vitest'
import { createHttpTransport } from '../../src/transport/http/transport.ts'
import type { UpstreamRequest } from '../../src/types/provider.ts'
import type { ResponseHeaders, Transport, TransportControl, TransportTimeouts } from '../../src/transport/types.ts'
import { within } from '../suites/gateway-under-test.ts'

/** One request as it came over the wire. */
export interface WireRequest {
  /** Request line and headers, without the empty line. */
  readonly head: string
  /** The payload: chunks are joined. */
  readonly body: Buffer
  readonly path: string
}

/** One accepted connection. */
export interface Peer {
  readonly socket: Socket
  /** Counted from 0. */
  readonly number: number
  /** Whole requests that came over it. */
  readonly requests: WireRequest[]
  /** Bytes that came. */
  size: number
  /** Everything that came, put together. */
  received(): Buffer
  closed: boolean
}

export interface Upstream {
  readonly port: number
  readonly url: string
  readonly peers: Peer[]
  /** Requests of all connections, as they came. */
  readonly requests: WireRequest[]
  close(): Promise<void>
}

export type OnRequest = (peer: Peer, request: WireRequest) => void

interface UpstreamOptions {
  onRequest?: OnRequest
  onConnect?: (peer: Peer) => void
  tls?: TlsOptions
  host?: string
  port?: number
}

/** A server that writes what a test tells it to, and nothing else. */
export async function startUpstream(options: UpstreamOptions | OnRequest = {}): Promise<Upstream> {
  const {
    onRequest,
    onConnect,
    tls,
    host,
    port: wanted,
  } = typeof options === 'function' ? { onRequest: options } : options
  const peers: Peer[] = []
  const requests: WireRequest[] = []
  const accept = (socket: Socket) => {
    const parts: Buffer[] = []
    const peer: Peer = {
      socket,
      number: peers.length,
      requests: [],
      closed: false,
      size: 0,
      received: () => Buffer.concat(parts),
    }
    peers.push(peer)
    socket.on('error', () => {})
    socket.on('close', () => (peer.closed = true))
    let unread: Buffer[] = []
    let size = 0
    /** What there must be before it is worth looking again: long bodies are put together once. */
    let wanted = 0
    socket.on('data', (bytes: Buffer) => {
      parts.push(bytes)
      peer.size += bytes.length
      unread.push(bytes)
      size += bytes.length
      while (size > 0 && (wanted === LAST_CHUNK ? isLast(unread) : size >= wanted)) {
        const all = Buffer.concat(unread)
        const found = readRequest(all)
        unread = [all.subarray(found.request ? found.size : 0)]
        size = unread[0]!.length
        wanted = found.request ? 0 : found.size
        if (!found.request) break
        peer.requests.push(found.request)
        requests.push(found.request)
        onRequest?.(peer, found.request)
      }
    })
    onConnect?.(peer)
  }
  const server = tls ? createTlsServer(tls, accept) : createServer({ noDelay: true }, accept)
  server.on('tlsClientError', () => {})
  await new Promise<void>((resolve, reject) =>
    server.once('error', reject).listen(wanted ?? 0, host ?? '127.0.0.1', resolve),
  )
  const { port } = server.address() as AddressInfo
  return {
    port,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${port}/`,
    peers,
    requests,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve())
        for (const { socket } of peers) socket.destroy()
      }),
  }
}

/** Instead of a size: more is worth a look when it ends as a body in chunks does. */
const LAST_CHUNK = -1

function isLast(parts: readonly Buffer[]): boolean {
  return Buffer.concat(parts.slice(-5)).subarray(-5).toString('latin1') === '0\r\n\r\n'
}

/** The first request and its size, or the size at which there may be one. */
function readRequest(bytes: Buffer): { request?: WireRequest; size: number } {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return { size: bytes.length + 1 }
  const head = bytes.toString('latin1', 0, end)
  const path = head.split(' ')[1] ?? ''
  const start = end + 4
  if (/^transfer-encoding: chunked$/im.test(head)) {
    const pieces: Buffer[] = []
    for (let at = start; ;) {
      const lineEnd = bytes.indexOf('\r\n', at)
      if (lineEnd < 0) return { size: LAST_CHUNK }
      const size = Number.parseInt(bytes.toString('latin1', at, lineEnd), 16)
      at = lineEnd + 2
      if (bytes.length < at + size + 2) return { size: LAST_CHUNK }
      pieces.push(bytes.subarray(at, at + size))
      at += size + 2
      if (size === 0) return { request: { head, path, body: Buffer.concat(pieces) }, size: at }
    }
  }
  const size = start + Number(/^content-length: (\d+)$/im.exec(head)?.[1] ?? 0)
  if (bytes.length < size) return { size }
  return { request: { head, path, body: bytes.subarray(start, size) }, size }
}

/** What was reported of one exchange. */
export interface Seen {
  /** Consecutive `data` are one. */
  readonly events: string[]
  readonly pieces: Uint8Array[]
  status: number
  headers: ResponseHeaders
  error: unknown
  /** Ended, in either way. */
  over: boolean
  control: TransportControl
  body(): Buffer
  size(): number
  code(): unknown
  /** Resolves with itself when it is over, be it by an error. */
  readonly done: Promise<Seen>
}

export interface CallOptions {
  transport: Transport
  url: string
  request?: Partial<UpstreamRequest>
  timeouts?: Partial<TransportTimeouts>
  /** Called at each event, after it was written down. */
  on?: (event: 'start' | 'headers' | 'data' | 'end' | 'error', seen: Seen) => void
}

/** Asks, and keeps all that is reported. */
export function call({ transport, url, request, timeouts, on }: CallOptions): Seen {
  let finish: (seen: Seen) => void
  const seen: Seen = {
    events: [],
    pieces: [],
    status: 0,
    headers: {},
    error: undefined,
    over: false,
    control: undefined as never,
    body: () => Buffer.concat(seen.pieces),
    size: () => seen.pieces.reduce((sum, piece) => sum + piece.length, 0),
    code: () => (seen.error as { code?: unknown } | undefined)?.code,
    done: new Promise<Seen>((resolve) => (finish = resolve)),
  }
  const note = (event: 'start' | 'headers' | 'data' | 'end' | 'error') => {
    if (event !== 'data' || seen.events.at(-1) !== 'data') seen.events.push(event)
    if (event === 'end' || event === 'error') {
      seen.over = true
      finish(seen)
    }
    on?.(event, seen)
  }
  transport.dispatch(
    { url, headers: {}, ...request },
    {
      start(control) {
        seen.control = control
        note('start')
      },
      headers(status, headers) {
        seen.status = status
        seen.headers = headers
        note('headers')
      },
      data(chunk) {
        seen.pieces.push(chunk)
        note('data')
      },
      end: () => note('end'),
      error(error) {
        seen.error = error
        note('error')
      },
    },
    { headers: 10_000, idle: 10_000, ...timeouts },
  )
  return seen
}

/** An answer with a length. */
export function whole(body: string | Uint8Array, headers = ''): Buffer {
  const bytes = Buffer.from(body as string)
  return Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\n${headers}content-length: ${bytes.length}\r\n\r\n`, 'latin1'),
    bytes,
  ])
}

export const CHUNKED_HEAD = 'HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n'

/** One chunk of a body. */
export function chunk(body: string | Uint8Array): Buffer {
  const bytes = Buffer.from(body as string)
  return Buffer.concat([Buffer.from(`${bytes.length.toString(16)}\r\n`), bytes, Buffer.from('\r\n')])
}

/** Turns of the event loop, so that what is on its way arrives. */
export async function turns(ms = 50): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, ms))
}

/** Within a test file: an upstream and a transport of its own for each test. Asked, the upstream does nothing until told. */
export function upstreamForEach(): { transport: Transport; upstream: Upstream; onRequest: OnRequest } {
  const bench = {} as ReturnType<typeof upstreamForEach>
  beforeEach(async () => {
    bench.onRequest = () => {}
    bench.upstream = await startUpstream({ onRequest: (peer, request) => bench.onRequest(peer, request) })
    bench.transport = createHttpTransport()
  })
  afterEach(async () => {
    await bench.upstream.close()
    await within('the close', bench.transport.close())
  })
  return bench
}

import { connect } from 'node:net'

/** An answer as its bytes say it. */
export interface RawAnswer {
  readonly status: number
  readonly reason: string
  /** Lower-case names; several of one name joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** All bytes received, further answers on the same connection included. */
  readonly text: string
}

export interface RawRequest {
  port: number
  /** The bytes of the request: texts are sent as Latin-1, so that every byte can be written down. */
  send: string | Uint8Array | readonly (string | Uint8Array)[]
  /** Closes the sending side after the last byte. */
  half?: boolean
  /** Waits for the server's close instead of the end of the first answer. */
  untilClose?: boolean
  /** Milliseconds between the pieces of `send`. */
  pause?: number
}

/** Sends bytes over a socket of its own and reads the answer. Rejects when the server closes without one. */
export function sendRaw({ port, send, half, untilClose, pause = 0 }: RawRequest): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1')
    let received = Buffer.alloc(0)
    const patience = setTimeout(
      () => finish(new Error(`no whole answer; got: ${received.toString().slice(0, 300)}`)),
      8000,
    )
    const finish = (error?: Error) => {
      clearTimeout(patience)
      socket.destroy()
      const answer = parse(received)
      if (answer) resolve(answer)
      else reject(error ?? new Error(`closed without an answer; got: ${received.toString().slice(0, 300)}`))
    }
    socket.on('data', (chunk) => {
      received = Buffer.concat([received, chunk])
      if (!untilClose && isWhole(received)) finish()
    })
    socket.on('close', () => finish())
    socket.on('error', (error) => finish(error))
    socket.on('connect', () => void write())

    const write = async () => {
      for (const piece of typeof send === 'string' || send instanceof Uint8Array ? [send] : send) {
        if (socket.destroyed || socket.writableEnded) return
        const room = socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
        if (!room) await new Promise<void>((go) => socket.once('drain', go).once('close', go))
        if (pause > 0) await new Promise((go) => setTimeout(go, pause))
      }
      if (half) socket.end()
    }
  })
}

/** The head of a POST with a JSON body, as a text for {@link sendRaw}. */
export function postHead(path: string, headers: Readonly<Record<string, string | number>>): string {
  const lines = Object.entries({ host: '127.0.0.1', ...headers }).map(([name, value]) => `${name}: ${value}\r\n`)
  return `POST ${path} HTTP/1.1\r\n${lines.join('')}\r\n`
}

/** Sends a JSON body, given as text or bytes, as it is. */
export function postRaw(
  port: number,
  body: string | Uint8Array,
  { path = '/v1/chat/completions', headers = {} }: { path?: string; headers?: Record<string, string> } = {},
): Promise<RawAnswer> {
  const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
  const head = postHead(path, { 'content-type': 'application/json', 'content-length': bytes.length, ...headers })
  return sendRaw({ port, send: [head, bytes] })
}

/** The `error` of an answer in OpenAI's form. */
export function errorOf(answer: RawAnswer): {
  message: string
  type: string
  code: string | null
  param: string | null
} {
  return (JSON.parse(answer.body) as { error: ReturnType<typeof errorOf> }).error
}

function isWhole(received: Buffer): boolean {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return false
  const head = received.subarray(0, end).toString('latin1')
  const length = /\r\ncontent-length: (\d+)/i.exec(head)
  if (length) return received.length >= end + 4 + Number(length[1])
  return /\r\ntransfer-encoding: chunked/i.test(head) && received.subarray(-5).toString() === '0\r\n\r\n'
}

function parse(received: Buffer): RawAnswer | undefined {
  const end = received.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const [first = '', ...lines] = received.subarray(0, end).toString('latin1').split('\r\n')
  const [, status, reason = ''] = /^HTTP\/1\.[01] (\d{3}) ?(.*)$/.exec(first) ?? []
  if (status === undefined) return undefined
  const headers = toHeaders(lines)
  const rest = received.subarray(end + 4)
  const length = Number(headers['content-length'] ?? rest.length)
  const body = headers['transfer-encoding'] === 'chunked' ? dechunk(rest) : rest.subarray(0, length).toString()
  return { status: Number(status), reason, headers, body, text: received.toString() }
}

/** Header lines as a map: lower-case names; several of one name joined with `, `. */
export function toHeaders(lines: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const at = line.indexOf(':')
    const name = line.slice(0, at).toLowerCase()
    const value = line.slice(at + 1).trim()
    headers[name] = headers[name] === undefined ? value : `${headers[name]}, ${value}`
  }
  return headers
}

function dechunk(bytes: Buffer): string {
  let out = ''
  for (let at = 0; at < bytes.length;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    const size = Number.parseInt(bytes.subarray(at, lineEnd).toString(), 16)
    if (!(size > 0)) break
    out += bytes.subarray(lineEnd + 2, lineEnd + 2 + size).toString()
    at = lineEnd + 2 + size + 2
  }
  return out
}

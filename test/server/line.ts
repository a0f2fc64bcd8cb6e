import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { within } from '../suites/gateway-under-test.ts'
import { toHeaders } from '../support/raw.ts'

/** One of the answers on a connection. */
export interface LineAnswer {
  readonly status: number
  /** Lower-case names; several of one name joined with `, `. */
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
  /** Of a body in chunks: their sizes. */
  readonly chunks: readonly number[]
  /** As it came, line by line. */
  readonly head: string
  /** Answered without node:http, which writes `Date` with a capital. */
  readonly direct: boolean
}

/** A client's connection: bytes out, whole answers in, in order. */
export interface Line {
  readonly socket: Socket
  send(...pieces: readonly (string | Uint8Array)[]): void
  /** The next whole answer. */
  answer(): Promise<LineAnswer>
  /** What has come and is no whole answer yet. */
  rest(): string
  /** Resolves when the server has ended its side, or cut the connection. */
  readonly ended: Promise<void>
  leave(): void
}

export function openLine(port: number): Line {
  const socket = connect(port, '127.0.0.1')
  let received = Buffer.alloc(0)
  let look = () => {}
  let over = false
  socket.on('error', () => {})
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    look()
  })
  const ended = new Promise<void>((resolve) => {
    const end = () => {
      over = true
      resolve()
      look()
    }
    socket.on('end', end).on('close', end)
  })
  const next = () =>
    new Promise<LineAnswer>((resolve, reject) => {
      look = () => {
        const found = takeAnswer(received)
        if (found) {
          received = received.subarray(found.size)
          // 100 Continue is not the answer yet.
          if (found.answer.status < 200) return look()
          look = () => {}
          resolve(found.answer)
        } else if (over)
          reject(new Error(`closed without an answer; got: ${received.toString('latin1').slice(0, 300)}`))
      }
      look()
    })
  return {
    socket,
    send(...pieces) {
      for (const piece of pieces) socket.write(typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece)
    },
    answer: () => within('an answer', next(), 10_000),
    rest: () => received.toString('latin1'),
    ended,
    leave: () => void socket.destroy(),
  }
}

/** Whole requests, one after the other: each is sent when the one before is answered. */
export async function inTurn(line: Line, requests: readonly string[]): Promise<LineAnswer[]> {
  const answers: LineAnswer[] = []
  for (const request of requests) {
    line.send(request)
    answers.push(await line.answer())
  }
  return answers
}

function takeAnswer(bytes: Buffer): { answer: LineAnswer; size: number } | undefined {
  const end = bytes.indexOf('\r\n\r\n')
  if (end < 0) return undefined
  const head = bytes.toString('latin1', 0, end)
  const [first = '', ...lines] = head.split('\r\n')
  const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(first)?.[1])
  if (!(status >= 100)) throw new Error(`no answer: ${JSON.stringify(head.slice(0, 300))}`)
  const headers = toHeaders(lines)
  const body = takeBody(bytes, end + 4, { status, headers })
  if (!body) return undefined
  const { text, chunks, size } = body
  return {
    answer: { status, headers, body: text, chunks, head, direct: lines.some((line) => line.startsWith('date:')) },
    size,
  }
}

function takeBody(
  bytes: Buffer,
  start: number,
  { status, headers }: { status: number; headers: Record<string, string> },
): { text: string; chunks: number[]; size: number } | undefined {
  const chunks: number[] = []
  if (status < 200 || status === 204 || status === 304) return { text: '', chunks, size: start }
  if (headers['transfer-encoding'] !== 'chunked') {
    const size = start + Number(headers['content-length'])
    return bytes.length < size ? undefined : { text: bytes.toString('utf8', start, size), chunks, size }
  }
  const parts: Buffer[] = []
  for (let at = start; ;) {
    const lineEnd = bytes.indexOf('\r\n', at)
    if (lineEnd < 0) return undefined
    const line = bytes.toString('latin1', at, lineEnd)
    if (!/^[\da-f]+$/i.test(line)) throw new Error(`no chunk size: ${JSON.stringify(line.slice(0, 100))}`)
    const size = Number.parseInt(line, 16)
    const stop = lineEnd + 2 + size + 2
    if (bytes.length < stop) return undefined
    if (bytes.toString('latin1', stop - 2, stop) !== '\r\n') throw new Error('a chunk longer than its size')
    if (size === 0) return { text: Buffer.concat(parts).toString(), chunks, size: stop }
    chunks.push(size)
    parts.push(bytes.subarray(lineEnd + 2, stop - 2))
    at = stop
  }
}

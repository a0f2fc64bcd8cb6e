import type { Socket } from 'node:net'
import { isHeaderValue, TOKEN } from '../../header-rules.ts'
import { allocateMemory } from '../../write-memory.ts'

/** What is longer is written as it is: there the head is the smaller part. */
const LONGEST = 64 * 1024
const HEAD = 16 * 1024
/** A chunk's size and its line ends, with those of the last chunk. */
const FRAME = 32
const LAST_CHUNK = '0\r\n\r\n'
/** Where answers are put together. The kernel takes most of them at once; where it does not, there is another. */
let memory = allocateMemory(LONGEST + HEAD)

/** An answer of known length: head and body are one write. */
export function writeWhole(socket: Socket, head: string, body: string | Uint8Array): void {
  if (head.length > HEAD || (typeof body === 'string' ? Buffer.byteLength(body) : body.length) > LONGEST) {
    socket.cork()
    socket.write(head, 'latin1')
    socket.write(body)
    socket.uncork()
    return
  }
  let end = memory.latin1Write(head, 0)
  if (typeof body === 'string') end += memory.utf8Write(body, end)
  else {
    memory.set(body, end)
    end += body.length
  }
  writeMemory(socket, end)
}

/** Parts of an answer as one chunk (RFC 9112 §7.1), behind its head and before its end where it is the first or the last. */
export function writeChunk(socket: Socket, head: string, pieces: readonly Uint8Array[], last: boolean): void {
  let size = 0
  for (const piece of pieces) size += piece.length
  if (size > LONGEST || head.length > HEAD - FRAME) return writeLongChunk(socket, head, pieces, last)
  let end = memory.latin1Write(head, 0)
  // A chunk of no bytes would be the last one.
  if (size > 0) {
    end += memory.latin1Write(`${size.toString(16)}\r\n`, end)
    for (const piece of pieces) {
      memory.set(piece, end)
      end += piece.length
    }
    end += memory.latin1Write('\r\n', end)
  }
  if (last) end += memory.latin1Write(LAST_CHUNK, end)
  if (end > 0) writeMemory(socket, end)
}

function writeLongChunk(socket: Socket, head: string, pieces: readonly Uint8Array[], last: boolean): void {
  socket.cork()
  if (head) socket.write(head, 'latin1')
  for (const piece of pieces) {
    if (piece.length === 0) continue
    socket.write(`${piece.length.toString(16)}\r\n`, 'latin1')
    socket.write(piece)
    socket.write('\r\n', 'latin1')
  }
  if (last) socket.write(LAST_CHUNK, 'latin1')
  socket.uncork()
}

function writeMemory(socket: Socket, end: number): void {
  socket.write(memory.subarray(0, end))
  if (socket.writableLength > 0) memory = allocateMemory(LONGEST + HEAD)
}

export interface HeadParts {
  readonly status: number
  readonly reason: string
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>
  /** These go before headers of the same name. */
  readonly callHeaders: Readonly<Record<string, string>>
  /** Bytes of the body, or that it comes in chunks, or that this status has none. */
  readonly body: number | 'chunked' | 'none'
  /** Seconds for which the connection stays open; 0: it is closed behind this answer. */
  readonly keepAlive: number
}

/** The head. Throws where a header could not be written as one line. */
export function writeHead({ status, reason, headers, callHeaders, body, keepAlive }: HeadParts): string {
  let head = `HTTP/1.1 ${status} ${reason}`
  let dated = false
  for (const name in headers) {
    if (typeof callHeaders[name] === 'string') continue
    const line = lineOf(name, headers[name]!)
    if (name === 'date') dated = true
    if (line !== '') head = head + line + headers[name]
  }
  for (const name in callHeaders) {
    const line = lineOf(name, callHeaders[name]!)
    if (name === 'date') dated = true
    if (line !== '') head = head + line + callHeaders[name]
  }
  if (body === 'chunked') head += '\r\ntransfer-encoding: chunked'
  else if (body !== 'none') head = head + '\r\ncontent-length: ' + body
  if (!dated) head += dateLine()
  return keepAlive > 0
    ? `${head}\r\nconnection: keep-alive\r\nkeep-alive: timeout=${keepAlive}\r\n\r\n`
    : `${head}\r\nconnection: close\r\n\r\n`
}

/** What is said here alone. */
const FRAMING = ['content-length', 'connection', 'transfer-encoding', 'keep-alive', 'trailer']

/** How the lines of good names begin. Answers have few different ones. */
const lines = new Map<string, string>(FRAMING.map((name) => [name, '']))

/** How a header's line begins; empty where it has none. */
function lineOf(name: string, value: string): string {
  let line = lines.get(name)
  if (line === undefined && TOKEN.test(name)) {
    line = `\r\n${name}: `
    if (lines.size < 1000) lines.set(name, line)
  }
  if (line === undefined || !isHeaderValue(value)) {
    throw new Error(`the header ${JSON.stringify(name.slice(0, 100))} holds what no header may (RFC 9110 §5.5)`)
  }
  return line
}

let date = ''
let dateSecond = 0

function dateLine(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    date = `\r\ndate: ${new Date(second * 1000).toUTCString()}`
  }
  return date
}

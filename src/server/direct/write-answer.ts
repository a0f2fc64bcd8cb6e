import type { Socket } from 'node:net'
import { checkStatus, lineOf } from '../../answer-rules.ts'
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

/** The head. Throws where it could not be written as one: a header of two lines, a status that is none of an answer. */
export function writeHead({ status, reason, headers, callHeaders, body, keepAlive }: HeadParts): string {
  checkStatus(status)
  let head = `HTTP/1.1 ${status} ${reason}`
  let dated = false
  for (const name in headers) {
    if (typeof callHeaders[name] === 'string') continue
    const value = headers[name]!
    const line = lineOf(name, value)
    if (line !== '') head = head + line + value
    if (name === 'date') dated = true
  }
  for (const name in callHeaders) {
    const value = callHeaders[name]!
    const line = lineOf(name, value)
    if (line !== '') head = head + line + value
    if (name === 'date') dated = true
  }
  if (body === 'chunked') head += '\r\ntransfer-encoding: chunked'
  else if (body !== 'none') head = head + '\r\ncontent-length: ' + body
  if (!dated) head += dateLine()
  return keepAlive > 0
    ? `${head}\r\nconnection: keep-alive\r\nkeep-alive: timeout=${keepAlive}\r\n\r\n`
    : `${head}\r\nconnection: close\r\n\r\n`
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

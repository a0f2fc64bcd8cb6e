import { ServerResponse } from 'node:http'
import type { IncomingMessage } from 'node:http'
import type { Socket } from 'node:net'
import { SEND, WRITE } from '../direct-answer.ts'
import type { DirectSink, WholeAnswer } from '../direct-answer.ts'
import { isHeaderValue } from '../header-rules.ts'
import { allocateMemory } from '../write-memory.ts'

/** Longer answers go Node's way: there the head is the smaller part. */
const LONGEST = 64 * 1024
const HEAD = 16 * 1024
/** A chunk's size and its line ends, with those of the last chunk. */
const FRAME = 32
/** Where answers are put together. The kernel takes most of them at once; where it does not, there is another. */
let memory = allocateMemory(LONGEST + HEAD)

/** In small letters: what the answer says of its framing must be found. */
const NAME = /^[a-z\d!#$%&'*+.^_`|~-]+$/
const goodNames = new Set<string>()

/** Node's own fields of a response that say how far it is. Packages have relied on them for as long as they exist. */
interface Progress {
  _header: string | null
  finished: boolean
  _headerSent: boolean
  readonly _hasBody: boolean
  /** What waits for the answer before it on the connection, or for the socket. */
  readonly outputSize: number
  readonly chunkedEncoding: boolean
  readonly maxRequestsOnConnectionReached?: boolean
}

/**
 * Node's response with a shorter way for whole answers on kept-alive HTTP/1.1 connections: head and body are one write, and
 * headers, which are the gateway's own for the most part, are checked and written once. Streams get one for their chunks:
 * all that came at once is one chunk and one write. What is not plain (HEAD, HTTP/1.0, a connection that is to close, a
 * reader that is behind) goes Node's way.
 */
export class DirectResponse extends ServerResponse<IncomingMessage> implements DirectSink {
  #sent = false;

  [SEND](answer: WholeAnswer): boolean {
    const { socket } = this
    const { body } = answer
    const size = Buffer.byteLength(body)
    if (size > LONGEST || !socket || !isPlain(this, socket, answer)) return false
    const head = headOf(answer, size, keepAliveSeconds(this))
    if (head === undefined || head.length > HEAD) return false
    let end = memory.latin1Write(head, 0)
    if (typeof body === 'string') end += memory.utf8Write(body, end)
    else {
      memory.set(body, end)
      end += body.length
    }
    this.#sent = true
    const progress = this as unknown as Progress
    progress._header = head
    progress.finished = true
    socket.write(memory.subarray(0, end))
    if (socket.writableLength > 0) memory = allocateMemory(LONGEST + HEAD)
    // Node's server lets go of the connection, or begins the next answer on it.
    this.emit('finish')
    return true
  }

  [WRITE](pieces: readonly Uint8Array[], last: boolean): boolean {
    const { socket } = this
    if (!socket || !isOpen(this, socket)) return false
    const progress = this as unknown as Progress
    const head = progress._headerSent ? '' : progress._header!
    let size = 0
    for (const piece of pieces) size += piece.length
    if (size > LONGEST || head.length > HEAD - FRAME) return false
    let end = memory.latin1Write(head, 0)
    // A chunk of no bytes would be the last one (RFC 9112 §7.1).
    if (size > 0) {
      end += memory.latin1Write(`${size.toString(16)}\r\n`, end)
      for (const piece of pieces) {
        memory.set(piece, end)
        end += piece.length
      }
      end += memory.latin1Write('\r\n', end)
    }
    if (last) end += memory.latin1Write('0\r\n\r\n', end)
    progress._headerSent = true
    if (last) {
      this.#sent = true
      progress.finished = true
    }
    socket.write(memory.subarray(0, end))
    if (socket.writableLength > 0) memory = allocateMemory(LONGEST + HEAD)
    if (last) this.emit('finish')
    return true
  }

  override end(...args: never[]): this {
    if (!this.#sent) return super.end(...args)
    for (const arg of args as unknown[]) if (typeof arg === 'function') process.nextTick(arg as () => void)
    return this
  }
}

/** A stream's head is written or ready, its chunks are framed here, and nothing of it waits anywhere. */
function isOpen(response: DirectResponse, socket: Socket): boolean {
  const { _header, _hasBody, chunkedEncoding, outputSize, finished } = response as unknown as Progress
  return (
    chunkedEncoding &&
    _hasBody &&
    !finished &&
    typeof _header === 'string' &&
    outputSize === 0 &&
    !response.destroyed &&
    socket.writable &&
    socket.writableLength === 0 &&
    socket.writableCorked === 0
  )
}

function isPlain(response: DirectResponse, socket: Socket, { status, headers }: WholeAnswer): boolean {
  const { req } = response
  return (
    status >= 200 &&
    status !== 204 &&
    status !== 304 &&
    headers['connection'] === undefined &&
    headers['transfer-encoding'] === undefined &&
    headers['trailer'] === undefined &&
    req.method !== 'HEAD' &&
    req.httpVersionMajor === 1 &&
    req.httpVersionMinor === 1 &&
    response.shouldKeepAlive &&
    !response.headersSent &&
    !response.destroyed &&
    (response as unknown as Progress).maxRequestsOnConnectionReached !== true &&
    response.getHeaderNames().length === 0 &&
    socket.writable &&
    socket.writableLength === 0
  )
}

/** The head; undefined where Node should be asked what is wrong with it. */
function headOf({ status, reason, headers }: WholeAnswer, size: number, keepAlive: number): string | undefined {
  let head = `HTTP/1.1 ${status} ${reason}\r\n`
  for (const name in headers) {
    const value = headers[name]!
    if (!isName(name) || !isHeaderValue(value)) return undefined
    head += `${name}: ${value}\r\n`
  }
  if (headers['content-length'] === undefined) head += `content-length: ${size}\r\n`
  if (headers['date'] === undefined) head += dateLine()
  return `${head}connection: keep-alive\r\nkeep-alive: timeout=${keepAlive}\r\n\r\n`
}

function isName(name: string): boolean {
  if (goodNames.has(name)) return true
  if (!NAME.test(name)) return false
  if (goodNames.size < 1000) goodNames.add(name)
  return true
}

function keepAliveSeconds(response: ServerResponse): number {
  const { server } = response.req.socket as Socket & { server?: { keepAliveTimeout: number } }
  return Math.floor((server?.keepAliveTimeout ?? 5000) / 1000)
}

let date = ''
let dateSecond = 0

function dateLine(): string {
  const second = Math.floor(Date.now() / 1000)
  if (second !== dateSecond) {
    dateSecond = second
    date = `date: ${new Date(second * 1000).toUTCString()}\r\n`
  }
  return date
}

import type { Socket } from 'node:net'
import type { DirectAnswer, DirectCalls } from '../../direct-calls.ts'
import type { RequestHead } from './request-head.ts'
import { countRead } from '../collect-young.ts'
import { isBodiless } from '../../answer-rules.ts'
import { ByteStream } from '../../byte-stream.ts'
import { ClientLink } from '../../context.ts'
import { logger } from '../../logger.ts'
import { reasonOf } from '../../respond.ts'
import { TurnSink } from '../../turn-sink.ts'
import { readRequestHead } from './request-head.ts'
import { writeChunk, writeHead, writeWhole } from './write-answer.ts'

/** Bytes of further requests that are kept while one is answered, before the client has to wait. */
const KEPT = 64 * 1024

/** What all connections of a server share. */
export interface DirectServer {
  /** The gateway that answers now. */
  calls(): DirectCalls
  /** Gives the connection, with what was read and not used, to Node's HTTP server for good. */
  handOver(connection: DirectConnection, chunk: Buffer): void
  /** Answers a request that did not arrive, and closes the connection. */
  refuse(connection: DirectConnection, why: 'late' | 'incomplete'): void
  closed(connection: DirectConnection): void
  /** Seconds for which a connection without a request stays open. */
  readonly keepAliveSeconds: number
  /** Counts on with every look at the connections. */
  readonly tick: number
}

/** What a connection is doing. */
type Phase = 'new' | 'idle' | 'body' | 'answer' | 'rest' | 'refused'

/**
 * A client's connection on which plain requests (see {@link readRequestHead}) are read and answered without objects of
 * node:http. It goes to Node's server with the first request that is not plain, and stays there.
 */
export class DirectConnection {
  readonly socket: Socket
  readonly #server: DirectServer
  phase: Phase = 'new'
  /** The server's tick when this phase began. */
  since: number
  #head: RequestHead | undefined
  /** Bytes of the last head, which clients repeat: what was read of them holds. */
  #lastHead: Buffer | undefined
  #parts: Buffer[] = []
  #missing = 0
  /** Bytes to come of a body whose call was refused: nobody wants them. */
  #unwanted = 0
  #link: ClientLink | undefined
  #stream: ByteStream | undefined
  #sink: TurnSink | undefined
  /** What came behind the request that is answered now. */
  #kept: Buffer[] = []
  #keptSize = 0

  constructor(socket: Socket, server: DirectServer) {
    this.socket = socket
    this.#server = server
    this.since = server.tick
    socket.on('data', this.#onData)
    socket.on('end', this.#onEnd)
    socket.on('drain', this.#onDrain)
    socket.on('close', this.#onClose)
    socket.on('error', this.#onError)
  }

  /** Nobody waits for anything here. */
  get idle(): boolean {
    return this.phase === 'new' || this.phase === 'idle'
  }

  destroy(): void {
    this.socket.destroy()
  }

  /** What comes from now on is not looked at. */
  refused(): void {
    this.#enter('refused')
  }

  readonly #onData = (chunk: Buffer): void => {
    if (this.phase === 'body') this.#readBody(chunk)
    else if (this.phase === 'rest') this.#skip(chunk)
    else if (this.phase === 'answer') this.#keep(chunk)
    else if (this.phase !== 'refused') this.#begin(chunk)
  }

  #begin(chunk: Buffer): void {
    const head = this.#headOf(chunk)
    const surplus = head ? chunk.length - head.size - head.length : 1
    // Requests that come in one piece are Node's to take apart.
    const calls = this.#server.calls()
    if (!head || surplus > 0 || !calls.takes(head.path)) return this.#handOver(chunk)
    this.#head = head
    if (calls.full()) {
      this.#enter('answer')
      this.#unwanted = -surplus
      return this.#send(calls.refuse(head.headers))
    }
    const body = chunk.subarray(head.size)
    if (surplus === 0) return this.#answer(body)
    this.#enter('body')
    this.#parts.push(body)
    this.#missing = -surplus
  }

  #headOf(chunk: Buffer): RequestHead | undefined {
    const last = this.#lastHead
    if (last && chunk.length >= last.length && last.compare(chunk, 0, last.length) === 0) return this.#head
    const head = readRequestHead(chunk)
    // A copy: the chunk is memory of 64 KB, of which the head is a small part.
    if (head) this.#lastHead = Buffer.from(chunk.subarray(0, head.size))
    return head
  }

  #readBody(chunk: Buffer): void {
    const missing = this.#missing - chunk.length
    this.#missing = missing
    if (missing > 0) return void this.#parts.push(chunk)
    // The config may be another one than when the request began, with middleware that has to see it.
    if (!this.#server.calls().takes(this.#head!.path)) {
      return this.#handOver(Buffer.concat([this.#lastHead!, ...this.#parts, chunk]))
    }
    this.#parts.push(missing < 0 ? chunk.subarray(0, missing) : chunk)
    const body = Buffer.concat(this.#parts)
    this.#parts = []
    if (missing < 0) this.#keep(chunk.subarray(missing))
    this.#answer(body)
  }

  #skip(chunk: Buffer): void {
    const unwanted = this.#unwanted - chunk.length
    this.#unwanted = Math.max(0, unwanted)
    if (unwanted > 0) return
    this.#enter('idle')
    if (unwanted < 0) this.#begin(chunk.subarray(unwanted))
  }

  #answer(body: Uint8Array): void {
    countRead(body.length)
    const { path, headers } = this.#head!
    const link = new ClientLink(this.socket.remoteAddress)
    this.#link = link
    this.#enter('answer')
    this.#server.calls().answer({ path, headers, body, link }).then(this.#send, this.#fail)
  }

  readonly #send = (answer: DirectAnswer): void => {
    try {
      this.#write(answer)
    } catch (error) {
      if (answer.body instanceof ByteStream) answer.body.cancel()
      this.#fail(error)
    }
  }

  #write(answer: DirectAnswer): void {
    const { status, headers, callHeaders, body } = answer
    const stream = body instanceof ByteStream ? body : undefined
    if (this.socket.destroyed || !this.socket.writable) return stream?.cancel()
    const connection = callHeaders['connection'] ?? headers['connection']
    const keepAlive = connection?.toLowerCase() === 'close' ? 0 : this.#server.keepAliveSeconds
    const none = isBodiless(status)
    const size = stream ? 'chunked' : typeof body === 'string' ? Buffer.byteLength(body) : (body as Uint8Array).length
    const head = writeHead({
      status,
      reason: reasonOf(status),
      headers,
      callHeaders,
      body: none ? 'none' : size,
      keepAlive,
    })
    if (stream) return none ? this.#sendHead(stream, head, keepAlive) : this.#sendStream(stream, head, keepAlive)
    writeWhole(this.socket, head, none ? '' : (body as string | Uint8Array))
    this.#done(keepAlive)
  }

  #sendStream(stream: ByteStream, head: string, keepAlive: number): void {
    let first = head
    this.#stream = stream
    this.#sink = new TurnSink(stream, {
      write: (pieces, last) => {
        writeChunk(this.socket, first, pieces, last)
        first = ''
        if (last) this.#done(keepAlive)
        return !this.socket.writableNeedDrain
      },
      destroy: () => this.destroy(),
    })
    stream.read(this.#sink)
  }

  /** Of a stream that this status has no place for. It is read all the same: its books are closed at its end. */
  #sendHead(stream: ByteStream, head: string, keepAlive: number): void {
    this.#stream = stream
    stream.read({
      write: () => true,
      end: () => {
        writeWhole(this.socket, head, '')
        this.#done(keepAlive)
      },
      destroy: () => this.destroy(),
    })
  }

  /** The answer is written. What came behind its request is next. */
  #done(keepAlive: number): void {
    this.#link = undefined
    this.#stream = undefined
    this.#sink = undefined
    if (keepAlive === 0) return this.socket.destroySoon()
    // A client that does not read its answers is not asked for further requests.
    if (!this.socket.writableNeedDrain) this.#next()
  }

  #next(): void {
    this.#enter(this.#unwanted > 0 ? 'rest' : 'idle')
    if (this.#keptSize === 0) return
    const chunk = Buffer.concat(this.#kept)
    this.#kept = []
    this.#keptSize = 0
    if (this.socket.isPaused()) this.socket.resume()
    this.#onData(chunk)
  }

  #keep(chunk: Buffer): void {
    this.#kept.push(chunk)
    this.#keptSize += chunk.length
    if (this.#keptSize > KEPT) this.socket.pause()
  }

  #enter(phase: Phase): void {
    this.phase = phase
    this.since = this.#server.tick
  }

  readonly #onDrain = (): void => {
    if (this.#sink) this.#sink.drained()
    else if (this.phase === 'answer' && !this.#link) this.#next()
  }

  /** A client that ends its side does not wait for an answer, as Node's server sees it too. */
  readonly #onEnd = (): void => {
    if (this.phase === 'body') this.#server.refuse(this, 'incomplete')
    else this.socket.end()
  }

  readonly #onClose = (): void => {
    this.#server.closed(this)
    const link = this.#link
    const stream = this.#stream
    this.#link = undefined
    this.#stream = undefined
    link?.leave()
    stream?.cancel()
  }

  readonly #onError = (): void => {
    this.destroy()
  }

  /** An answer that cannot be sent: a fault of ours or of a plugin. */
  readonly #fail = (error: unknown): void => {
    logger.error('answering failed:', error)
    // Never behind a part of an answer: its reader would take these bytes for more of it.
    if (this.#stream) return this.destroy()
    if (!this.socket.writable) return
    this.socket.write('HTTP/1.1 500 Internal Server Error\r\ncontent-length: 0\r\nconnection: close\r\n\r\n')
    this.socket.destroySoon()
  }

  #handOver(chunk: Buffer): void {
    const socket = this.socket
    socket.off('data', this.#onData)
    socket.off('end', this.#onEnd)
    socket.off('drain', this.#onDrain)
    socket.off('close', this.#onClose)
    socket.off('error', this.#onError)
    this.#server.handOver(this, chunk)
  }
}

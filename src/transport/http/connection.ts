import type { Socket } from 'node:net'
import type { Exchange } from './exchange.ts'
import type { Origin } from './request.ts'
import type { ResponseEvents } from './response-parser.ts'
import type { ResponseHead } from './response-head.ts'
import { beforeAnswers } from '../../end-of-turn.ts'
import { clock } from './clock.ts'
import type { Watched } from './clock.ts'
import { openSocket } from './open-socket.ts'
import { transportError } from './exchange.ts'
import { isWhole, writeStream, writeWhole } from './write-request.ts'
import { ResponseParser } from './response-parser.ts'

/** Milliseconds. */
const CONNECT = 10_000
/** For how long an unused connection is kept; less where the server says so. */
const KEEP = 30_000
/** A server closes at its own time: a request must not be on its way by then. */
const BEFORE_THE_SERVER = 2_000
/** Ticks: a server that closed before it saw the request is heard of within a round trip. */
const CROSSING = 10
/** Bytes. */
const TLS_BEHIND = 64 * 1024

/** Whose connection it is. */
export interface ConnectionOwner {
  readonly origin: Origin
  /** It can take the next exchange. */
  free(connection: Connection): void
  /** It was closed before anything of its exchange was sent, or at least before the server saw any of it. */
  again(exchange: Exchange): void
  /** It is closed. */
  gone(connection: Connection): void
}

/** One socket to an origin, for one exchange at a time. */
export class Connection implements ResponseEvents, Watched {
  readonly #owner: ConnectionOwner
  readonly #parser = new ResponseParser(this)
  readonly #socket: Socket
  #exchange: Exchange | undefined
  #connected = false
  #gone = false
  /** The body of the request is still on its way. */
  #sending = false
  /** The head of the answer is there. */
  #answered = false
  #keep = KEEP
  /** It has served before, and may be closed by the server at any time. */
  #kept = false
  /** Something of the request may have left. */
  #written = false
  /** The tick when it did. */
  #writtenAt = 0
  /** Something of an answer has come. */
  #heard = false
  /** The tick at which it has waited long enough for what it waits for. */
  #due = clock.after(CONNECT)

  constructor(owner: ConnectionOwner) {
    this.#owner = owner
    this.#socket = openSocket(owner.origin, {
      connected: () => this.#ready(),
      read: (bytes, size) => this.#read(bytes, size),
      ended: () => this.#ended(),
      closed: (error) => this.#close(error, true),
    })
    clock.add(this)
  }

  run(exchange: Exchange): void {
    this.#exchange = exchange
    exchange.on(this)
    clock.begin()
    if (this.#connected) this.#send()
  }

  pause(): void {
    if (this.#answered) this.#socket.pause()
  }

  resume(): void {
    if (this.#answered) this.#wait()
    this.#socket.resume()
  }

  /** Nobody waits for the answer any more. A connection that is only being made serves the next one. */
  abandon(): void {
    if (this.#connected) this.close()
    else this.#release()
  }

  close(error?: unknown): void {
    this.#close(error)
    this.#socket.destroy()
  }

  tick(now: number): void {
    if (now < this.#due) return
    if (!this.#connected) this.close(transportError('CONNECT_TIMEOUT', 'no connection in time'))
    else if (!this.#exchange) this.close()
    else if (!this.#answered) this.close(transportError('HEADERS_TIMEOUT', 'no answer in time'))
    else if (!this.#exchange.paused) this.close(transportError('IDLE_TIMEOUT', 'silent in the middle of the answer'))
  }

  head(head: ResponseHead): void {
    this.#answered = true
    const server = head.keepAliveSeconds
    this.#keep = server === undefined ? KEEP : Math.min(KEEP, server * 1000 - BEFORE_THE_SERVER)
    if (!this.#exchange) return
    this.#wait()
    this.#exchange.headers(head)
  }

  body(bytes: Uint8Array): void {
    this.#exchange?.data(Buffer.from(bytes))
  }

  end(clean: boolean): void {
    const exchange = this.#release()
    // The last read may have been more than its reader wanted: the next one begins afresh.
    if (exchange?.paused) this.#socket.resume()
    // Before the answer is reported: what it leads to may need a connection.
    if (clean && this.#keep > 0 && !this.#gone && this.#sent()) {
      this.#kept = true
      this.#due = clock.after(this.#keep)
      this.#owner.free(this)
    } else this.close()
    try {
      exchange?.end()
    } catch (error) {
      // Not this connection's, which may have another exchange by now.
      queueMicrotask(() => {
        throw error
      })
    }
  }

  #ready(): void {
    this.#connected = true
    const exchange = this.#exchange
    if (exchange && !exchange.over) return this.#send()
    this.#release()
    this.#kept = true
    this.#due = clock.after(this.#keep)
    this.#owner.free(this)
  }

  #send(): void {
    this.#answered = false
    this.#written = false
    this.#heard = false
    this.#wait()
    // Between other work, each would wake the other side from its sleep: twice the time in the kernel.
    beforeAnswers(this.#write)
  }

  /** Sends the request of its exchange. */
  readonly #write = () => {
    const exchange = this.#exchange
    if (!exchange || this.#gone) return
    const { body, head } = exchange
    this.#written = true
    this.#writtenAt = clock.now
    this.#parser.expect(exchange.method)
    if (body === undefined || isWhole(body)) {
      try {
        writeWhole(this.#socket, head, body, !this.#owner.origin.tls)
      } catch (error) {
        // The others of this turn are still to be sent.
        this.close(error)
      }
      return
    }
    this.#sending = true
    writeStream(this.#socket, head, body).then(
      () => (this.#sending = false),
      (error: unknown) => this.close(error),
    )
  }

  /** Nothing of the request waits before the next one. TLS learns a little later what has left. */
  #sent(): boolean {
    return !this.#sending && this.#socket.writableLength <= (this.#owner.origin.tls ? TLS_BEHIND : 0)
  }

  /** From now on, the server's patience counts. */
  #wait(): void {
    const { headers, idle } = this.#exchange!.timeouts
    this.#due = clock.after(this.#answered ? idle : headers)
  }

  #read(bytes: Buffer, size: number): boolean {
    this.#heard = true
    try {
      if (this.#exchange && this.#answered) this.#wait()
      this.#parser.read(bytes, size)
    } catch (error) {
      this.close(error)
    }
    return !this.#answered || this.#exchange?.paused !== true
  }

  #ended(): void {
    this.#close(this.#parser.close() ? undefined : cutOff(), true)
    this.#socket.destroy()
  }

  #release(): Exchange | undefined {
    const exchange = this.#exchange
    if (!exchange) return undefined
    this.#exchange = undefined
    clock.end()
    return exchange
  }

  /** @param byServer it was the other side that closed */
  #close(error: unknown, byServer = false): void {
    if (this.#gone) return
    this.#gone = true
    clock.remove(this)
    const exchange = this.#release()
    const again = exchange !== undefined && this.#kept && (!this.#written || (byServer && this.#crossed(exchange)))
    if (again) this.#owner.again(exchange)
    this.#owner.gone(this)
    if (!again) exchange?.fail(error ?? cutOff())
  }

  /**
   * The server closed the unused connection while the request was on its way, as far as anyone can tell: at once, and without
   * a byte. It has not seen the request then (RFC 9112 §9.5), which goes out once more, on a connection of its own.
   */
  #crossed({ body, over }: Exchange): boolean {
    const resendable = body === undefined || isWhole(body)
    return resendable && !over && !this.#heard && clock.now - this.#writtenAt <= CROSSING
  }
}

function cutOff(): Error {
  return transportError('UPSTREAM_CLOSED', 'closed before the answer was whole')
}

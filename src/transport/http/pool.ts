import type { ConnectionOwner } from './connection.ts'
import type { Exchange } from './exchange.ts'
import type { Origin } from './request.ts'
import { Connection } from './connection.ts'

/** The connections to one origin. The one that was used last is used next, so that those too many grow old. */
export class Pool implements ConnectionOwner {
  readonly origin: Origin
  readonly #most: number
  readonly #all = new Set<Connection>()
  #idle: Connection[] = []
  #queue: Exchange[] = []
  #closing: (() => void) | undefined

  /** @param most how many connections there may be at once; what is more waits for its turn */
  constructor(origin: Origin, most: number) {
    this.origin = origin
    this.#most = most
  }

  dispatch(exchange: Exchange): void {
    const connection = this.#idle.pop()
    if (connection) connection.run(exchange)
    else if (this.#all.size < this.#most) this.#open(exchange)
    else this.#queue.push(exchange)
  }

  free(connection: Connection): void {
    const next = this.#next()
    if (next) connection.run(next)
    else if (this.#closing) connection.close()
    else this.#idle.push(connection)
  }

  again(exchange: Exchange): void {
    // It waited longest. Whoever is gone makes room for it.
    this.#queue.unshift(exchange)
  }

  gone(connection: Connection): void {
    if (!this.#all.delete(connection)) return
    const at = this.#idle.indexOf(connection)
    if (at >= 0) this.#idle.splice(at, 1)
    const next = this.#next()
    if (next) this.#open(next)
    else if (this.#all.size === 0) this.#closing?.()
  }

  /** Lets what runs and waits come to its end, and closes every connection. */
  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#closing = resolve
      for (const connection of this.#idle.splice(0)) connection.close()
      if (this.#all.size === 0) resolve()
    })
  }

  #open(exchange: Exchange): void {
    const connection = new Connection(this)
    this.#all.add(connection)
    connection.run(exchange)
  }

  /** The one that waits longest and is still wanted. */
  #next(): Exchange | undefined {
    let next = this.#queue.shift()
    while (next?.over) next = this.#queue.shift()
    return next
  }
}

import type { Transport } from '../types.ts'
import { Exchange } from './exchange.ts'
import { Pool } from './pool.ts'
import { placeOf } from './request.ts'

/**
 * HTTP/1.1 to providers over Node's own sockets (RFC 9112). It knows what a gateway needs and no more: kept connections, one
 * request at a time on each, answers handed over by the network read, an abort that closes the socket. General clients cost
 * 9 to 12 µs more for each call. Lives as long as the process, so that a reload keeps the connections of unchanged upstreams.
 */
export function createHttpTransport(options: { connections?: number | undefined } = {}): Transport {
  const pools = new Map<string, Pool>()
  const most = options.connections ?? Infinity
  return {
    dispatch(request, handler, timeouts) {
      let exchange: Exchange
      try {
        exchange = new Exchange(request, placeOf(request.url), handler, timeouts)
      } catch (error) {
        handler.error(error)
        return
      }
      exchange.start()
      if (exchange.over) return
      const { origin } = exchange.place
      let pool = pools.get(origin.key)
      if (!pool) pools.set(origin.key, (pool = new Pool(origin, most)))
      pool.dispatch(exchange)
    },
    async close() {
      const closing = [...pools.values()].map((pool) => pool.close())
      pools.clear()
      await Promise.all(closing)
    },
  }
}

import type { Server } from 'node:http'
import { Server as Listener } from 'node:net'
import type { LiveGateway } from './live-gateway.ts'
import { logger } from '../logger.ts'

const DRAIN_SECONDS = 600
/** How long balancers may take to hear that this one is not ready. Who presses Ctrl-C waits for nobody. */
const GRACE_MS = { SIGTERM: 2000, SIGINT: 0 }

/**
 * SIGTERM or SIGINT: readiness turns 503 at once, nothing new is accepted, running streams finish (up to 600 s), logs are
 * flushed, exit 0. A second signal: now.
 */
export function shutdownOnSignal(server: Server, live: LiveGateway): void {
  let signals = 0
  const onSignal = (signal: 'SIGINT' | 'SIGTERM') => {
    if (++signals > 1) {
      logger.warn('Second signal: stopping now')
      process.exit(1)
    }
    const waiting = live.current.inFlight()
    logger.info(
      `${signal}: finishing ${waiting} ${waiting === 1 ? 'call' : 'calls'}${waiting > 0 ? ' (again to stop now)' : ''}`,
    )
    void shutdown(server, live, GRACE_MS[signal]).then(
      () => process.exit(0),
      (error: unknown) => {
        logger.error('shutdown failed:', error)
        process.exit(1)
      },
    )
  }
  process.on('SIGINT', onSignal)
  process.on('SIGTERM', onSignal)
}

/**
 * Stops accepting, lets what runs finish, closes everything. Kept connections end with their next answer, which says so;
 * those without a request are only closed after the grace: one may be on its way (RFC 9112 §9.5).
 */
export async function shutdown(server: Server, live: LiveGateway, graceMs = 0): Promise<void> {
  live.drain()
  const closed = new Promise<void>((resolve) => void server.once('close', resolve))
  // The HTTP server's own `close` would cut the idle ones at once.
  Listener.prototype.close.call(server)
  let sweep: NodeJS.Timeout | undefined
  const grace = setTimeout(() => {
    server.closeIdleConnections()
    sweep = setInterval(() => server.closeIdleConnections(), 100)
  }, graceMs)
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_SECONDS * 1000)
  await closed
  clearTimeout(grace)
  clearInterval(sweep)
  clearTimeout(late)
  await live.close()
}

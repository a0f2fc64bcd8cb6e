import type { Server } from 'node:http'
import type { LiveGateway } from './live-gateway.ts'
import { logger } from '../logger.ts'

const DRAIN_SECONDS = 600

/**
 * SIGTERM or SIGINT: readiness turns 503 at once, nothing new is accepted, running streams finish (up to 600 s), logs are
 * flushed, exit 0. A second signal: now.
 */
export function shutdownOnSignal(server: Server, live: LiveGateway): void {
  let signals = 0
  const onSignal = (signal: string) => {
    if (++signals > 1) {
      logger.warn('Second signal: stopping now')
      process.exit(1)
    }
    const waiting = live.current.inFlight()
    logger.info(
      `${signal}: finishing ${waiting} ${waiting === 1 ? 'call' : 'calls'}${waiting > 0 ? ' (again to stop now)' : ''}`,
    )
    void shutdown(server, live).then(
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

/** Stops accepting, lets what runs finish, closes everything. */
export async function shutdown(server: Server, live: LiveGateway): Promise<void> {
  live.current.drain()
  const closed = new Promise<void>((resolve) => server.close(() => resolve()))
  server.closeIdleConnections()
  // Keep-alive connections end with their current answer: node keeps them open otherwise.
  const sweep = setInterval(() => server.closeIdleConnections(), 100)
  const late = setTimeout(() => server.closeAllConnections(), DRAIN_SECONDS * 1000)
  await closed
  clearInterval(sweep)
  clearTimeout(late)
  await live.close()
}

import { setTimeout as sleep } from 'node:timers/promises'
import type { Counters } from '../types/counters.ts'
import { GatewayError } from '../error.ts'

/** A holder that died is not waited for any longer, milliseconds. */
const LEASE_MS = 10_000
const PATIENCE_MS = 15_000
const BETWEEN_MS = 15

/** Runs a change while nobody else, on any node, runs one under the same name. Throws 503 where it does not get its turn. */
export async function withLock<T>(counters: Counters, name: string, work: () => Promise<T>): Promise<T> {
  const leaseId = crypto.randomUUID()
  const until = Date.now() + PATIENCE_MS
  for (;;) {
    const step = await counters.add([{ kind: 'lease', key: name, by: 1, limit: 1, leaseId, ttlMs: LEASE_MS }])
    if (step.ok) break
    if (Date.now() > until) {
      throw new GatewayError(503, 'Somebody else is changing the same thing. Try again shortly.', {
        code: 'busy',
        retryAfter: 1,
      })
    }
    await sleep(BETWEEN_MS)
  }
  try {
    return await work()
  } finally {
    await counters.settle([{ key: name, leaseId, by: 0 }])
  }
}

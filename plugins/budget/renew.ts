import { StoreAway } from '../../src/index.ts'
import type { Counters, LeaseOp } from '../../src/index.ts'
import { LEASE_MS, toLeases } from './call-state.ts'
import type { Running } from './running.ts'
import type { CallState } from './call-state.ts'

const EVERY_MS = LEASE_MS / 3
/** Calls that are renewed in one step. */
const AT_ONCE = 50

/** Renews the reservations of calls that run long. Those of a node that died end by themselves. */
export function renewReservations(
  counters: Counters,
  running: Pick<Running<CallState>, 'all'>,
  onError: (error: unknown) => void,
) {
  const renew = async () => {
    const now = Date.now()
    const due = running.all().filter((state) => state.taken === 'yes' && now - state.renewedAt >= EVERY_MS / 2)
    for (let at = 0; at < due.length; at += AT_ONCE) {
      const some = due.slice(at, at + AT_ONCE).filter((state) => state.listed)
      for (const state of some) state.renewedAt = now
      const ops = some.flatMap(opsOf)
      if (ops.length > 0) await counters.add(ops)
    }
  }
  const timer = setInterval(() => {
    renew().catch((error: unknown) => {
      if (!(error instanceof StoreAway)) onError(error)
    })
  }, EVERY_MS)
  timer.unref()
  return { renew, stop: () => clearInterval(timer) }
}

/** What is held is held on, whatever the limit says by now. */
function opsOf({ holds, leaseId, reserved }: CallState): LeaseOp[] {
  return toLeases(holds, leaseId, reserved).map((op) => ({ ...op, limit: Infinity }))
}

import type { Counters, LeaseOp } from './types/counters.ts'
import { StoreAway } from './counters/store-away.ts'
import { logger } from './logger.ts'
import { TurnoverMap } from './turnover-map.ts'

/** A slot ends by itself this long after its node was last heard of, milliseconds. */
export const SLOT_MS = 60_000
const RENEW_EVERY_MS = 20_000
/** Leases renewed in one step. */
const AT_ONCE = 100

/** The parallel slots that this process holds. */
export interface Slots {
  /** Renews what was taken, until it is released. `id` is the leases' own. */
  hold(id: string, leases: readonly LeaseOp[]): void
  /** Gives them back; they are not renewed any more. */
  release(id: string, leases: readonly LeaseOp[]): void
  close(): void
}

/**
 * Keeps slots alive for as long as their calls run: a slot outlives a node that died by a minute, not by the time that the
 * longest call may take.
 */
export function createSlots(counters: Counters, onError: (error: unknown) => void): Slots {
  const held = new TurnoverMap<string, readonly LeaseOp[]>()
  let timer: NodeJS.Timeout | undefined

  const stop = () => {
    clearInterval(timer)
    timer = undefined
  }
  const renew = async () => {
    const leases = held.entries().flatMap(([, leases]) => leases)
    for (let i = 0; i < leases.length; i += AT_ONCE) {
      // A slot that was given back while the steps before were under way must not be taken anew.
      const some = leases.slice(i, i + AT_ONCE).filter(({ leaseId }) => held.has(leaseId))
      if (some.length === 0) continue
      // They have been admitted: a limit that was lowered meanwhile is for those who come.
      await counters.add(some.map((lease) => ({ ...lease, limit: Infinity })))
    }
  }
  const tick = () => {
    if (held.size === 0) return stop()
    renew().catch((error: unknown) => {
      // The next round is in time still.
      if (!(error instanceof StoreAway)) logger.error('parallel slots could not be renewed:', error)
    })
  }

  return {
    hold(id, leases) {
      held.set(id, leases)
      if (timer) return
      timer = setInterval(tick, RENEW_EVERY_MS)
      timer.unref?.()
    },
    release(id, leases) {
      held.delete(id)
      const settled = counters.settle(leases.map(({ key }) => ({ key, leaseId: id, by: 0 })))
      if ('then' in settled) settled.then(undefined, onError)
    },
    close: stop,
  }
}

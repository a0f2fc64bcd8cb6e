import { TurnoverMap } from '../turnover-map.ts'
import { LATE_SETTLE_MS } from './check-ops.ts'

interface Lease {
  amount: number
  expires: number
  /** Ended by itself: holds nothing, but can still be settled. */
  ended: boolean
}

/** The leases of one key. */
export interface Leases {
  /** What the live ones hold together. */
  held: number
  readonly byId: TurnoverMap<string, Lease>
  /** No lease ends before this moment. */
  quietUntil: number
}

export function createLeases(): Leases {
  return { held: 0, byId: new TurnoverMap(), quietUntil: Infinity }
}

/** Ends what is over; forgets what ended a day ago. Looks at nothing before the first lease can be over. */
export function endLeases(leases: Leases, now: number): void {
  if (leases.quietUntil > now) return
  let next = Infinity
  for (const [id, lease] of leases.byId.entries()) {
    if (lease.expires <= now) {
      if (lease.ended) {
        leases.byId.delete(id)
        continue
      }
      leases.held -= lease.amount
      lease.ended = true
      lease.expires = now + LATE_SETTLE_MS
    }
    if (lease.expires < next) next = lease.expires
  }
  leases.quietUntil = next
}

/** What a lease holds now; 0 where there is none. */
export function heldBy(leases: Leases, id: string): number {
  const lease = leases.byId.get(id)
  return lease && !lease.ended ? lease.amount : 0
}

/** Takes a lease, or renews it with a new amount. */
export function takeLease(leases: Leases, id: string, lease: { amount: number; expires: number }): void {
  leases.held += lease.amount - heldBy(leases, id)
  leases.byId.set(id, { ...lease, ended: false })
  if (lease.expires < leases.quietUntil) leases.quietUntil = lease.expires
}

/** Gives a lease back; false where it is not known. */
export function dropLease(leases: Leases, id: string): boolean {
  leases.held -= heldBy(leases, id)
  return leases.byId.delete(id)
}

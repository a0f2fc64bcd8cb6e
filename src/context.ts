import { fieldsNotBuilt } from './gateway-fields.ts'
import type { Awaitable, Call } from './types/call.ts'
import type { Attempt, Context, Outcome, Principal } from './types/lifecycle.ts'
import type { Reservation } from './types/governance.ts'
import type { Target } from './types/provider.ts'

/** Tells when the client leaves. One per call; the Node and web entries each know how to notice. */
export class ClientLink {
  readonly ip: string | undefined
  gone = false
  #listeners: (() => void)[] = []

  constructor(ip?: string) {
    this.ip = ip
  }

  /** Runs once when the client leaves; at once when it has already. */
  onGone(fn: () => void): void {
    if (this.gone) fn()
    else this.#listeners.push(fn)
  }

  /**
   * Forgets a listener. What a call has finished with must not hang on to its connection's objects: they would outlive
   * the young generation, and every scavenge would have to carry them.
   */
  offGone(fn: () => void): void {
    const at = this.#listeners.indexOf(fn)
    if (at >= 0) this.#listeners.splice(at, 1)
  }

  /** Said by the link's owner. */
  leave(): void {
    if (this.gone) return
    this.gone = true
    for (const fn of this.#listeners.splice(0)) fn()
  }
}

type Settle = (outcome: Outcome) => Awaitable<void>

/** The {@link Context} that the lifecycle runs with. A class for its shape: every call makes one. */
export class CallContext implements Context {
  readonly id: string
  readonly call: Call
  readonly link: ClientLink
  readonly startedAt = Date.now()
  readonly startedMs = performance.now()
  /** Body fields that must not reach a provider. */
  readonly stripped: readonly string[]
  principal: Principal | undefined
  identified: Principal | undefined
  targets: readonly Target[] = []
  readonly attempts: Attempt[] = []
  readonly headers: Record<string, string> = {}
  readonly dropped: string[]
  cacheHit: boolean | undefined
  /** Milliseconds spent waiting for providers. */
  upstreamMs = 0
  /** Milliseconds until the provider stage began. */
  queueMs: number | undefined
  settled = false
  #settle: Settle[] = []
  #reservations: Reservation[] | undefined
  #signal: AbortSignal | undefined

  constructor(id: string, call: Call, link: ClientLink, stripped: readonly string[]) {
    this.id = id
    this.call = call
    this.link = link
    this.stripped = stripped
    this.dropped = fieldsNotBuilt(stripped)
  }

  get ip(): string | undefined {
    return this.link.ip
  }

  get signal(): AbortSignal {
    if (!this.#signal) {
      const controller = new AbortController()
      this.link.onGone(() => controller.abort())
      this.#signal = controller.signal
    }
    return this.#signal
  }

  onSettle(fn: Settle): void {
    this.#settle.push(fn)
  }

  reserve(reservation: Reservation): void {
    if (reservation.ops.length === 0) return reservation.taken?.({ values: [], resetMs: [], at: this.startedAt })
    if (this.#reservations) this.#reservations.push(reservation)
    else this.#reservations = [reservation]
  }

  /** What is to be reserved; a second call finds nothing. */
  takeReservations(): readonly Reservation[] | undefined {
    const reservations = this.#reservations
    this.#reservations = undefined
    return reservations
  }

  /** Takes the closures, last registered first; a second call finds none. */
  takeSettle(): Settle[] {
    return this.#settle.splice(0).reverse()
  }
}

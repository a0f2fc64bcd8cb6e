/** Knows whether a store that failed is worth asking. */
export interface Breaker {
  /** True: do not ask. */
  readonly open: boolean
  succeeded(): void
  failed(reason: unknown): void
  /** Opens it at once. */
  trip(reason: unknown): void
  close(): void
}

export interface BreakerOptions {
  /** Failures in a row that open it. */
  readonly failures: number
  /** Milliseconds to the first probe; then twice as long each time, up to `probeAtMost`. */
  readonly probeAfter: number
  readonly probeAtMost: number
  /** Resolves when the store answers again. Only probes reach a store that is away: no caller waits for one. */
  probe(): Promise<unknown>
  /** The first probe failed too: this is no hiccup. */
  onAway?(reason: unknown): void
  onClose?(wasAway: boolean): void
}

/** Opens after a row of failures, then probes in the background until the store answers. */
export function createBreaker(options: BreakerOptions): Breaker {
  let failures = 0
  let timer: ReturnType<typeof setTimeout> | undefined
  let open = false
  let closed = false

  const probeAfter = (ms: number, reason: unknown) => {
    timer = setTimeout(() => {
      options.probe().then(
        () => shut(ms > options.probeAfter),
        () => {
          if (closed) return
          if (ms === options.probeAfter) options.onAway?.(reason)
          probeAfter(Math.min(ms * 2, options.probeAtMost), reason)
        },
      )
    }, ms)
    timer.unref?.()
  }
  const shut = (wasAway: boolean) => {
    if (closed) return
    open = false
    failures = 0
    options.onClose?.(wasAway)
  }
  const trip = (reason: unknown) => {
    if (open || closed) return
    open = true
    probeAfter(options.probeAfter, reason)
  }

  return {
    get open() {
      return open
    },
    succeeded() {
      failures = 0
    },
    failed(reason) {
      if (++failures >= options.failures) trip(reason)
    },
    trip,
    close() {
      closed = true
      clearTimeout(timer)
    },
  }
}

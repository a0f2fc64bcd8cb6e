/** Milliseconds between two looks at what is due. */
const TICK = 100

/** Something with a date at which it gives up. */
export interface Watched {
  /** Called at every tick. */
  tick(now: number): void
}

/**
 * One timer for all connections: deadlines here are seconds, there are thousands of them, and nearly all are met. Time is
 * counted in ticks, so that a process that was busy for a while does not find its upstreams silent when it looks up.
 */
export class Clock {
  readonly #watched = new Set<Watched>()
  #timer: NodeJS.Timeout | undefined
  #busy = 0
  now = 0

  /** The tick at which `ms` have passed for certain. */
  after(ms: number): number {
    return this.now + Math.ceil(ms / TICK) + 1
  }

  add(watched: Watched): void {
    this.#watched.add(watched)
    this.#timer ??= this.#start()
  }

  remove(watched: Watched): void {
    this.#watched.delete(watched)
    if (this.#watched.size > 0) return
    clearInterval(this.#timer)
    this.#timer = undefined
  }

  /** A connection has something to do: the process waits for it. Idle ones keep nobody. */
  begin(): void {
    if (this.#busy++ === 0) this.#timer?.ref()
  }

  end(): void {
    if (--this.#busy === 0) this.#timer?.unref()
  }

  #start(): NodeJS.Timeout {
    const timer = setInterval(() => {
      this.now++
      for (const watched of this.#watched) watched.tick(this.now)
    }, TICK)
    return this.#busy > 0 ? timer : timer.unref()
  }
}

export const clock = new Clock()

import type { Driver } from 'unstorage'
import type { Awaitable } from '../types/call.ts'

/** A driver whose store does not end entries by itself. */
export interface SweepingDriver extends Driver {
  /** Removes what is over. */
  sweep(now: number): Awaitable<void>
}

const EVERY_MS = 10 * 60_000

/** Sweeps the mounts now and then, so that what nobody reads again does not pile up. Returns what stops it. */
export function sweepNowAndThen(
  drivers: () => readonly Driver[],
  options: { now: () => number; onError: (error: unknown) => void },
): () => void {
  const timer = setInterval(() => void sweepAll(drivers(), options), EVERY_MS)
  timer.unref?.()
  return () => clearInterval(timer)
}

async function sweepAll(
  drivers: readonly Driver[],
  { now, onError }: { now: () => number; onError: (error: unknown) => void },
): Promise<void> {
  for (const driver of drivers) {
    try {
      await (driver as Partial<SweepingDriver>).sweep?.(now())
    } catch (error) {
      onError(error)
    }
  }
}

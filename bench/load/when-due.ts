/** A timer of Node is up to this late, in ms: nearer than that the next moment is waited for without sleeping. */
const TIMER_LATE = 2

/** Calls `look` again in time for what is due in `ms`. */
export function lookAgain(ms: number, look: () => void): void {
  if (ms > TIMER_LATE) setTimeout(look, 1)
  else setImmediate(look)
}

import type { Admission } from '../admission.ts'
import { createOverload } from './overload.ts'

/** Milliseconds between two looks: while nothing happens, while calls run, and while they are refused. */
const IDLE = 100
const BUSY = 20
const OVERLOADED = 10

/**
 * Looks at the event loop now and then: how late a timer is, and how long a turn takes from the end of one turn's events to the
 * end of the next one's, so that what is left for the end of a turn is in it. Nothing is done per call. Ends with the
 * function that it gives back.
 */
export function watchTurns(admission: Admission, isOn: () => boolean): () => void {
  let timer: NodeJS.Timeout | undefined
  let due = 0
  const look = createOverload(admission)
  const wait = () => {
    const ms = admission.limit < Infinity ? OVERLOADED : admission.calls > 0 ? BUSY : IDLE
    due = performance.now() + ms
    timer = setTimeout(begin, ms).unref()
  }
  const begin = () => {
    const late = performance.now() - due
    if (isOn()) return void setImmediate(measure, late, admission.calls)
    admission.limit = Infinity
    wait()
  }
  const measure = (late: number, atFirst: number) => {
    const since = performance.now()
    const { calls, refused } = admission
    setImmediate(() => {
      if (timer === undefined) return
      const now = performance.now()
      const { active } = performance.eventLoopUtilization()
      const most = Math.max(atFirst, calls, admission.calls)
      look({ now, late, turn: now - since, refused: admission.refused - refused, active, calls: most })
      wait()
    })
  }
  wait()
  return () => {
    clearTimeout(timer)
    timer = undefined
    admission.limit = Infinity
  }
}

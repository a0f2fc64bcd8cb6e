import v8 from 'node:v8'
import vm from 'node:vm'

/** Bodies up to here are no burden: a collection comes before they are many. */
const LONG = 8192
/** V8 looks through the whole heap when memory outside of it has grown by 64 MB (`kExternalAllocationSoftLimit`). */
const ENOUGH = 12 * 1024 * 1024

/**
 * Counts the bodies that were read: each is memory outside of V8's heap, which nothing but a collection gives back. V8 counts
 * it, but only collects the young when its own heap is full, and with long bodies the limit is reached before: it then looks
 * through everything, again and again, for a fifth of the time. Collecting the young in time costs a millisecond for
 * hundreds of calls.
 */
export const countRead = createReadCounter(collectYoung)

/** @param collect called, in a turn of its own, whenever long bodies have come to 12 MB */
export function createReadCounter(collect: () => void): (bytes: number) => void {
  let read = 0
  return (bytes) => {
    if (bytes < LONG) return
    read += bytes
    if (read < ENOUGH) return
    read = 0
    setImmediate(collect)
  }
}

let collector: (() => void) | undefined

function collectYoung(): void {
  collector ??= youngCollector()
  collector()
}

/** V8's own collector of the young generation; nothing where this V8 gives none. */
function youngCollector(): () => void {
  try {
    v8.setFlagsFromString('--expose-gc')
    const gc = vm.runInNewContext('gc') as (options: { type: 'minor' }) => void
    return () => gc({ type: 'minor' })
  } catch {
    return () => {}
  }
}

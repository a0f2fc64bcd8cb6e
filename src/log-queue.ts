import type { LogRecord } from './types/lifecycle.ts'
import type { Awaitable } from './types/call.ts'
import { afterAnswers } from './end-of-turn.ts'

/** Hands log records (or events) to callbacks, beside the answers. */
export interface LogQueue<T = LogRecord> {
  push(record: T): void
  /** Nobody listens: what is pushed goes nowhere. */
  readonly idle: boolean
  /** Waits until everything pushed so far has been handled. */
  flush(): Promise<void>
  /** Records that were not delivered because a callback's queue was full, and deliveries that failed. */
  readonly dropped: number
  readonly failed: number
}

export interface LogQueueOptions<T = LogRecord> {
  readonly callbacks: readonly { name: string; log: (record: T) => Awaitable<void> }[]
  /** Records waiting per callback at most. Default 50,000. */
  readonly limit?: number | undefined
  readonly onError: (name: string, error: unknown) => void
}

/** A lane's own state: each callback has one, so that a slow one holds nobody up. */
interface Lane<T> {
  readonly name: string
  readonly log: (record: T) => Awaitable<void>
  waiting: T[]
  running: number
}

/** Right behind the answers of this turn where the runtime knows of turns: a timer's turn would meet the next calls. */
function later(fn: () => void): void {
  if (typeof setImmediate === 'function') afterAnswers(fn)
  else setTimeout(fn, 0)
}

const CALLBACK_DEADLINE = 20_000
const CONCURRENCY = 100

/**
 * A bounded queue per callback, worked off in a later turn than the answer's: nothing here can delay, fail or be delayed
 * by an answer. A callback that throws or takes longer than 20 s is counted and passed over.
 */
export function createLogQueue<T = LogRecord>(options: LogQueueOptions<T>): LogQueue<T> {
  const { onError, limit = 50_000 } = options
  const lanes: Lane<T>[] = options.callbacks.map((callback) => ({ ...callback, waiting: [], running: 0 }))
  let dropped = 0
  let failed = 0
  let scheduled = false
  let idle: (() => void)[] = []

  const fail = (lane: Lane<T>, error: unknown) => {
    failed++
    onError(lane.name, error)
  }

  const work = (lane: Lane<T>) => {
    let at = 0
    while (at < lane.waiting.length && lane.running < CONCURRENCY) {
      const record = lane.waiting[at++]!
      try {
        const result = lane.log(record)
        if (result === undefined) continue
        lane.running++
        withDeadline(result)
          .catch((error: unknown) => fail(lane, error))
          .finally(() => {
            lane.running--
            work(lane)
            settleIdle()
          })
      } catch (error) {
        fail(lane, error)
      }
    }
    lane.waiting = at === lane.waiting.length ? [] : lane.waiting.slice(at)
  }

  const isIdle = () => !scheduled && lanes.every((lane) => lane.waiting.length === 0 && lane.running === 0)
  const settleIdle = () => {
    if (!isIdle()) return
    for (const resolve of idle.splice(0)) resolve()
  }

  const turn = () => {
    scheduled = false
    for (const lane of lanes) work(lane)
    settleIdle()
  }

  return {
    idle: lanes.length === 0,
    push(record) {
      for (const lane of lanes) {
        if (lane.waiting.length < limit) lane.waiting.push(record)
        else dropped++
      }
      if (!scheduled && lanes.length > 0) {
        scheduled = true
        later(turn)
      }
    },
    flush: () => (isIdle() ? Promise.resolve() : new Promise((resolve) => idle.push(resolve))),
    get dropped() {
      return dropped
    },
    get failed() {
      return failed
    },
  }
}

/** Waits for a plugin, but for 20 s at most: it may wait for somebody who never answers. */
export async function withDeadline(work: Awaitable<void>): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('took longer than 20 s')), CALLBACK_DEADLINE)
  })
  try {
    await Promise.race([work, late])
  } finally {
    clearTimeout(timer)
  }
}

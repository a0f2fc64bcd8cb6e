import type { ErrorShape } from './types/chat.ts'
import type { DirectAnswer } from './direct-calls.ts'
import { toOpenAIError } from './error.ts'
import { logger } from './logger.ts'

/** How often it is looked whether calls are still refused, and after how many looks without one it is over. */
const LOOK_MS = 1000
const QUIET_LOOKS = 5
/** Seconds of `retry-after`: different ones, or all who are refused come back at once. */
const LATEST_RETRY = 4

/** Milliseconds of a turn in which calls are taken while the process is overloaded. */
const TURN_MS = 3

/** Where a server hands its own to the gateways that it makes: the options that others give have none. */
export const ADMISSION = Symbol('ungate.admission')

/**
 * Whether further calls are taken. One for all gateways that follow each other in a process: what a reload leaves behind
 * works on the same event loop.
 */
export interface Admission {
  /** Calls in progress. */
  calls: number
  /** With so many in progress no further one is taken: what the event loop can carry now (`server/overload.ts`). */
  limit: number
  /** Calls that were refused since the start. */
  readonly refused: number
  /** Calls are being refused, or were a moment ago. */
  readonly overloaded: boolean
  /** Whether a further call is taken, as far as the process goes. */
  takes(): boolean
  /** Counts a call that is not taken and answers it. The caller's own headers are its id's, where it gave one. */
  refuse(id: string): DirectAnswer
}

export function createAdmission(): Admission {
  let began = 0

  /** The first calls of a turn are taken: those behind them would wait for these, and their refusals with them. */
  const hasTime = () => {
    if (began > 0) return performance.now() - began < TURN_MS
    began = performance.now()
    setImmediate(() => void (began = 0))
    return true
  }

  let refused = 0
  let timer: ReturnType<typeof setInterval> | undefined

  /** Says that calls are refused, and later that it is over: a line per call would be load of its own. */
  const begin = (calls: number) => {
    const [since, before] = [Date.now(), refused]
    let [seen, quiet, until] = [refused, 0, since]
    logger.warn(`Overloaded: further calls get 503 (${calls} in progress)`)
    timer = setInterval(() => {
      if (refused > seen) {
        quiet = 0
        seen = refused
        until = Date.now()
      } else if (++quiet >= QUIET_LOOKS) {
        clearInterval(timer)
        timer = undefined
        const count = refused - before
        const seconds = Math.max(1, Math.round((until - since) / 1000))
        logger.info(`No longer overloaded: in ${seconds} s ${count} ${count === 1 ? 'call was' : 'calls were'} refused`)
      }
    }, LOOK_MS)
    timer.unref?.()
  }

  return {
    calls: 0,
    limit: Infinity,
    get refused() {
      return refused
    },
    get overloaded() {
      return timer !== undefined
    },
    takes() {
      return this.limit === Infinity || (this.calls < this.limit && hasTime())
    },
    refuse(id) {
      if (timer === undefined) begin(this.calls)
      const { headers, body } = REFUSALS[refused++ % REFUSALS.length]!
      return { status: 503, headers, callHeaders: { 'x-litellm-call-id': id }, body }
    },
  }
}

/** What is said where there is no room for another connection, too. */
export const OVERLOADED: ErrorShape = {
  status: 503,
  message: 'The gateway is overloaded. Nothing was sent to a provider: try again later.',
  type: 'overloaded_error',
  code: 'overloaded',
  param: null,
}

const REFUSALS = Array.from({ length: LATEST_RETRY }, (_, at) => ({
  headers: { 'content-type': 'application/json', 'retry-after': String(at + 1) },
  body: toOpenAIError(OVERLOADED),
}))

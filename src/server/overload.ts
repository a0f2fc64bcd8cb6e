import type { Admission } from '../admission.ts'

/** A look at the event loop. Times are milliseconds of any clock. */
export interface Look {
  readonly now: number
  /** How much later than it was due this look was. */
  readonly late: number
  /** How long the turn took that was measured: what came at its start waited for so long. */
  readonly turn: number
  /** Calls that were refused in that turn. */
  readonly refused: number
  /** For how long the loop has been at work since the start, and not waiting. */
  readonly active: number
  /** The most calls that were in progress meanwhile: a turn may end all of them. */
  readonly calls: number
}

/** Turns of so many milliseconds are long: hundreds of calls at once make shorter ones. */
const LONG = 75
/** So many milliseconds of them, with few short ones between, and calls are refused: a burst or a reload is over before. */
const SUSTAINED = 1000
/** No look counts for more, and the first one, which may be a pause that calls have nothing to do with, for little. */
const LONGEST_LOOK = 900
const FIRST_LOOK = 100
/** How fast short turns make the long ones forgotten. */
const FORGET = 0.25

/** While calls are refused, the work of a turn is kept between these, in milliseconds: below, there is room for more. */
const ROOM = 10
const FULL = 20
/** And the loop at work for such a part of the time: what waits in the kernel is seen by no turn. */
const IDLE = 0.975
const SATURATED = 0.993
/** Unless so much of the time goes into refusals, which fewer calls would not make less. */
const REFUSING = 0.2
/** Looks and milliseconds between two changes of the limit; after so many milliseconds two looks have to do. */
const LOOKS = 5
const PACE = 100
const LATE_PACE = 250
/** With no more than that in progress it is not the calls that make turns long, and a lower limit would leave the process idle. */
const FEWEST = 16
/** After so many milliseconds without a refusal all calls are taken again. */
const QUIET = 3000
/** What a refusal costs at most, in milliseconds, until turns with many of them say it better. */
const REFUSAL = 0.02
const MANY = 20

/**
 * Sets how many calls may be in progress by how the event loop does. Calls that wait for their providers cost nothing and are
 * never too many; what counts is a queue that does not go away (as in CoDel, RFC 8289), which makes turn after turn long.
 * From then on the limit follows what the process can carry: turns short enough for refusals to leave at once, and
 * always something to do.
 */
export function createOverload(admission: Admission): (look: Look) => void {
  let [last, pressure] = [0, 0]
  let turns: number[] = []
  let [changed, active, refused, lastRefusal, edge, perRefusal] = [0, 0, 0, 0, 0, REFUSAL]

  const begin = (look: Look) => {
    turns = []
    changed = look.now
    active = look.active
    refused = admission.refused
  }

  const notice = (look: Look) => {
    const ms = Math.min(look.now - last, pressure > 0 ? LONGEST_LOOK : FIRST_LOOK)
    const long = Math.max(look.late, look.turn) >= LONG && look.calls > FEWEST
    pressure = long ? pressure + ms : Math.max(0, pressure - ms * FORGET)
    if (pressure < SUSTAINED) return
    begin(look)
    lastRefusal = look.now
    perRefusal = REFUSAL
    edge = look.calls
    admission.limit = edge
  }

  const follow = (look: Look) => {
    const { now, turn } = look
    if (admission.refused > refused) lastRefusal = now
    else if (now - lastRefusal >= QUIET) return stop()
    if (look.refused >= MANY) perRefusal = Math.min(perRefusal, turn / look.refused)
    turns.push(Math.max(0, turn - look.refused * perRefusal))
    const elapsed = now - changed
    if (turns.length < 2 || elapsed < (turns.length < LOOKS ? LATE_PACE : PACE)) return
    const work = turns.toSorted((a, b) => a - b)[turns.length >> 1]!
    const refusals = admission.refused - refused
    const used = (look.active - active) / elapsed
    const refusing = (refusals * perRefusal) / elapsed > REFUSING
    const { calls, limit } = admission
    if (work > FULL || (used > SATURATED && !refusing)) {
      // With more of them in progress than that, the last change has not yet done what it can.
      if (calls <= limit) {
        edge = limit
        admission.limit = Math.max(FEWEST, Math.floor(limit * (work > 2 * FULL ? 0.7 : 0.95)))
      }
    } else if (work < ROOM && refusals > 0 && (used < IDLE || refusing) && limit < 2 * calls + FEWEST) {
      admission.limit = Math.ceil(limit * (limit < edge * 0.9 ? 1.1 : 1.03))
    }
    begin(look)
  }

  const stop = () => {
    admission.limit = Infinity
    pressure = 0
  }

  return (look) => {
    if (admission.limit === Infinity) notice(look)
    else follow(look)
    last = look.now
  }
}

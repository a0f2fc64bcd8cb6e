import { describe, expect, it } from 'vitest'
import { createAdmission } from '../../src/admission.ts'
import { createOverload } from '../../src/server/overload.ts'
import { watchTurns } from '../../src/server/watch-turns.ts'
import { until } from '../suites/gateway-under-test.ts'

/** An event loop that does what the test says, on a clock of its own. */
function loop(calls: number) {
  const admission = Object.assign(createAdmission(), { calls })
  const look = createOverload(admission)
  let now = 0
  let active = 0
  /** So many looks `every` milliseconds, each at a turn of `turn`, in which calls were refused. */
  const turns = (
    turn: number,
    options: { count?: number; every?: number; late?: number; refused?: number; used?: number } = {},
  ) => {
    const { count = 1, every = Math.max(20, turn), late = 0, refused = 0, used = 1 } = options
    for (let i = 0; i < count; i++) {
      now += every
      active += every * used
      for (let n = 0; n < refused; n++) admission.refuse('id')
      look({ now, late, turn, refused, active, calls: admission.calls })
    }
  }
  return { admission, turns }
}

describe('what is no overload', () => {
  it('a pause of seconds, and the queue that it leaves', () => {
    const { admission, turns } = loop(2000)
    turns(1, { count: 100 })
    for (const late of [1500, 350, 80, 20]) turns(late / 2, { late, every: late * 1.5 })
    turns(1, { count: 100 })
    expect(admission.limit).toBe(Infinity)
  })
  it('collections of 150 ms, again and again', () => {
    const { admission, turns } = loop(500)
    for (let i = 0; i < 200; i++) {
      turns(5, { late: 150, every: 170 })
      turns(5, { count: 45 })
    }
    expect(admission.limit).toBe(Infinity)
  })
  it('full turns of many connections in closed loops', () => {
    const { admission, turns } = loop(1000)
    turns(60, { count: 1000, late: 40 })
    expect(admission.limit).toBe(Infinity)
  })
  it('any number of calls that wait for their providers', () => {
    const { admission, turns } = loop(50_000)
    turns(2, { count: 1000, used: 0.3 })
    expect(admission.limit).toBe(Infinity)
  })
  it('long turns with hardly a call: something else makes them', () => {
    const { admission, turns } = loop(10)
    turns(400, { count: 100 })
    expect(admission.limit).toBe(Infinity)
  })
})

describe('an overload', () => {
  it('begins with long turns that do not end', () => {
    const { admission, turns } = loop(400)
    turns(120, { count: 8 })
    expect(admission.limit).toBe(Infinity)
    turns(120)
    expect(admission.limit).toBe(400)
  })
  it('is seen between short turns, too', () => {
    const { admission, turns } = loop(400)
    for (let i = 0; i < 7; i++) {
      turns(1, { late: 200, every: 220 })
      turns(1, { count: 2 })
    }
    expect(admission.limit).toBeLessThan(Infinity)
  })
  it('takes fewer calls while turns are long, as soon as the last limit is reached', () => {
    const { admission, turns } = loop(400)
    turns(120, { count: 10 })
    turns(90, { count: 10, refused: 1 })
    expect(admission.limit).toBeLessThan(400)
    const { limit } = admission
    admission.calls = 399
    turns(90, { count: 10, refused: 1 })
    expect(admission.limit).toBe(limit)
    admission.calls = limit
    turns(90, { count: 100, refused: 1 })
    expect(admission.limit).toBeLessThan(limit)
    admission.calls = 0
    turns(90, { count: 500, refused: 1 })
    expect(admission.limit).toBe(16)
  })
  it('takes fewer calls while the loop never waits, though its turns are short', () => {
    const { admission, turns } = loop(400)
    turns(120, { count: 10 })
    turns(2, { count: 100, refused: 1 })
    expect(admission.limit).toBeLessThan(400)
  })
  it('takes more calls while the loop has nothing to do', () => {
    const { admission, turns } = loop(400)
    turns(120, { count: 10 })
    turns(3, { count: 50, refused: 1, used: 0.5 })
    expect(admission.limit).toBeGreaterThan(400)
  })
  it('takes no fewer because of callers who come back at once and are refused again', () => {
    const { admission, turns } = loop(400)
    turns(120, { count: 10 })
    const { limit } = admission
    turns(30, { count: 500, refused: 2000 })
    expect(admission.limit).toBeGreaterThanOrEqual(limit)
  })
  it('is over when nobody was refused for a while, and can begin again', () => {
    const { admission, turns } = loop(400)
    turns(120, { count: 10 })
    turns(3, { count: 20, refused: 1, used: 0.5 })
    turns(3, { count: 100, used: 0.5 })
    expect(admission.limit).toBeLessThan(Infinity)
    turns(3, { count: 100, used: 0.5 })
    expect(admission.limit).toBe(Infinity)
    turns(120, { count: 5 })
    expect(admission.limit).toBe(Infinity)
    turns(120, { count: 4 })
    expect(admission.limit).toBe(400)
  })
})

it('looks at the event loop until it is told to end, and forgets what it saw where the config says no', async () => {
  const admission = createAdmission()
  const end = watchTurns(admission, () => false)
  admission.limit = 5
  await until('the limit to be lifted', () => admission.limit === Infinity)
  end()
  watchTurns(admission, () => true)()
  admission.limit = 5
  await new Promise((resolve) => setTimeout(resolve, 150))
  expect(admission.limit).toBe(5)
})

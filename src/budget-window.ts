/** One window of a budget: from `start` until just before `end`, milliseconds since the epoch. */
export interface BudgetWindow {
  readonly start: number
  readonly end: number
}

const DURATION = /^([1-9]\d{0,5})(s|m|h|d|w|mo)$/
const UNIT_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000 } as const
const DAY = UNIT_MS.d
/** 1970-01-01 was a Thursday: the first Monday came four days later. */
const FIRST_MONDAY = 4

/** True for `30s`, `5m`, `12h`, `1d`, `2w`, `1mo`. */
export function isDuration(text: string): boolean {
  return DURATION.test(text)
}

/** Milliseconds of a duration; a month counts 30 days. Throws a RangeError for anything else. */
export function durationMs(duration: string): number {
  const { count, unit } = parse(duration)
  return count * (unit === 'mo' ? 30 * DAY : UNIT_MS[unit])
}

/**
 * The window that a moment lies in. Windows follow the calendar, as LiteLLM's resets do: days begin at midnight, `7d` and
 * weeks on Monday, months (`30d` too) on their first; hours and less are counted from midnight of 1970-01-01. No job
 * resets anything: a new window is a new count.
 * @param now milliseconds since the epoch
 * @param timezone IANA name; default UTC
 */
export function budgetWindow(duration: string, now: number, timezone = 'UTC'): BudgetWindow {
  const { count, unit } = parse(duration)
  if (unit === 's' || unit === 'm' || unit === 'h') {
    const length = count * UNIT_MS[unit]
    const start = Math.floor(now / length) * length
    return { start, end: start + length }
  }
  const day = localDay(now, timezone)
  if (unit === 'mo' || (unit === 'd' && count === 30)) {
    const months = unit === 'mo' ? count : 1
    const date = new Date(day * DAY)
    const index = date.getUTCFullYear() * 12 + date.getUTCMonth()
    const first = index - (index % months)
    return { start: midnight(monthDay(first), timezone), end: midnight(monthDay(first + months), timezone) }
  }
  const days = unit === 'w' ? count * 7 : count
  const from = days % 7 === 0 ? FIRST_MONDAY : 0
  const first = day - mod(day - from, days)
  return { start: midnight(first, timezone), end: midnight(first + days, timezone) }
}

function parse(duration: string): { count: number; unit: keyof typeof UNIT_MS | 'mo' } {
  const [, count, unit] = DURATION.exec(duration) ?? []
  if (unit === undefined) throw new RangeError(`"${duration}" is no duration: use a number with s, m, h, d, w or mo.`)
  return { count: Number(count), unit: unit as keyof typeof UNIT_MS | 'mo' }
}

/** Days since 1970-01-01 on the clocks of a timezone. */
function localDay(at: number, timezone: string): number {
  return Math.floor((at + offsetOf(at, timezone)) / DAY)
}

function monthDay(index: number): number {
  return Date.UTC(Math.floor(index / 12), index % 12, 1) / DAY
}

/**
 * When a day begins in a timezone. The offset may change on that very day: it is looked up again where the guess lies. Where
 * clocks go forward at midnight (Santiago, Asunción) there is none, and the day begins when they do.
 */
function midnight(day: number, timezone: string): number {
  const local = day * DAY
  const guess = local - offsetOf(local, timezone)
  const found = local - offsetOf(guess, timezone)
  return localDay(found, timezone) < day ? local - offsetOf(found, timezone) : found
}

const formats = new Map<string, Intl.DateTimeFormat>()

/** Milliseconds that a timezone is ahead of UTC. */
function offsetOf(at: number, timezone: string): number {
  if (timezone === 'UTC') return 0
  let format = formats.get(timezone)
  if (!format) {
    const numeric = { year: 'numeric', month: 'numeric', day: 'numeric', hour: 'numeric', minute: 'numeric' } as const
    format = new Intl.DateTimeFormat('en-US', { timeZone: timezone, hourCycle: 'h23', second: 'numeric', ...numeric })
    formats.set(timezone, format)
  }
  const parts = Object.fromEntries(format.formatToParts(at).map(({ type, value }) => [type, Number(value)]))
  const local = Date.UTC(
    parts['year']!,
    parts['month']! - 1,
    parts['day'],
    parts['hour'],
    parts['minute'],
    parts['second'],
  )
  return local - Math.floor(at / 1000) * 1000
}

function mod(value: number, by: number): number {
  return ((value % by) + by) % by
}

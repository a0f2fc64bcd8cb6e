import { expect, it } from 'vitest'
import { budgetWindow } from '../../src/index.ts'

const HOUR = 3_600_000
const at = (iso: string) => Date.parse(iso)

it('ends a day when the next one begins, where clocks go forward at midnight', () => {
  // Santiago, 2025-09-07: 00:00 at -04:00 was 01:00 at -03:00.
  const last = budgetWindow('1d', at('2025-09-07T03:30:00Z'), 'America/Santiago')
  expect(last).toEqual({ start: at('2025-09-06T04:00:00Z'), end: at('2025-09-07T04:00:00Z') })
  expect(budgetWindow('1d', last.end, 'America/Santiago').start).toBe(last.end)
})

it.each([
  'UTC',
  'Europe/Berlin',
  'Africa/Cairo',
  'America/Santiago',
  'America/Havana',
  'Asia/Beirut',
  'Australia/Lord_Howe',
])('cuts time in %s into windows without gaps, each beginning a day', (timezone) => {
  const days = new Intl.DateTimeFormat('en-CA', { timeZone: timezone })
  for (const duration of ['1d', '7d', '30d', '1mo', '3mo']) {
    let window = budgetWindow(duration, at('2024-01-01T12:00:00Z'), timezone)
    while (window.end < at('2026-06-01T00:00:00Z')) {
      const { start, end } = window
      expect(days.format(start - 1)).not.toBe(days.format(start))
      const moments = [start, start + HOUR / 2, start + 3 * HOUR, end - 3 * HOUR, end - HOUR / 2, end - 1]
      for (const now of moments) expect(budgetWindow(duration, now, timezone)).toEqual(window)
      window = budgetWindow(duration, end, timezone)
      expect(window.start).toBe(end)
    }
  }
})

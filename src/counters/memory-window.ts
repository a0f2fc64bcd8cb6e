import { WINDOW_BUCKETS } from './check-ops.ts'

/** A sliding window: the sub-spans in which something was added, oldest first. */
export interface Window {
  readonly windowMs: number
  sum: number
  /** Position of the oldest live sub-span in the lists. */
  head: number
  /** Numbers of the sub-spans since the epoch, rising. */
  readonly ids: number[]
  readonly counts: number[]
  /** When all has left. */
  expires: number
}

export function createWindow(windowMs: number): Window {
  return { windowMs, sum: 0, head: 0, ids: [], counts: [], expires: 0 }
}

/** Lets go of what has left the window. A sub-span leaves when its last moment is out, so the limit holds in any window. */
export function slide(window: Window, at: number): void {
  const oldest = spanOf(window, at) - WINDOW_BUCKETS
  const { ids, counts } = window
  while (window.head < ids.length && ids[window.head]! < oldest) window.sum -= counts[window.head++]!
  if (window.head > WINDOW_BUCKETS) {
    ids.splice(0, window.head)
    counts.splice(0, window.head)
    window.head = 0
  }
}

/** Adds at a moment; one that has left the window already changes nothing. The window must have been slid to `now`. */
export function addToWindow(window: Window, by: number, { now, at }: { now: number; at: number }): void {
  const current = spanOf(window, now)
  const span = Math.min(spanOf(window, at), current)
  if (span < current - WINDOW_BUCKETS) return
  const { ids, counts } = window
  let i = ids.length - 1
  while (i >= window.head && ids[i]! > span) i--
  if (i >= window.head && ids[i] === span) counts[i]! += by
  else if (i === ids.length - 1) {
    ids.push(span)
    counts.push(by)
  } else {
    ids.splice(i + 1, 0, span)
    counts.splice(i + 1, 0, by)
  }
  window.sum += by
  window.expires = Math.max(window.expires, leavesAt(window, span))
}

/** Milliseconds until `over` has left; the whole window where it never will. */
export function waitFor(window: Window, over: number, now: number): number {
  let left = 0
  for (let i = window.head; i < window.ids.length; i++) {
    left += window.counts[i]!
    if (left >= over) return leavesAt(window, window.ids[i]!) - now
  }
  return window.windowMs
}

function spanOf(window: Window, at: number): number {
  return Math.floor((at * WINDOW_BUCKETS) / window.windowMs)
}

function leavesAt(window: Window, span: number): number {
  return Math.ceil(((span + 1 + WINDOW_BUCKETS) * window.windowMs) / WINDOW_BUCKETS)
}

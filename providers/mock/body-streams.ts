import type { MockEvent } from './events.ts'
import { sleep } from './sleep.ts'

export interface EventStreamOptions {
  /** Tokens per second; 0: at once. */
  readonly pace: number
  readonly signal: AbortSignal
  /** Break after so many events instead of ending. */
  readonly breakAfter: number
}

const encoder = new TextEncoder()

/** Events as a stream of server-sent events, one per read, each when its time has come. */
export function streamEvents(events: readonly MockEvent[], options: EventStreamOptions): ReadableStream<Uint8Array> {
  const { pace, breakAfter } = options
  const left = new AbortController()
  const signal = AbortSignal.any([options.signal, left.signal])
  const started = performance.now()
  let at = 0
  let tokens = 0
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        signal.throwIfAborted()
        if (at === breakAfter) throw connectionReset()
        const event = events[at++]
        if (!event) return controller.close()
        // By the clock since the start, not from event to event: timers are late, and that would add up.
        const due = started + (tokens * 1000) / pace
        tokens += event.tokens
        // The clock is read once: timers warn of times that are over.
        const wait = due - performance.now()
        if (pace > 0 && wait > 0) await sleep(wait, signal)
        controller.enqueue(encoder.encode(`data: ${event.data}\n\n`))
      },
      cancel: () => left.abort(),
    },
    { highWaterMark: 0 },
  )
}

/** A body that breaks in its middle. */
export function brokenBody(text: string): ReadableStream<Uint8Array> {
  let sent = false
  return new ReadableStream<Uint8Array>({
    pull(controller) {
      if (sent) throw connectionReset()
      sent = true
      controller.enqueue(encoder.encode(text.slice(0, Math.ceil(text.length / 2))))
    },
  })
}

/** What a socket says when the other side is gone. */
function connectionReset(): Error {
  return Object.assign(new Error('The mock broke the connection, as it was asked to.'), { code: 'ECONNRESET' })
}

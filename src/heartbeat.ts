/** A stream that may fall silent. */
export interface Beating {
  /** `performance.now()` of the last bytes sent. */
  sentAt: number
  /** Sends a comment; only called between two events. */
  beat(): void
}

/** A stream in the list, and where it stands there. */
interface Entry {
  readonly stream: Beating
  readonly silence: number
  at: number
}

const CHECK_MS = 1000
// No Map and no Set: what they outgrow points to what they hold now, and every collection would carry all streams along.
const active: Entry[] = []
let timer: ReturnType<typeof setInterval> | undefined

/**
 * Keeps silent streams open: load balancers cut what says nothing for a minute. One timer serves all streams; SSE
 * comments (`: ping`) are ignored by every parser (WHATWG HTML, "Server-sent events").
 * @param seconds silence after which a comment is sent
 * @returns stops it
 */
export function keepAlive(stream: Beating, seconds: number): () => void {
  const entry: Entry = { stream, silence: seconds * 1000, at: active.length }
  active.push(entry)
  if (!timer) {
    timer = setInterval(check, CHECK_MS)
    ;(timer as { unref?: () => void }).unref?.()
  }
  return () => leave(entry)
}

/** The last one takes the place that becomes free. */
function leave(entry: Entry): void {
  if (active[entry.at] !== entry) return
  const last = active.pop()!
  if (last !== entry) {
    active[entry.at] = last
    last.at = entry.at
  }
  entry.at = -1
  if (active.length > 0 || !timer) return
  clearInterval(timer)
  timer = undefined
}

function check(): void {
  const now = performance.now()
  // A beat may end its stream: backwards, so that nobody is passed over.
  for (let i = active.length - 1; i >= 0; i--) {
    const entry = active[i]
    if (!entry || now - entry.stream.sentAt < entry.silence) continue
    entry.stream.sentAt = now
    entry.stream.beat()
  }
}

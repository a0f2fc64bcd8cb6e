/** A stream that may fall silent. */
export interface Beating {
  /** `performance.now()` of the last bytes sent. */
  sentAt: number
  /** Sends a comment; only called between two events. */
  beat(): void
}

const CHECK_MS = 1000
const active = new Map<Beating, number>()
let timer: ReturnType<typeof setInterval> | undefined

/**
 * Keeps silent streams open: load balancers cut what says nothing for a minute. One timer serves all streams; SSE
 * comments (`: ping`) are ignored by every parser (WHATWG HTML, "Server-sent events").
 * @param seconds silence after which a comment is sent
 * @returns stops it
 */
export function keepAlive(stream: Beating, seconds: number): () => void {
  active.set(stream, seconds * 1000)
  if (!timer) {
    timer = setInterval(check, CHECK_MS)
    ;(timer as { unref?: () => void }).unref?.()
  }
  return () => {
    active.delete(stream)
    if (active.size > 0 || !timer) return
    clearInterval(timer)
    timer = undefined
  }
}

function check(): void {
  const now = performance.now()
  for (const [stream, silence] of active) {
    if (now - stream.sentAt < silence) continue
    stream.sentAt = now
    stream.beat()
  }
}

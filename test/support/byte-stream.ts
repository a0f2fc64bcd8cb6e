import { ByteStream, concat } from '../../src/byte-stream.ts'
import type { StreamEnd } from '../../src/byte-stream.ts'

/** UTF-8. */
export const bytes = (text: string) => new TextEncoder().encode(text)
/** All of it as text. */
export const text = (chunks: readonly Uint8Array[]) => new TextDecoder().decode(concat(chunks))

/** A stream whose source notes what it is told. */
export function start() {
  const told: string[] = []
  const stream = new ByteStream({
    pause: () => void told.push('pause'),
    resume: () => void told.push('resume'),
    cancel: () => void told.push('cancel'),
  })
  const finished: StreamEnd[] = []
  return { stream, told, finished, watch: () => stream.onFinish((how) => finished.push(how)) }
}

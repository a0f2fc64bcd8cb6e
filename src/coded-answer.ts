import type { Transform } from 'node:stream'
import type { TransportControl } from './transport/types.ts'

/** Of a compressed answer at most this much is read: a few KB can become gigabytes. */
const MOST = 64 * 1024 * 1024

/** A compressed answer: takes what the upstream sends, and stands between its socket and whoever pauses it. */
export interface CodedAnswer extends TransportControl {
  write(chunk: Uint8Array): void
  end(): void
}

export interface CodedAnswerInput {
  /** The upstream's `content-encoding`. */
  readonly coding: string
  readonly control: TransportControl
  take(bytes: Uint8Array): void
  done(): void
  /** It cannot be read. Nothing follows. */
  broken(why: string): void
}

type Zlib = typeof import('node:zlib')

/**
 * Reads an answer that is compressed although nobody asked for it (RFC 9110 §8.4.1): some servers and proxies do that
 * whatever `accept-encoding` says.
 */
export function readCoded({ coding, control, take, done, broken }: CodedAnswerInput): CodedAnswer {
  let decoder: Transform | undefined
  /** What came while zlib was being loaded. */
  let waiting: Uint8Array[] = []
  let size = 0
  let ended = false
  let over = false
  let held = false
  let full = false

  const fail = (why: string) => {
    if (over) return
    over = true
    decoder?.destroy()
    broken(why)
  }
  const finish = () => {
    if (over) return
    over = true
    done()
  }
  const feed = (chunk: Uint8Array) => {
    if (decoder!.write(chunk) || full) return
    full = true
    control.pause()
    decoder!.once('drain', () => {
      full = false
      if (!held) control.resume()
    })
  }
  const start = (zlib: Zlib) => {
    if (over) return
    decoder = createDecoder(zlib, coding, waiting[0]!)
    if (!decoder) return fail(`answered in the encoding \`${coding}\`, which cannot be read`)
    decoder.on('data', (bytes: Uint8Array) => {
      if (over) return
      size += bytes.length
      if (size > MOST) fail(`sent more than 64 MB in a compressed answer (\`${coding}\`)`)
      else take(bytes)
    })
    decoder.on('end', finish)
    decoder.on('error', () => fail(`sent what is not the encoding \`${coding}\` that its headers name`))
    if (held) decoder.pause()
    const before = waiting
    waiting = []
    for (const chunk of before) feed(chunk)
    if (ended) decoder.end()
    else if (!held && !full) control.resume()
  }

  return {
    write(chunk) {
      if (over) return
      if (decoder) return feed(chunk)
      if (waiting.push(chunk) > 1) return
      control.pause()
      import('node:zlib').then(start, () => fail(`answered in the encoding \`${coding}\`, which cannot be read here`))
    },
    end() {
      ended = true
      if (decoder) decoder.end()
      else if (waiting.length === 0) finish()
    },
    pause() {
      held = true
      decoder?.pause()
      control.pause()
    },
    resume() {
      held = false
      decoder?.resume()
      if (decoder && !full) control.resume()
    },
    abort() {
      over = true
      decoder?.destroy()
      control.abort()
    },
  }
}

/** Undefined where nothing here reads it. */
function createDecoder(zlib: Zlib, coding: string, first: Uint8Array): Transform | undefined {
  switch (coding.trim().toLowerCase()) {
    case 'gzip':
    case 'x-gzip':
      return zlib.createGunzip()
    case 'deflate':
      // Zlib's format by the RFC; some send deflate without its head, which begins with 8 in the low half of the first byte.
      return (first[0]! & 15) === 8 ? zlib.createInflate() : zlib.createInflateRaw()
    case 'br':
      return zlib.createBrotliDecompress()
    case 'zstd':
      // Since Node 22.15.
      return zlib.createZstdDecompress?.()
    default:
      return undefined
  }
}

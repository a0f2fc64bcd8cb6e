import type { SseEvent } from './types/chat.ts'

/** Turns bytes that arrive in any pieces into events. */
export interface Framer {
  push(chunk: Uint8Array): void
  /** The body ended: a last event or line without its end mark is emitted as well, as providers forget it. */
  end(): void
}

const EVENT_LIMIT = 64 * 1024 * 1024

/**
 * Parses server-sent events (WHATWG HTML, "Server-sent events": CR, LF and CRLF ends, comments, several `data` lines,
 * one leading BOM). Every byte offset is a legal place to be split at. Events without data are not emitted.
 */
export function createSseParser(emit: (event: SseEvent) => void): Framer {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: false })
  let rest = ''
  let skipLf = false
  let name: string | undefined
  let data: string | undefined

  const line = (text: string, from: number, to: number) => {
    if (from === to) {
      if (data !== undefined) emit({ event: name, data })
      name = data = undefined
      return
    }
    // `data:` is nearly every line: read without splitting.
    if (text.startsWith('data:', from)) {
      const value = text.slice(text.charCodeAt(from + 5) === 32 ? from + 6 : from + 5, to)
      data = data === undefined ? value : `${data}\n${value}`
      return
    }
    const colon = text.indexOf(':', from)
    const end = colon < 0 || colon > to ? to : colon
    const field = text.slice(from, end)
    const value = end === to ? '' : text.slice(text.charCodeAt(end + 1) === 32 ? end + 2 : end + 1, to)
    if (field === 'event') name = value
    else if (field === 'data') data = data === undefined ? value : `${data}\n${value}`
  }

  const feed = (piece: string) => {
    if (skipLf && piece) {
      if (piece.charCodeAt(0) === 10) piece = piece.slice(1)
      skipLf = false
    }
    const text = rest ? rest + piece : piece
    // What was already searched for line ends needs no second look, or a long event would cost its length squared.
    let scan = rest.length
    let from = 0
    let lf = text.indexOf('\n', scan)
    let cr = text.indexOf('\r', scan)
    while (lf >= 0 || cr >= 0) {
      if (cr >= 0 && (lf < 0 || cr < lf)) {
        line(text, from, cr)
        if (cr + 1 === text.length) skipLf = true
        from = lf === cr + 1 ? lf + 1 : cr + 1
        if (lf === cr + 1) lf = text.indexOf('\n', from)
        cr = text.indexOf('\r', from)
      } else {
        line(text, from, lf)
        from = lf + 1
        lf = text.indexOf('\n', from)
      }
      scan = from
    }
    rest = from === 0 ? text : text.slice(from)
    if (rest.length > EVENT_LIMIT) throw new Error('An event of the stream is longer than 64 MiB')
  }

  return {
    push: (chunk) => feed(decoder.decode(chunk, { stream: true })),
    end() {
      feed(decoder.decode())
      if (rest) line(rest, 0, rest.length)
      rest = ''
      if (data !== undefined) emit({ event: name, data })
      data = undefined
    },
  }
}

/** Reads newline-delimited JSON: one event per line that is not empty. */
export function createNdjsonParser(emit: (event: SseEvent) => void): Framer {
  const decoder = new TextDecoder()
  let rest = ''
  const feed = (piece: string) => {
    let from = 0
    let at = piece.indexOf('\n')
    while (at >= 0) {
      const text = (rest + piece.slice(from, at)).trim()
      rest = ''
      if (text) emit({ data: text })
      from = at + 1
      at = piece.indexOf('\n', from)
    }
    rest += piece.slice(from)
    if (rest.length > EVENT_LIMIT) throw new Error('A line of the stream is longer than 64 MiB')
  }
  return {
    push: (chunk) => feed(decoder.decode(chunk, { stream: true })),
    end() {
      feed(decoder.decode())
      const text = rest.trim()
      rest = ''
      if (text) emit({ data: text })
    },
  }
}

const QUOTE = 34
const BACKSLASH = 92
const encoder = new TextEncoder()

/** A search needle, prepared. One that begins with a quote would cost six times as much: a quote comes every few bytes. */
export function toNeedle(text: string): Uint8Array {
  return encoder.encode(text)
}

/** The same bytes with Node's fast search, where there is one. Made once for many searches. */
export function searchable(bytes: Uint8Array): Uint8Array {
  if (typeof Buffer === 'undefined' || bytes instanceof Buffer) return bytes
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)
}

/** Where the needle stands, or -1. */
export function indexOf(bytes: Uint8Array, needle: Uint8Array, from: number): number {
  if (typeof Buffer !== 'undefined' && bytes instanceof Buffer) return bytes.indexOf(needle, from)
  for (let at = bytes.indexOf(needle[0]!, from); at >= 0; at = bytes.indexOf(needle[0]!, at + 1)) {
    if (needle.every((byte, i) => bytes[at + i] === byte)) return at
  }
  return -1
}

const COLON = 58
const SPACE = 32
/** Its first byte stands in few names. */
const REASON = toNeedle('_reason"')

/** So many choices are looked at, the last first: a reason is the last thing that is said of one. */
const LAST_CHOICES = 4

/** Whether a choice says in whole chunks why it ended: `"finish_reason":"stop"`, not `null` and not empty. */
export function hasReason(bytes: Uint8Array): boolean {
  let end = bytes.length
  for (let looked = 0; looked < LAST_CHOICES; looked++) {
    const found = lastIndexOf(bytes, REASON, end)
    if (found < 0) return false
    let at = found + REASON.length
    while (bytes[at] === COLON || bytes[at] === SPACE) at++
    if (bytes[at] === QUOTE && bytes[at + 1] !== QUOTE) return true
    end = found - 1
  }
  return false
}

/** Where the needle stands last, at `from` or before, or -1. */
function lastIndexOf(bytes: Uint8Array, needle: Uint8Array, from: number): number {
  if (from < 0) return -1
  if (typeof Buffer !== 'undefined' && bytes instanceof Buffer) return bytes.lastIndexOf(needle, from)
  for (
    let at = bytes.lastIndexOf(needle[0]!, from);
    at >= 0;
    at = at > 0 ? bytes.lastIndexOf(needle[0]!, at - 1) : -1
  ) {
    if (needle.every((byte, i) => bytes[at + i] === byte)) return at
  }
  return -1
}

/** What follows `delta.content`, `delta.reasoning_content`: a string that is nearly all of what a chunk generates. */
const CONTENT = toNeedle('content":"')
/** Longer reads are counted by their beginning. */
const SAMPLE = 2048
/** A tool call's arguments, the text of the completions dialect, the pieces of the Responses API. */
const OTHERS = [toNeedle('arguments":"'), toNeedle('text":"'), toNeedle('delta":"')]

/**
 * Bytes of generated text in whole chunks of OpenAI's chat or completions dialect, without parsing them: the contents of
 * their text fields, as they are escaped. Inside of strings quotes are escaped, so prose never matches.
 */
export function textBytes(bytes: Uint8Array): number {
  if (bytes.length <= SAMPLE) return countText(bytes)
  // A stream is as like itself as this needs: what came at once is not looked through.
  return Math.round((countText(bytes.subarray(0, SAMPLE)) * bytes.length) / SAMPLE)
}

function countText(bytes: Uint8Array): number {
  const count = stringsAfter(bytes, CONTENT)
  if (count > 0) return count
  return OTHERS.reduce((sum, needle) => sum + stringsAfter(bytes, needle), 0)
}

function stringsAfter(bytes: Uint8Array, needle: Uint8Array): number {
  let sum = 0
  for (let at = indexOf(bytes, needle, 0); at >= 0; at = indexOf(bytes, needle, at)) {
    const start = at + needle.length
    let end = start
    while (end < bytes.length && bytes[end] !== QUOTE) end += bytes[end] === BACKSLASH ? 2 : 1
    sum += Math.min(end, bytes.length) - start
    at = end
  }
  return sum
}

import { decodeStrictly } from '../decode-text.ts'
import { scanObject } from '../json-scan.ts'
import type { Member } from '../json-scan.ts'
import { scanStrings } from './scanner.ts'

/** A JSON object without the contents of its long strings: they are checked, but nobody may ever ask for them. */
export interface Outline {
  /** The object; long strings in it are empty. */
  readonly body: Record<string, unknown>
  /** Top-level members, as places in the bytes. */
  readonly members: readonly Member[]
  readonly depth: number
  readonly odd: boolean
  /** Members that are not whole in `body`. */
  readonly cut: readonly Member[]
}

/** Bytes between a long string's quotes. Shorter ones cost less where they stand than left out. */
const LONG = 64

/**
 * The outline of a JSON object in UTF-8 (checked by the caller). Undefined for anything that a closer look must explain: no
 * JSON, no object, no long string in it.
 */
export function outlineOf(bytes: Uint8Array): Outline | undefined {
  const scanned = scanStrings(bytes, LONG)
  if (scanned === undefined || scanned.cuts[0] === -1) return undefined
  const { left, cuts } = scanned
  let text: string
  let body: unknown
  try {
    text = decodeStrictly(left)
    body = JSON.parse(text)
  } catch {
    return undefined
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return undefined
  const { members, depth, odd } = scanObject(text)
  const place = placesIn(text, left, cuts)
  const moved: Member[] = []
  const cut: Member[] = []
  for (const { key, start, valueStart, end } of members) {
    const member = { key, start: place.of(start), valueStart: place.of(valueStart), end: 0 }
    const before = place.passed()
    member.end = place.of(end)
    moved.push(member)
    if (place.passed() > before) cut.push(member)
  }
  // Of members of one name the last counts.
  const counted = cut.filter((member) => moved.findLast(({ key }) => key === member.key) === member)
  return { body: body as Record<string, unknown>, members: moved, depth, odd, cut: counted }
}

/** From characters of what is left to bytes of the text, asked for in rising order. */
function placesIn(text: string, left: Uint8Array, cuts: Int32Array) {
  const ascii = text.length === left.length
  let chars = 0
  let offset = 0
  let next = 0
  let removed = 0
  return {
    of(at: number): number {
      if (!ascii) {
        offset += Buffer.byteLength(text.slice(chars, at))
        chars = at
      }
      const here = ascii ? at : offset
      for (; cuts[next] !== -1 && cuts[next]! - removed < here; next += 2) removed += cuts[next + 1]! - cuts[next]!
      return here + removed
    },
    /** How many strings were left out up to here. */
    passed: () => next,
  }
}

import type { Call } from './types/call.ts'

/** Where one top-level member of a JSON object stands in its text. */
export interface Member {
  readonly key: string
  /** Offset of the key's opening quote. */
  readonly start: number
  readonly valueStart: number
  /** Offset behind the value. */
  readonly end: number
}

const QUOTE = 34
const BACKSLASH = 92
const COLON = 58
const COMMA = 44

export interface ScannedObject {
  readonly members: Member[]
  readonly depth: number
  /** Some string in it may be a key that reaches for prototypes. */
  readonly odd: boolean
}

/**
 * Finds the top-level members of a JSON object's text that `JSON.parse` has accepted, and how deep it nests. Strings are
 * skipped with `indexOf`, so the cost follows the structure and not the length of the prompts.
 */
export function scanObject(text: string): ScannedObject {
  const members: Member[] = []
  let odd = false
  let depth = 0
  let deepest = 0
  let keyStart = -1
  let keyEnd = -1
  let valueStart = -1
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i)
    if (c === QUOTE) {
      const start = i
      i = stringEnd(text, i)
      if (i - start > ODD && i - start <= ODD_ESCAPED + 1) odd ||= isOdd(text, start + 1, i)
      if (depth === 1 && valueStart < 0) {
        keyStart = start
        keyEnd = i + 1
      }
    } else if (c === 123 || c === 91) {
      if (++depth > deepest) deepest = depth
    } else if (c === 125 || c === 93) {
      if (depth-- === 1 && valueStart >= 0) members.push(member(text, keyStart, keyEnd, valueStart, i))
    } else if (depth === 1) {
      if (c === COLON) valueStart = i + 1
      else if (c === COMMA) {
        members.push(member(text, keyStart, keyEnd, valueStart, i))
        valueStart = -1
      }
    }
  }
  return { members, depth: deepest, odd }
}

/** The length of `__proto__` and of `prototype`, and with every letter written as `\u0061`. */
const ODD = 9
const ODD_ESCAPED = 54

/** `__proto__`, `prototype`, or a short string with escapes of ASCII letters, which nobody needs to write. */
function isOdd(text: string, start: number, end: number): boolean {
  if (end - start === ODD) return text.startsWith('__proto__', start) || text.startsWith('prototype', start)
  return text.slice(start, end).includes('\\u00')
}

/** Top-level changes of a JSON body. */
export interface BodyEdits {
  /** Members to set: replaced where they stand, appended where they do not. */
  set?: Readonly<Record<string, unknown>> | undefined
  remove?: readonly string[] | undefined
}

/**
 * The call's JSON text with some top-level members changed and every other byte as it came: unknown fields, key order,
 * number spelling and spacing survive, and a large prompt is not serialised again.
 */
export function rewriteBody(call: Call, edits: BodyEdits): string {
  if (!isJson(call)) return JSON.stringify({ ...omit(call.body, edits.remove), ...edits.set })
  return rewriteText(call.raw as string, membersOf(call), edits)
}

/**
 * As {@link rewriteBody}, in the bytes that came where they are known: what did not change is neither encoded again nor
 * copied, which for a long prompt costs more than everything else of a call.
 */
export function rewriteBytes(call: Call, edits: BodyEdits): string | readonly (string | Uint8Array)[] {
  const { bytes, members, inBytes } = call as ScannedCall
  if (!bytes) return rewriteBody(call, edits)
  if (inBytes) {
    // An outline has a member at least, so that nobody asks where the object would be empty.
    const pieces = piecesOf(bytes.length, bytes.length, members!, edits)
    return pieces.map((piece) => (typeof piece === 'string' ? piece : bytes.subarray(piece.from, piece.to)))
  }
  const text = call.raw as string
  return toBytes(text, bytes, piecesOf(text.length, text.lastIndexOf('}'), membersOf(call), edits))
}

/** Whether a call's body is JSON; without decoding it to say so. */
export function isJson(call: Call): boolean {
  return (call as ScannedCall).members !== undefined || typeof call.raw === 'string'
}

/** As {@link rewriteBody}, for a text whose members are known. */
export function rewriteText(text: string, members: readonly Member[], edits: BodyEdits): string {
  let out = ''
  for (const piece of piecesOf(text.length, text.lastIndexOf('}'), members, edits)) {
    out += typeof piece === 'string' ? piece : text.slice(piece.from, piece.to)
  }
  return out
}

/** A stretch of the original text. */
interface Stretch {
  readonly from: number
  to: number
}

/**
 * The rewritten text as new pieces and stretches of the old one; stretches that touch are one. `brace` is where an object
 * without members ends.
 */
function piecesOf(length: number, brace: number, members: readonly Member[], edits: BodyEdits): (string | Stretch)[] {
  const set = edits.set ?? {}
  const written = new Set<string>()
  const last = members.length - 1
  const pieces: (string | Stretch)[] = []
  const keep = (from: number, to: number) => {
    const before = pieces.at(-1)
    if (typeof before === 'object' && before.to === from) before.to = to
    else pieces.push({ from, to })
  }
  keep(0, members[0]?.start ?? brace)
  let empty = true
  for (let i = 0; i <= last; i++) {
    const m = members[i]!
    if (edits.remove?.includes(m.key)) continue
    if (!empty) keep(members[i - 1]!.end, m.start)
    empty = false
    const value = Object.hasOwn(set, m.key) ? set[m.key] : undefined
    if (value === undefined) keep(m.start, m.end)
    else {
      keep(m.start, m.valueStart)
      pieces.push(JSON.stringify(value))
      written.add(m.key)
    }
  }
  for (const key of Object.keys(set)) {
    if (written.has(key) || set[key] === undefined) continue
    pieces.push(`${empty ? '' : ','}${JSON.stringify(key)}:${JSON.stringify(set[key])}`)
    empty = false
  }
  keep(last < 0 ? brace : members[last]!.end, length)
  return pieces
}

const encoder = new TextEncoder()

function toBytes(text: string, bytes: Uint8Array, pieces: readonly (string | Stretch)[]): (string | Uint8Array)[] {
  const ascii = text.length === bytes.length
  let chars = 0
  let offset = 0
  /** Where a character of the text stands in the bytes; asked for in rising order. */
  const byteAt = (at: number): number => {
    if (ascii) return at
    if (at === text.length) return bytes.length
    offset += byteLength(text.slice(chars, at))
    chars = at
    return offset
  }
  return pieces.map((piece) =>
    typeof piece === 'string' ? piece : bytes.subarray(byteAt(piece.from), byteAt(piece.to)),
  )
}

function byteLength(text: string): number {
  return typeof Buffer === 'undefined' ? encoder.encode(text).length : Buffer.byteLength(text)
}

const scans = new WeakMap<Call, readonly Member[]>()

/** The members of a call's JSON text. Scanned once: where the body is read, or here. */
export function membersOf(call: Call): readonly Member[] {
  const { members: known, inBytes } = call as ScannedCall
  if (known && !inBytes) return known
  let members = scans.get(call)
  if (!members) scans.set(call, (members = scanObject(call.raw as string).members))
  return members
}

/** A call that remembers where its members stand. */
export interface ScannedCall extends Call {
  readonly members?: readonly Member[] | undefined
  /** Whether `members` are places in `bytes`, and not in the text. */
  readonly inBytes?: boolean | undefined
  /** The bytes that `raw` is decoded from. */
  readonly bytes?: Uint8Array | undefined
}

function stringEnd(text: string, start: number): number {
  let i = start
  for (;;) {
    i = text.indexOf('"', i + 1)
    if (i < 0) return text.length
    if (text.charCodeAt(i - 1) !== BACKSLASH) return i
    let slashes = 1
    while (text.charCodeAt(i - 1 - slashes) === BACKSLASH) slashes++
    if (slashes % 2 === 0) return i
  }
}

function member(text: string, keyStart: number, keyEnd: number, valueStart: number, end: number): Member {
  const quoted = text.slice(keyStart, keyEnd)
  const key = quoted.includes('\\') ? (JSON.parse(quoted) as string) : quoted.slice(1, -1)
  let from = valueStart
  while (isSpace(text.charCodeAt(from))) from++
  let to = end
  while (isSpace(text.charCodeAt(to - 1))) to--
  return { key, start: keyStart, valueStart: from, end: to }
}

function isSpace(c: number): boolean {
  return c === 32 || c === 10 || c === 13 || c === 9
}

function omit(body: Readonly<Record<string, unknown>>, keys: readonly string[] | undefined): Record<string, unknown> {
  const out = { ...body }
  for (const key of keys ?? []) delete out[key]
  return out
}

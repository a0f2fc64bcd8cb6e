import type { Usage } from '../types/call.ts'
import { concat } from '../byte-stream.ts'
import type { ErrorShape } from '../types/chat.ts'
import { readOpenAIError } from '../openai-error.ts'
import { usageIn } from '../usage.ts'
import { hasReason, indexOf, searchable, textBytes, toNeedle } from './event-scan.ts'

/** Watches an OpenAI-shaped SSE stream go by. */
export interface SseTap {
  /** What to send on for the bytes that came, in pieces of them: joined again they would be copied. */
  push(chunk: Uint8Array): readonly Uint8Array[]
  /** What is still held when the upstream has ended. */
  end(): readonly Uint8Array[]
  usage(): Usage | undefined
  /** Bytes of text generated so far. */
  generated(): number
  /** Those of them that the last usage says nothing of. */
  uncounted(): number
  /** An event that says the provider failed. It is sent on like any other. */
  reported(): ErrorShape | undefined
  /** A choice has said why it ended; only where that is watched. */
  finished(): boolean
  /** A part of an event has been sent on: nothing else may be written before its end. */
  midEvent(): boolean
}

export interface SseTapOptions {
  /** Cut the usage chunk out. */
  readonly withhold: boolean
  /** Look for the reasons why choices ended. */
  readonly watchEnd?: boolean | undefined
  /** What the usage chunk shall say of the call's cost, in USD. */
  readonly costOf?: ((usage: Usage) => number | undefined) | undefined
}

const HELD_LIMIT = 256 * 1024

/**
 * Reads usage from a stream without parsing it: only the event that carries `"usage":{` is looked into. An incomplete
 * event waits for its end, which costs the client nothing, since no parser can use half an event; so a stream that
 * breaks can still be ended with a clean error event. With `withhold` the usage chunk is cut out (the gateway asked for
 * it, the client did not). Inside JSON strings quotes are escaped, so prose never matches.
 */
export function createSseTap(options: SseTapOptions): SseTap {
  let held: Uint8Array | undefined
  let usage: Usage | undefined
  let reported: ErrorShape | undefined
  let generated = 0
  let counted = 0
  let midEvent = false
  let finished = false

  /** The bytes without usage chunks, with the cost in the last one, or as they are. */
  const edited = (bytes: Uint8Array, found: Found, places: number[]): Uint8Array[] => {
    if (options.withhold) return withoutUsage(bytes, found, places)
    const chunk = options.costOf && withCost(found, options.costOf)
    return chunk ? [bytes.subarray(0, found.start), chunk, bytes.subarray(found.end)] : [bytes]
  }

  /** Whole events: what they tell, and what of them is sent on. */
  const take = (whole: Uint8Array): Uint8Array[] => {
    const bytes = searchable(whole)
    generated += textBytes(bytes)
    reported ??= findError(bytes)
    if (options.watchEnd && !finished) finished = hasReason(bytes)
    const places = usagePlaces(bytes)
    const found = places.length > 0 ? findUsage(bytes, places) : undefined
    if (!found) return [bytes]
    usage = found.usage ?? usage
    if (found.usage && found.usage.output > 0) counted = generated
    return edited(bytes, found, places).filter(notEmpty)
  }

  return {
    push(chunk) {
      const window = held ? concat([held, chunk]) : chunk
      const boundary = lastBoundary(window)
      held = boundary < window.length ? window.subarray(boundary) : undefined
      if (boundary > 0) midEvent = false
      const out = boundary > 0 ? take(window.subarray(0, boundary)) : []
      if (held && held.length > HELD_LIMIT) {
        // Far too long for a usage event: let it pass in pieces.
        out.push(held)
        held = undefined
        midEvent = true
      }
      return out
    },
    end() {
      const rest = held
      held = undefined
      return rest ? take(rest) : []
    },
    usage() {
      return usage
    },
    generated() {
      return generated
    },
    uncounted() {
      return generated - counted
    },
    reported() {
      return reported
    },
    finished() {
      return finished
    },
    midEvent() {
      return midEvent
    },
  }
}

const decoder = new TextDecoder()
const encoder = new TextEncoder()
const LF = 10
const CR = 13
/** The end of `"usage":{`, without and with a space: `g` is rare in JSON, which is what makes a search fast. */
const NEEDLES = [toNeedle('ge":{'), toNeedle('ge": {')]
const USAGE = toNeedle('"usa')
const ERROR = toNeedle('error":')
/** An error is the last thing a provider says: no more of a read is looked through for one. */
const NEAR_END = 4096

/** Offset behind the last blank line: everything before is whole events. */
function lastBoundary(bytes: Uint8Array): number {
  let at = bytes.lastIndexOf(LF)
  while (at > 0) {
    if (bytes[at - 1] === LF) return at + 1
    if (bytes[at - 1] === CR && bytes[at - 2] === LF) return at + 1
    at = bytes.lastIndexOf(LF, at - 1)
  }
  return 0
}

/** An event that carries usage. `only`: and nothing else. */
interface Found {
  /** Undefined where it counts nothing: `"usage":{}`. */
  readonly usage: Usage | undefined
  readonly chunk: Chunk
  readonly only: boolean
  readonly start: number
  readonly end: number
}

interface Chunk {
  readonly usage?: Record<string, unknown> | null
  readonly choices?: unknown[]
  /** The Responses API wraps the finished answer (API reference, "response.completed"). */
  readonly response?: { readonly usage?: unknown } | null
}

/** The last event that carries usage, of the places that are left; takes those it has looked at. */
function findUsage(bytes: Uint8Array, places: number[]): Found | undefined {
  for (let at = places.pop(); at !== undefined; at = places.pop()) {
    const start = lastBoundary(bytes.subarray(0, at))
    const end = eventEnd(bytes, at)
    while (places.length > 0 && places.at(-1)! >= start) places.pop()
    const parsed = parseEvent(decoder.decode(bytes.subarray(start, end)))
    if (parsed) return { ...parsed, start, end }
  }
  return undefined
}

/** Whole events without those that carry usage and nothing else; nearly always one, the last that was found. */
function withoutUsage(bytes: Uint8Array, last: Found, places: number[]): Uint8Array[] {
  const kept: Uint8Array[] = []
  let end = bytes.length
  for (let found: Found | undefined = last; found; found = findUsage(bytes, places)) {
    if (!found.only) continue
    kept.unshift(bytes.subarray(found.end, end))
    end = found.start
  }
  kept.unshift(bytes.subarray(0, end))
  return kept
}

function notEmpty(bytes: Uint8Array): boolean {
  return bytes.length > 0
}

function parseEvent(text: string): Pick<Found, 'usage' | 'chunk' | 'only'> | undefined {
  const data = text.indexOf('data:')
  if (data < 0) return undefined
  try {
    const chunk = JSON.parse(text.slice(data + 5)) as Chunk
    const holder = isObject(chunk.usage) ? chunk : chunk.response
    if (!isObject(holder?.usage)) return undefined
    const only = Array.isArray(chunk.choices) && chunk.choices.length === 0
    return { usage: usageIn(holder), chunk, only }
  } catch {
    return undefined
  }
}

/** An event that is an error: `{"error":{…}}` on its top level. */
function findError(bytes: Uint8Array): ErrorShape | undefined {
  for (
    let at = indexOf(bytes, ERROR, Math.max(1, bytes.length - NEAR_END));
    at >= 0;
    at = indexOf(bytes, ERROR, at + ERROR.length)
  ) {
    if (bytes[at - 1] !== 34) continue
    const text = decoder.decode(bytes.subarray(lastBoundary(bytes.subarray(0, at)), eventEnd(bytes, at)))
    const json = text.slice(text.indexOf('data:') + 5)
    const { error } = (parseJson(json) ?? {}) as { error?: unknown }
    if (typeof error === 'object' && error !== null) return readOpenAIError(500, json)
  }
  return undefined
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}

/** The usage chunk with `usage.cost`; undefined where the cost is not known. */
function withCost({ chunk, usage }: Found, costOf: NonNullable<SseTapOptions['costOf']>): Uint8Array | undefined {
  const cost = usage && chunk.usage ? costOf(usage) : undefined
  if (cost === undefined) return undefined
  return encoder.encode(`data: ${JSON.stringify({ ...chunk, usage: { ...chunk.usage, cost } })}\n\n`)
}

/** Where `"usage":{` stands, in rising order. */
function usagePlaces(bytes: Uint8Array): number[] {
  const places: number[] = []
  for (const needle of NEEDLES) {
    for (let at = indexOf(bytes, needle, USAGE.length); at >= 0; at = indexOf(bytes, needle, at + needle.length)) {
      if (USAGE.every((byte, i) => bytes[at - USAGE.length + i] === byte)) places.push(at)
    }
  }
  return places.length > 1 ? places.sort((a, b) => a - b) : places
}

function eventEnd(bytes: Uint8Array, at: number): number {
  for (let lf = bytes.indexOf(LF, at); lf >= 0; lf = bytes.indexOf(LF, lf + 1)) {
    if (bytes[lf + 1] === LF) return lf + 2
    if (bytes[lf + 1] === CR && bytes[lf + 2] === LF) return lf + 3
  }
  return bytes.length
}

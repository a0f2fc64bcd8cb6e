import { decodeStrictly, isSurelyUtf8 } from './decode-text.ts'
import { GatewayError, invalidRequest } from './error.ts'
import { scanObject } from './json-scan.ts'
import type { Member } from './json-scan.ts'
import { bodyOf } from './outline/long-body.ts'
import { outlineOf } from './outline/outline.ts'

/** A JSON body: its text, its value, and where its members stand. */
export interface ParsedBody {
  readonly text: string
  readonly body: Record<string, unknown>
  readonly members: readonly Member[]
  /** What `text` was decoded from. */
  readonly bytes: Uint8Array
}

/** A body that may be long: what nobody asks for is checked, and never made. */
export interface LongBody {
  /** Absent where nobody has decoded it yet. */
  readonly text?: string
  /** Members with long strings in them are parsed when they are asked for. */
  readonly body: Record<string, unknown>
  readonly members: readonly Member[]
  /** Whether `members` are places in the bytes, and not in the text. */
  readonly inBytes: boolean
  readonly bytes: Uint8Array
  /** What the quick look at it said. */
  readonly plain: boolean
}

/** Says of a body whether it is plainly in order; it looks at no string's contents but for whether there are any. */
export type QuickLook = (body: Readonly<Record<string, unknown>>) => boolean

/** From here on an outline is worth its making. */
const LONG_BODY = 4096
/** What the scanner's memory may grow to: it stays. */
const LONGEST_OUTLINE = 1_048_576

/** As {@link parseJsonBody}, for bodies with prompts in them, most of which pass through unread. */
export function readJsonBody(given: Uint8Array, depth: number, look?: QuickLook): LongBody {
  const bytes = withoutMark(given)
  if (bytes.length >= LONG_BODY && bytes.length <= LONGEST_OUTLINE && isSurelyUtf8(bytes)) {
    const outline = outlineOf(bytes)
    if (outline) {
      refuseOdd(outline, outline.body, depth)
      const { members } = outline
      return { body: bodyOf(outline, bytes), members, inBytes: true, bytes, plain: look?.(outline.body) === true }
    }
  }
  const { text, body, members } = parseJsonBody(bytes, depth)
  return { text, body, members, inBytes: false, bytes, plain: look?.(body) === true }
}

/**
 * Decodes and parses a JSON object. Refuses with 400: bytes that are not UTF-8 (RFC 8259 §8.1), text that is not JSON,
 * anything but an object, nesting deeper than `depth`, and `__proto__` or `constructor.prototype` keys, which no API has
 * a use for.
 */
export function parseJsonBody(given: Uint8Array, depth: number): ParsedBody {
  const bytes = withoutMark(given)
  const text = decode(bytes)
  if (!text.trim()) throw invalidRequest('The request body is empty; it must be a JSON object.', null, 'invalid_json')
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (error) {
    throw invalidRequest(`The request body is not valid JSON${position(error)}.`, null, 'invalid_json')
  }
  if (typeof body !== 'object' || body === null || Array.isArray(body)) {
    throw invalidRequest('The request body must be a JSON object.', null, 'invalid_json')
  }
  const scan = scanObject(text)
  refuseOdd(scan, body, depth)
  return { text, body: body as Record<string, unknown>, members: scan.members, bytes }
}

function refuseOdd(scan: { readonly depth: number; readonly odd: boolean }, body: object, depth: number): void {
  if (scan.depth > depth) {
    throw invalidRequest(`The request body nests deeper than ${depth} levels.`, null, 'json_too_deep')
  }
  if (scan.odd) refuseProto(body, '')
}

/** RFC 8259 §8.1 lets a parser ignore a byte order mark; no provider should have to. */
function withoutMark(bytes: Uint8Array): Uint8Array {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf ? bytes.subarray(3) : bytes
}

function decode(bytes: Uint8Array): string {
  try {
    return decodeStrictly(bytes)
  } catch {
    throw invalidRequest('The request body is not valid UTF-8.', null, 'invalid_encoding')
  }
}

function position(error: unknown): string {
  const at = /position (\d+)/.exec(error instanceof Error ? error.message : '')
  return at ? ` (at position ${at[1]})` : ''
}

function refuseProto(value: unknown, path: string): void {
  if (typeof value !== 'object' || value === null) return
  for (const key of Object.keys(value)) {
    const here = Array.isArray(value) ? `${path}[${key}]` : path ? `${path}.${key}` : key
    if (key === '__proto__') throw invalidRequest('The key `__proto__` is not allowed.', here, 'invalid_key')
    const inner = (value as Record<string, unknown>)[key]
    if (key === 'constructor' && typeof inner === 'object' && inner !== null && Object.hasOwn(inner, 'prototype')) {
      throw invalidRequest('The key `constructor.prototype` is not allowed.', `${here}.prototype`, 'invalid_key')
    }
    refuseProto(inner, here)
  }
}

/** 415 for a body of another type on a JSON endpoint. */
export function wrongContentType(type: string): GatewayError {
  return new GatewayError(415, `This endpoint takes application/json, not ${type.slice(0, 100)}.`, {
    type: 'invalid_request_error',
    code: 'unsupported_media_type',
  })
}

/** What a driver keeps for a value: the value with its type, and its end. */
export interface Entry {
  readonly value: unknown
  /** Milliseconds since the epoch; undefined: no end. */
  readonly until: number | undefined
}

const HEAD = /^\{"ungate":1,"until":(\d+)/

/**
 * Writes an envelope. It begins with the end, so that a sweep reads a few bytes of it.
 * Throws a TypeError for what JSON would lose in silence: functions, maps, sets and other classes.
 */
export function toEnvelope({ value, until }: Entry): string {
  const end = until === undefined ? '' : `,"until":${Math.ceil(until)}`
  if (value instanceof Uint8Array) return `{"ungate":1${end},"base64":"${Buffer.from(value).toString('base64')}"}`
  const json = isJson(value) ? JSON.stringify(value) : undefined
  if (json === undefined) throw new TypeError(`storage cannot keep ${kindOf(value)}: give JSON or bytes`)
  return `{"ungate":1${end},"value":${json}}`
}

/** Reads what a driver gave: text, or the parsed object. What is no envelope is a document of somebody else: as it is. */
export function fromEnvelope(found: unknown): Entry | undefined {
  if (found === null || found === undefined) return undefined
  if (typeof found !== 'object' || (found as { ungate?: unknown }).ungate !== 1)
    return { value: found, until: undefined }
  const { until, value, base64 } = found as { until?: unknown; value?: unknown; base64?: unknown }
  return {
    value: typeof base64 === 'string' ? new Uint8Array(Buffer.from(base64, 'base64')) : value,
    until: typeof until === 'number' ? until : undefined,
  }
}

/** Whether an envelope, or its first bytes, says that it is over. */
export function isOver(text: string, now: number): boolean {
  const until = HEAD.exec(text)?.[1]
  return until !== undefined && Number(until) <= now
}

/** Bytes of an envelope that {@link isOver} needs. */
export const HEAD_BYTES = 48

function isJson(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  if (Array.isArray(value) || 'toJSON' in value) return true
  const prototype: unknown = Object.getPrototypeOf(value)
  return prototype === null || Object.getPrototypeOf(prototype) === null
}

function kindOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? `a ${value.constructor.name}` : `a ${typeof value}`
}

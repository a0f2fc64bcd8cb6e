import { decodeText } from '../decode-text.ts'
import type { Member } from '../json-scan.ts'
import type { Outline } from './outline.ts'

/** Where a body's own accessors find what they stand for. Not enumerable: copies of a body have values. */
const SOURCE = Symbol('source')

interface LongBody extends Record<string, unknown> {
  [SOURCE]: Source
}

interface Source {
  readonly bytes: Uint8Array
  readonly cut: readonly Member[]
  /** Made by the first that is read. */
  values: Map<string, unknown> | undefined
}

/** For whoever logs a body: Node shows accessors as `[Getter/Setter]`. The same for every body, as accessors are. */
const INSPECT = Symbol.for('nodejs.util.inspect.custom')
const inspected: PropertyDescriptor = {
  value(this: LongBody) {
    return { ...this }
  },
}

/**
 * The body of an outline: its short members as they are, the others are parsed when they are read first. Accessors are the
 * same functions for every body, so that bodies of the same members have one shape.
 */
export function bodyOf({ body, cut }: Outline, bytes: Uint8Array): Record<string, unknown> {
  const source: Source = { bytes, cut, values: undefined }
  const out: Record<string, unknown> = {}
  Object.defineProperty(out, SOURCE, { value: source })
  Object.defineProperty(out, INSPECT, inspected)
  for (const key in body) {
    if (isCut(cut, key)) Object.defineProperty(out, key, accessorOf(key))
    else out[key] = body[key]
  }
  return out
}

function isCut(cut: readonly Member[], key: string): boolean {
  for (const member of cut) if (member.key === key) return true
  return false
}

/** Any caller may send any names: only so many are kept. */
const MOST_ACCESSORS = 256
const accessors = new Map<string, PropertyDescriptor>()

function accessorOf(key: string): PropertyDescriptor {
  let accessor = accessors.get(key)
  if (!accessor) {
    accessor = {
      get(this: LongBody) {
        return valueOf(this[SOURCE], key)
      },
      set(this: LongBody, value: unknown) {
        valuesOf(this[SOURCE]).set(key, value)
      },
      enumerable: true,
      configurable: true,
    }
    if (accessors.size < MOST_ACCESSORS) accessors.set(key, accessor)
  }
  return accessor
}

function valuesOf(source: Source): Map<string, unknown> {
  return (source.values ??= new Map())
}

function valueOf(source: Source, key: string): unknown {
  const { bytes, cut } = source
  const values = valuesOf(source)
  if (values.has(key)) return values.get(key)
  const { valueStart, end } = cut.find((member) => member.key === key)!
  const value: unknown = JSON.parse(decodeText(bytes.subarray(valueStart, end)))
  values.set(key, value)
  return value
}

import { SCANNER } from './scanner-code.ts'

/** The module's exports; see scanner.wat. */
interface Scanner {
  readonly memory: { readonly buffer: ArrayBuffer; grow(pages: number): number }
  outline(length: number, long: number, cuts: number): number
}

/** Of the WebAssembly JavaScript Interface, what is used here: the types of Node and of the web do not agree on it. */
interface WebAssemblyApi {
  readonly Module: new (code: Uint8Array) => object
  readonly Instance: new (module: object) => { readonly exports: unknown }
}

/** What is left of a text, and what was left out. Valid until the next scan. */
export interface Scanned {
  /** The text without the contents of its long strings. */
  readonly left: Uint8Array
  /** Where contents stood in the text: first byte, byte behind; -1 after the last. */
  readonly cuts: Int32Array
}

const PAGE = 65_536
/** Zeros that the scanner needs behind the text. */
const PADDING = 32

let scanner: Scanner | null | undefined
let bytes = new Uint8Array()
let numbers = new Int32Array()

/**
 * Leaves out the contents of strings of `long` bytes or more, keys excepted. Undefined where a string is none (RFC 8259 §7:
 * a bare control character, an unknown escape, no end), or where this machine runs no WebAssembly with SIMD.
 */
export function scanStrings(text: Uint8Array, long: number): Scanned | undefined {
  if (scanner === undefined) scanner = instantiate()
  if (scanner === null) return undefined
  const { length } = text
  const cuts = (length + PADDING + 3) & ~3
  // Two numbers for each string that can be there, and the end.
  if (!reserve(scanner, cuts + (Math.ceil(length / (long + 2)) + 1) * 8)) return undefined
  bytes.set(text)
  bytes.fill(0, length, length + PADDING)
  const left = scanner.outline(length, long, cuts)
  return left < 0 ? undefined : { left: bytes.subarray(0, left), cuts: numbers.subarray(cuts >> 2) }
}

function instantiate(): Scanner | null {
  try {
    const { Module, Instance } = (globalThis as unknown as { WebAssembly: WebAssemblyApi }).WebAssembly
    const code = Uint8Array.from(atob(SCANNER), (char) => char.charCodeAt(0))
    return new Instance(new Module(code)).exports as Scanner
  } catch {
    return null
  }
}

/** Memory grows and stays; views of it end with each growth. */
function reserve({ memory }: Scanner, size: number): boolean {
  const missing = size - memory.buffer.byteLength
  if (missing > 0) {
    try {
      memory.grow(Math.ceil(missing / PAGE))
    } catch {
      return false
    }
  }
  if (bytes.buffer !== memory.buffer) {
    bytes = new Uint8Array(memory.buffer)
    numbers = new Int32Array(memory.buffer)
  }
  return true
}

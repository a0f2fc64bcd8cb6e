const lenient = new TextDecoder()
const strict = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

interface NodeBytes extends Uint8Array {
  latin1Slice(start: number, end: number): string
}

/** Node's checks, where there are some: nothing of Node is imported by name here. */
const { isAscii, isUtf8 }: { isAscii?: ByteCheck; isUtf8?: ByteCheck } =
  globalThis.process?.getBuiltinModule?.('node:buffer') ?? {}

type ByteCheck = (bytes: Uint8Array) => boolean

/** UTF-8 as text; what is no UTF-8 becomes U+FFFD. */
export function decodeText(bytes: Uint8Array): string {
  return asciiText(bytes) ?? lenient.decode(bytes)
}

/** UTF-8 as text, with its byte order mark; throws where it is none. */
export function decodeStrictly(bytes: Uint8Array): string {
  return asciiText(bytes) ?? strict.decode(bytes)
}

/** ASCII is copied as it is. `TextDecoder` makes two bytes of each first, and one again: six times the work. */
function asciiText(bytes: Uint8Array): string | undefined {
  if (!isAscii?.(bytes)) return undefined
  const buffer = bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
  return (buffer as unknown as NodeBytes).latin1Slice(0, bytes.length)
}

/** Whether bytes are UTF-8, where that can be said without decoding them. */
export function isSurelyUtf8(bytes: Uint8Array): boolean {
  return isUtf8?.(bytes) === true
}

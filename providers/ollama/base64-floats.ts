const PIECE = 0x2000

/** Numbers as OpenAI's `encoding_format: 'base64'` has them: little-endian 32-bit floats. */
export function toBase64Floats(numbers: readonly number[]): string {
  const view = new DataView(new ArrayBuffer(numbers.length * 4))
  numbers.forEach((number, i) => view.setFloat32(i * 4, number, true))
  const bytes = new Uint8Array(view.buffer)
  let binary = ''
  // In pieces: a call takes only so many arguments.
  for (let at = 0; at < bytes.length; at += PIECE) binary += String.fromCharCode(...bytes.subarray(at, at + PIECE))
  return btoa(binary)
}

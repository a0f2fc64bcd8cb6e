const SIGNATURE = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]

/** A picture of one pixel (PNG specification, third edition: signature, IHDR, IDAT, IEND; 8 bits per channel, RGB). */
export function onePixelPng(red: number, green: number, blue: number): Uint8Array {
  const header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 2, 0, 0, 0]
  // One row: filter 0, then the pixel.
  const row = [0, red, green, blue]
  return Uint8Array.from([
    ...SIGNATURE,
    ...chunk('IHDR', header),
    ...chunk('IDAT', zlibStored(row)),
    ...chunk('IEND', []),
  ])
}

function chunk(type: string, data: readonly number[]): number[] {
  const named = [...Array.from(type, (letter) => letter.charCodeAt(0)), ...data]
  return [...uint32(data.length), ...named, ...uint32(crc32(named))]
}

/** Uncompressed data in zlib's form (RFC 1950; RFC 1951 §3.2.4, stored block). */
function zlibStored(data: readonly number[]): number[] {
  const { length } = data
  const size = [length & 255, length >> 8]
  return [0x78, 0x01, 1, ...size, ...size.map((byte) => byte ^ 255), ...data, ...uint32(adler32(data))]
}

function adler32(data: readonly number[]): number {
  let a = 1
  let b = 0
  for (const byte of data) {
    a = (a + byte) % 65521
    b = (b + a) % 65521
  }
  return b * 65536 + a
}

function crc32(data: readonly number[]): number {
  let crc = 0xffffffff
  for (const byte of data) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ~crc >>> 0
}

function uint32(value: number): number[] {
  return [value >>> 24, (value >>> 16) & 255, (value >>> 8) & 255, value & 255]
}

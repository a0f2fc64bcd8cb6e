const RATE = 8000
const SAMPLES = 2000
/** Samples of one wave: 400 Hz. */
const PERIOD = 20

/** A quarter of a second of tone (RIFF WAVE, PCM, mono, 16 bit, 8 kHz). A triangle: integers only, the same everywhere. */
export function shortTone(): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(44 + SAMPLES * 2)
  const view = new DataView(bytes.buffer)
  const name = (at: number, text: string) =>
    bytes.set(
      Array.from(text, (letter) => letter.charCodeAt(0)),
      at,
    )
  name(0, 'RIFF')
  view.setUint32(4, bytes.length - 8, true)
  name(8, 'WAVEfmt ')
  view.setUint32(16, 16, true)
  view.setUint16(20, 1, true)
  view.setUint16(22, 1, true)
  view.setUint32(24, RATE, true)
  view.setUint32(28, RATE * 2, true)
  view.setUint16(32, 2, true)
  view.setUint16(34, 16, true)
  name(36, 'data')
  view.setUint32(40, SAMPLES * 2, true)
  for (let i = 0; i < SAMPLES; i++) {
    const distance = Math.abs((i % PERIOD) - PERIOD / 2)
    view.setInt16(44 + i * 2, (distance - PERIOD / 4) * 1000, true)
  }
  return bytes
}

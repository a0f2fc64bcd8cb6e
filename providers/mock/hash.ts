/** A text's fingerprint, two independent 32-bit numbers (FNV-1a over UTF-16 units, two starting points). */
export function hashOf(text: string): readonly [number, number] {
  let a = 0x811c9dc5
  let b = 0x9747b28c
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    a = Math.imul(a ^ unit, 0x01000193)
    b = Math.imul(b ^ unit, 0x01000193) ^ (b >>> 15)
  }
  return [a >>> 0, b >>> 0]
}

/** A text's fingerprint as 16 hexadecimal digits. */
export function hexOf(text: string): string {
  return hashOf(text)
    .map((part) => part.toString(16).padStart(8, '0'))
    .join('')
}

/** Endless numbers in [-1, 1) that depend on the seed alone (Marsaglia's xorshift, 32 bit). */
export function createNoise(seed: number): () => number {
  let state = seed | 0 || 1
  return () => {
    state ^= state << 13
    state ^= state >>> 17
    state ^= state << 5
    return state / 0x80000000
  }
}

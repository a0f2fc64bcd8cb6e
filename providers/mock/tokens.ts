// Words up to eight letters are one token, longer ones several, signs one each; white space belongs to what follows it.
const TOKEN = /\s*[\p{L}\p{N}\p{M}]{1,8}|\s*[^\s]|\s+/gu

/** Cuts a text into the mock's tokens; joined they are the text again. */
export function tokenize(text: string): string[] {
  return text.match(TOKEN) ?? []
}

/** About how many tokens a prompt has: four characters each. */
export function estimateTokens(text: string): number {
  return Math.ceil(text.length / 4)
}

const WORDS =
  'and so the mock goes on with one more word that has no meaning but fills the page as real ones would'.split(' ')

/** A text of exactly `count` tokens. */
export function fillTokens(count: number): string[] {
  return Array.from({ length: count }, (_, i) => (i === 0 ? '' : ' ') + WORDS[i % WORDS.length]!)
}

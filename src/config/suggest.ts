/**
 * The candidate that a mistyped word most likely meant, or undefined. Case, dashes and underscores do not count, so
 * that `api_key` finds `apiKey`.
 */
export function closest(word: string, candidates: Iterable<string>): string | undefined {
  const wanted = normalize(word)
  const limit = wanted.length < 5 ? 1 : wanted.length < 12 ? 2 : 3
  let best: string | undefined
  let least = limit + 1
  for (const candidate of candidates) {
    const steps = distance(wanted, normalize(candidate), limit)
    if (steps < least) {
      least = steps
      best = candidate
    }
  }
  return best
}

/** ` (did you mean x?)`, or nothing. */
export function didYouMean(word: string, candidates: Iterable<string>): string {
  const found = closest(word, candidates)
  return found === undefined ? '' : ` (did you mean ${found}?)`
}

function normalize(word: string): string {
  return word.toLowerCase().replace(/[-_]/g, '')
}

/** Optimal string alignment: insertions, deletions, replacements and swaps of neighbours. */
function distance(a: string, b: string, limit: number): number {
  if (Math.abs(a.length - b.length) > limit) return limit + 1
  let before: number[] = []
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index)
  for (let i = 1; i <= a.length; i++) {
    const row = [i]
    for (let j = 1; j <= b.length; j++) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1
      let steps = Math.min(previous[j]! + 1, row[j - 1]! + 1, previous[j - 1]! + cost)
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]) steps = Math.min(steps, before[j - 2]! + 1)
      row.push(steps)
    }
    before = previous
    previous = row
  }
  return previous[b.length]!
}

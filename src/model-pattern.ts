/** A model name with `*` in it, compiled. */
export interface ModelPattern {
  readonly text: string
  /** What the stars stand for, or undefined where the name does not match. */
  match(name: string): string[] | undefined
}

/**
 * Compiles a pattern such as `openai/*` or `fo::*:static::*`; a name without `*` matches itself. A star takes as much as
 * it can, as `(.*)` would, but in linear time: names come from clients.
 */
export function compilePattern(text: string): ModelPattern {
  const pieces = text.split('*')
  const first = pieces[0]!
  const last = pieces.at(-1)!
  const inner = pieces.slice(1, -1)
  return {
    text,
    match(name) {
      if (pieces.length === 1) return name === text ? [] : undefined
      let end = name.length - last.length
      if (end < first.length || !name.startsWith(first) || !name.endsWith(last)) return undefined
      const captures: string[] = []
      // From the right: where every piece stands as late as it can, every star before it is as long as it can be.
      for (let i = inner.length - 1; i >= 0; i--) {
        const piece = inner[i]!
        const from = end - piece.length
        const at = from < first.length ? -1 : name.lastIndexOf(piece, from)
        if (at < first.length) return undefined
        captures.unshift(name.slice(at + piece.length, end))
        end = at
      }
      captures.unshift(name.slice(first.length, end))
      return captures
    },
  }
}

/** Puts what the stars stood for into another pattern, in order; a pattern without stars stays as it is. */
export function fillPattern(text: string, captures: readonly string[]): string {
  let i = 0
  return text.replaceAll('*', () => captures[i++] ?? captures.at(-1) ?? '')
}

/** The most specific first: more literal characters, then fewer stars. */
export function bySpecificity(a: ModelPattern, b: ModelPattern): number {
  const literal = (pattern: ModelPattern) => pattern.text.replaceAll('*', '').length
  return literal(b) - literal(a) || a.text.split('*').length - b.text.split('*').length
}

/** True when one of the patterns covers the name. */
export function matchesAny(patterns: readonly string[], name: string): boolean {
  return patterns.some((pattern) => pattern === name || (pattern.includes('*') && compilePattern(pattern).match(name)))
}

/** A model name with `*` in it, compiled. */
export interface ModelPattern {
  readonly text: string
  /** What the stars stand for, or undefined where the name does not match. */
  match(name: string): string[] | undefined
}

/** Compiles a pattern such as `openai/*` or `fo::*:static::*`; a name without `*` matches itself. */
export function compilePattern(text: string): ModelPattern {
  const source = text
    .split('*')
    .map((piece) => piece.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
    .join('(.*)')
  const expression = new RegExp(`^${source}$`, 's')
  return { text, match: (name) => expression.exec(name)?.slice(1) }
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

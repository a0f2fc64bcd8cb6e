type Inside = '' | "'" | 'E' | '"' | '--' | '/*' | '$'

/** Finds where statements end, over lines that come one after the other. */
export interface StatementScan {
  /**
   * Looks at the next line, its end included, or at what is left of one. Returns the index behind the `;`, or undefined
   * where the statement goes on. What was before is not looked at again: a statement may have thousands of long lines.
   */
  endOf(line: string): number | undefined
}

/** A scanner of PostgreSQL's lexical structure (manual, 4.1): quotes, comments, dollar quotes. */
export function createStatementScan(): StatementScan {
  let at = 0
  let inside: Inside = ''
  let tag = ''

  const skipQuote = (text: string): boolean => {
    for (; at < text.length; at++) {
      const char = text[at]
      if (inside === 'E' && char === '\\') at++
      else if (char === (inside === '"' ? '"' : "'")) {
        if (text[at + 1] !== char) return true
        at++
      }
    }
    return false
  }
  const skipTo = (text: string, end: string): boolean => {
    const found = text.indexOf(end, at)
    if (found < 0) return false
    at = found + end.length - 1
    return true
  }
  const open = (text: string): Inside => {
    const char = text[at]
    if (char === "'") return /e/i.test(text[at - 1] ?? '') && !/\w/.test(text[at - 2] ?? '') ? 'E' : "'"
    if (char === '"') return '"'
    if (char === '-' && text[at + 1] === '-') return '--'
    if (char === '/' && text[at + 1] === '*') return '/*'
    if (char !== '$') return ''
    tag = /^\$(?:[A-Za-z_]\w*)?\$/.exec(text.slice(at, at + 64))?.[0] ?? ''
    if (tag === '' || /\w/.test(text[at - 1] ?? '')) return ''
    at += tag.length - 1
    return '$'
  }

  return {
    endOf(text) {
      for (at = 0; at < text.length; at++) {
        if (inside === '') {
          if (text[at] === ';') return at + 1
          inside = open(text)
          continue
        }
        const closed =
          inside === '--'
            ? skipTo(text, '\n')
            : inside === '/*'
              ? skipTo(text, '*/')
              : inside === '$'
                ? skipTo(text, tag)
                : skipQuote(text)
        // Nothing that closes goes over the end of a line.
        if (!closed) return undefined
        inside = ''
      }
      return undefined
    },
  }
}

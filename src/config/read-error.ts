/**
 * What went wrong while a config file was read, in one line with its place. Parsers like to quote the source around a
 * mistake, which may be a key: nothing of the source is kept.
 */
export function readErrorText(error: unknown): string {
  const { reason, mark, line, column, message } = error as ParserError
  // js-yaml: the message holds an excerpt, `reason` does not.
  if (reason && mark) return `${reason} at line ${mark.line + 1}, column ${mark.column + 1}`
  const text = String(message ?? error).split('\n')
  const first = text[0]!.replace(/^(ParseError|SyntaxError|JSON5): /, '').trim()
  // smol-toml has the place beside the message, jiti's parser on the second line.
  if (line !== undefined && column !== undefined) return `${first} at line ${line}, column ${column}`
  const place = /:(\d+):(\d+)$/.exec(text[1]?.trim() ?? '')
  return place ? `${first} at line ${place[1]}, column ${place[2]}` : first
}

/** Parses JSON with an error that says where, and quotes nothing of the text. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const end = firstError(text)
    const lines = text.slice(0, end).split('\n')
    const reason = (error as Error).message.split(/ in JSON|, "|, \.\.\.|after JSON| \(line/)[0]!
    throw new SyntaxError(`${reason.trim()} at line ${lines.length}, column ${lines.at(-1)!.length}`)
  }
}

/**
 * Length of the shortest prefix that is wrong for more than being cut off: V8 says the position of some mistakes only.
 * @see https://tc39.es/ecma262/#sec-json.parse
 */
function firstError(text: string): number {
  let low = 0
  let high = text.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (isWrong(text.slice(0, middle))) high = middle
    else low = middle + 1
  }
  return low
}

function isWrong(prefix: string): boolean {
  try {
    JSON.parse(prefix)
    return false
  } catch (error) {
    const { message } = error as Error
    if (/end of JSON|Unterminated/.test(message)) return false
    const position = /at position (\d+)/.exec(message)?.[1]
    return position === undefined || Number(position) < prefix.length
  }
}

interface ParserError {
  message?: string
  reason?: string
  mark?: { line: number; column: number }
  line?: number
  column?: number
}

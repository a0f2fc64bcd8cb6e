/** Whether a client would rather have JSON than HTML (RFC 9110 §12.5.1). Browsers say HTML; curl says neither. */
export function prefersJson(accept: string | null): boolean {
  const ranges = (accept ?? '').split(',').map(toRange)
  return quality(ranges, 'application/json') > quality(ranges, 'text/html')
}

interface Range {
  readonly type: string
  readonly q: number
}

function toRange(text: string): Range {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim().toLowerCase())
  const q = Number(parameters.find((parameter) => parameter.startsWith('q='))?.slice(2) ?? 1)
  return { type, q: Number.isFinite(q) ? q : 1 }
}

/** The most specific range decides. */
function quality(ranges: readonly Range[], type: string): number {
  for (const candidate of [type, `${type.split('/')[0]}/*`, '*/*']) {
    const range = ranges.find((entry) => entry.type === candidate)
    if (range) return range.q
  }
  return 0
}

import type { Cost } from '../../src/index.ts'

/** What a made-up call costs: 1 and 4 USD per million tokens. */
export function sampleCost(input: number, output: number, source: Cost['source']): Cost {
  const [read, written] = [input * 1000, output * 4000]
  return {
    total: read + written,
    input: read,
    cacheRead: 0,
    cacheWrite: 0,
    output: written,
    reasoning: 0,
    other: 0,
    source,
  }
}

import { figure } from './results.ts'
import type { Table } from './results.ts'

/** Something the gateway is meant to reach. */
export interface Verdict {
  readonly figure: string
  readonly target: string
  readonly measured: string
  /** Undefined where the run did not measure it. */
  readonly reached: boolean | undefined
}

interface Target {
  readonly figure: string
  readonly limit: number
  /** `least`: a ratio that must be reached. `most`: a figure that must not be exceeded. */
  readonly kind: 'least' | 'most'
  readonly unit: string
  readonly digits: number
  measured(tables: readonly Table[]): number | undefined
}

const TARGETS: readonly Target[] = [
  ratio('JSON 1 KB', 'json-1k', 'nginx', 0.33),
  ratio('JSON 1 KB', 'json-1k', 'portkey', 8),
  ratio('JSON 32 KB', 'json-32k', 'nginx', 0.33),
  ratio('JSON 32 KB', 'json-32k', 'portkey', 10),
  ratio('streams, same dialect', 'stream', 'nginx', 0.55),
  ratio('streams, same dialect', 'stream', 'portkey', 8),
  ratio('streams, translated', 'translated', 'nginx', 0.25),
  added('added p50 at 1,000 calls/s', 'open-loop', 'p50', 0.2),
  added('added p99 at 1,000 calls/s', 'open-loop', 'p99', 3),
  added('added time to first byte, 200 paced streams, p50', 'paced', 'ttfb', 0.35),
  ratio('governed, memory and SQLite, JSON 1 KB', 'json-1k', 'gateway', 0.85, 'governed'),
  most('memory, idle', 'idle', 110, 'MB'),
  most('memory, 1,000 paced streams', 'loaded', 300, 'MB'),
  most('start to first answer', 'start', 300, 'ms'),
]

/** The targets with what this run measured. */
export function judge(tables: readonly Table[]): Verdict[] {
  return TARGETS.map((target) => {
    const value = target.measured(tables)
    const sign = target.kind === 'least' ? '≥' : '≤'
    const show = (number: number) => `${number.toFixed(target.digits)} ${target.unit}`
    return {
      figure: target.figure,
      target: `${sign} ${target.limit} ${target.unit}`,
      measured: value === undefined ? 'not measured' : show(value),
      reached:
        value === undefined ? undefined : target.kind === 'least' ? value >= target.limit : value <= target.limit,
    }
  })
}

// oxlint-disable-next-line max-params -- a table's row
function ratio(name: string, scenario: string, to: string, limit: number, of = 'gateway'): Target {
  return {
    figure: name,
    limit,
    kind: 'least',
    unit: `× ${to}`,
    digits: 2,
    measured(tables) {
      const own = figure(tables, scenario, of, 'capacity')
      const other = figure(tables, scenario, to, 'capacity')
      return own === undefined || other === undefined ? undefined : own / other
    },
  }
}

function added(name: string, scenario: string, column: string, limit: number): Target {
  return {
    figure: name,
    limit,
    kind: 'most',
    unit: 'ms',
    digits: 3,
    measured(tables) {
      const own = figure(tables, scenario, 'gateway', column)
      const direct = figure(tables, scenario, 'upstream', column)
      return own === undefined || direct === undefined ? undefined : own - direct
    },
  }
}

function most(name: string, column: string, limit: number, unit: string): Target {
  return {
    figure: name,
    limit,
    kind: 'most',
    unit,
    digits: 0,
    measured: (tables) => figure(tables, 'memory', 'gateway', column),
  }
}

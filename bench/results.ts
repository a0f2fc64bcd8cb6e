import type { Figures, Scenario } from './scenarios.ts'

/** One variant in one scenario, over all rounds. */
export interface Row {
  readonly variant: string
  /** Medians by column. */
  readonly figures: Figures
  readonly rounds: number
  /** Median share of what was asked of it. */
  readonly share: number
  /** Why there are no figures. */
  readonly problem?: string
}

export interface Table {
  readonly scenario: Scenario
  readonly rows: readonly Row[]
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

/** Medians of each column by itself. */
export function medians(rounds: readonly Figures[]): Figures {
  const names = Object.keys(rounds[0] ?? {})
  return Object.fromEntries(names.map((name) => [name, median(rounds.map((figures) => figures[name] ?? 0))]))
}

/** A figure of a variant; undefined where it was not measured. */
export function figure(
  tables: readonly Table[],
  scenario: string,
  variant: string,
  column: string,
): number | undefined {
  const rows = tables.find((table) => table.scenario.name === scenario)?.rows
  return rows?.find((row) => row.variant === variant)?.figures[column]
}

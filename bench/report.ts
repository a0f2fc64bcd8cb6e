import { figure } from './results.ts'
import type { Row, Table } from './results.ts'
import { ENOUGH } from './scenarios.ts'
import type { Column } from './scenarios.ts'
import { judge } from './targets.ts'

/** All tables of a run as Markdown. */
export function report(tables: readonly Table[]): string {
  return [targets(tables), ...tables.map((table) => scenario(table, tables))].join('\n\n')
}

function targets(tables: readonly Table[]): string {
  const rows = judge(tables).map(({ figure: name, target, measured, reached }) => [
    name,
    target,
    measured,
    reached === undefined ? '–' : reached ? 'reached' : 'missed',
  ])
  return `### Targets of the gateway\n\n${markdown(['figure', 'target', 'measured', ''], rows)}`
}

function scenario({ scenario: { name, title, columns }, rows }: Table, tables: readonly Table[]): string {
  const measured = rows.map((row) => row.variant)
  const header = columns.flatMap((column) => [column.title, ...extraTitles(column, measured)])
  const lines = rows.map((row) => {
    const cells = columns.flatMap((column) => cellsOf({ row, column, scenario: name, tables, measured }))
    return [row.share < ENOUGH ? `${row.variant} ¹` : row.variant, ...cells]
  })
  const notes = [
    ...(rows.some((row) => row.share < ENOUGH) ? ['¹ It could not keep up.'] : []),
    ...rows.filter((row) => row.problem).map((row) => `${row.variant}: ${row.problem!.split('\n')[0]}`),
  ]
  return [`### ${title}`, markdown(['', ...header], lines), ...notes].join('\n\n')
}

function extraTitles(column: Column, measured: readonly string[]): string[] {
  const ratios = (column.ratios ?? []).filter((name) => measured.includes(name)).map((name) => `× ${name}`)
  return column.added && measured.includes('upstream') ? [...ratios, 'added'] : ratios
}

interface Cell {
  readonly row: Row
  readonly column: Column
  readonly scenario: string
  readonly tables: readonly Table[]
  readonly measured: readonly string[]
}

function cellsOf({ row, column, scenario: name, tables, measured }: Cell): string[] {
  const extra = extraTitles(column, measured)
  const value = row.figures[column.name]
  if (value === undefined || (column.own && row.variant === 'upstream')) return ['–', ...extra.map(() => '–')]
  const of = (variant: string) => figure(tables, name, variant, column.name)
  const extras = extra.map((title) => {
    const other = of(title === 'added' ? 'upstream' : title.slice(2))
    if (other === undefined || (title === 'added' && row.variant === 'upstream')) return '–'
    return title === 'added' ? (value - other).toFixed(column.digits) : toRatio(value / other)
  })
  return [format(value, column.digits), ...extras]
}

function toRatio(value: number): string {
  return value.toFixed(value < 0.095 ? 3 : value < 10 ? 2 : 1)
}

function format(value: number, digits: number): string {
  return value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits })
}

/** A table whose columns are as wide as their widest cell, so that it reads well in a terminal too. */
function markdown(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = header.map((title, i) => Math.max(3, title.length, ...rows.map((row) => row[i]?.length ?? 0)))
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]!) : cell.padStart(widths[i]!))).join(' | ')} |`
  const rule = widths.map((width, i) => (i === 0 ? '-'.repeat(width) : `${'-'.repeat(width - 1)}:`))
  return [line(header), `| ${rule.join(' | ')} |`, ...rows.map(line)].join('\n')
}

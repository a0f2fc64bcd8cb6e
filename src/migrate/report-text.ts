import type { ImportReport } from './import-litellm.ts'
import type { MountsReport } from './migrate-mounts.ts'
import type { Note } from './notes.ts'

/** The report of a copy between mounts, for people. */
export function mountsText({ dryRun, documents, spend }: MountsReport): string {
  const lines = [
    ...(dryRun ? ['Nothing was written: --dry-run.'] : []),
    `Documents: ${counted({ ...documents })}`,
    spend
      ? `Spend: ${counted({ ...spend })}`
      : 'Spend: not copied (the mounts hold no counters, or the same, or --no-spend)',
  ]
  return lines.join('\n')
}

/** The report of an import, for people. */
export function importText({ dryRun, tables, spend, notes }: ImportReport): string {
  return [
    ...(dryRun ? ['Nothing was written: --dry-run.', ''] : []),
    ...tables.filter(({ read }) => read > 0).map(({ table, ...counts }) => `${table}: ${counted(counts)}`),
    `Spend: ${counted({ ...spend })}`,
    ...(notes.length > 0 ? ['', 'Not taken, or without effect here:', ...notes.map(noteText)] : []),
  ].join('\n')
}

function noteText({ table, field, reason, count, examples }: Note): string {
  const more = count > examples.length && examples.length > 0 ? ', …' : ''
  const who = examples.length > 0 ? ` (${examples.join(', ')}${more})` : ''
  return `  ${table}${field === undefined ? '' : `.${field}`}: ${count} × ${reason}${who}`
}

const WORDS: Readonly<Record<string, string>> = {
  read: 'read',
  new: 'new',
  changed: 'changed',
  unchanged: 'unchanged',
  newer: 'changed here since, left as they are',
  deleted: 'deleted here since, not made again',
  skipped: 'left out',
  expired: 'over',
  failed: 'failed',
}

function counted(counts: Readonly<Record<string, number>>): string {
  const parts = Object.entries(counts).flatMap(([name, count]) => (count > 0 ? `${count} ${WORDS[name] ?? name}` : []))
  return parts.length > 0 ? parts.join(', ') : 'none'
}

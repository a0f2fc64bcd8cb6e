import { defineCallback, z } from '../src/index.ts'
import type { LogRecord } from '../src/index.ts'

/** Prints one line per call. Past consola on purpose: it folds lines that look alike. */
export default defineCallback({
  name: 'log-console',
  description: 'Prints one line per call to standard output',
  default: false,
  options: z.object({
    format: z.enum(['pretty', 'json']).default('pretty').describe('`pretty` for people, `json` for log collectors.'),
  }),
  setup: ({ format }) => ({
    log(record) {
      console.log(format === 'json' ? JSON.stringify(record) : toLine(record))
    },
  }),
})

/** `14:03:07 200 fast → groq/llama-3.3-70b  12+34 tokens  412 ms  first 96 ms` */
function toLine(record: LogRecord): string {
  const { usage, error, provider, ttftMs } = record
  const to = provider === undefined ? '' : ` → ${provider}/${record.upstreamModel ?? ''}`
  const parts = [
    `${new Date(record.at).toTimeString().slice(0, 8)} ${record.status} ${record.model || record.path}${to}`,
    usage && `${usage.input}+${usage.output} tokens${usage.estimated ? ' (estimated)' : ''}`,
    `${Math.round(record.ms)} ms`,
    ttftMs !== undefined && `first ${Math.round(ttftMs)} ms`,
    record.cacheHit && 'cached',
    record.aborted && 'client left',
    error && (error.code ?? error.type ?? error.message),
  ]
  return printable(parts.filter(Boolean).join('  '))
}

/** Model names come from clients: no line breaks, terminal sequences or invisible signs get into the log. */
function printable(text: string): string {
  return text.replace(/\p{C}/gu, '�')
}

import { createConsola } from 'consola/core'
import { plainLogs } from './plain-logs.ts'

const { env, stdout, stderr }: Partial<NodeJS.Process> = globalThis.process ?? {}
const level = Number.parseInt(env?.['CONSOLA_LEVEL'] ?? '')

/** For messages of the process. Never for requests: consola holds back repeated messages. */
export const logger = createConsola({
  ...(Number.isNaN(level) ? {} : { level }),
  ...(stdout && stderr ? { stdout, stderr } : {}),
  reporters: [plainLogs],
  defaults: { tag: 'gateway' },
  // Making a time a text loads the tables of all languages; a terminal's reporter shows it.
  formatOptions: { date: false },
})

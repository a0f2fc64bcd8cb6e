import { createConsola } from 'consola'

/** For messages of the process. Never for requests: consola holds back repeated messages. */
export const logger = createConsola({
  defaults: { tag: 'gateway' },
  // Only terminals are shown the time; making it a text loads the tables of all languages.
  formatOptions: { date: globalThis.process?.stdout?.isTTY === true },
})

import { createConsola } from 'consola/basic'

/** For messages of the process. Never for requests: consola holds back repeated messages. */
export const logger = createConsola({
  defaults: { tag: 'gateway' },
  // Making a time a text loads the tables of all languages; a terminal's reporter shows it.
  formatOptions: { date: false },
})

import { createConsola } from 'consola'

/** For messages of the process. Never for requests: consola holds back repeated messages. */
export const logger = createConsola({ defaults: { tag: 'gateway' } })

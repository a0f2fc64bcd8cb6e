import { defineCommand } from 'citty'
import { logger } from '../logger.ts'
import { flags } from './flags.ts'
import { run } from './run.ts'

/** `gateway start`: for production; config edits are picked up, the rest is quiet. */
export const start = defineCommand({
  meta: { name: 'start', description: 'Start for production' },
  args: flags,
  async run({ args, rawArgs }) {
    const { live, listening } = await run({ args, rawArgs, known: flags, dev: false })
    logger.success(`Listening on ${listening.url} with ${live.current.models().length} models (${live.loaded.source})`)
  },
})

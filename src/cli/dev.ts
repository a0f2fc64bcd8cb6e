import { defineCommand } from 'citty'
import { flags } from './flags.ts'
import { run } from './run.ts'
import { printStart } from './print-start.ts'

const args = { ...flags, open: { type: 'boolean', description: 'Open the start page in the browser' } } as const

/** `gateway dev`: start with what is there, print what was found, reload on every edit. */
export const dev = defineCommand({
  meta: { name: 'dev', description: 'Start with what is there and reload on every edit' },
  args,
  async run({ args: given, rawArgs }) {
    const { live, listening } = await run({ args: given, rawArgs, known: args, dev: true })
    printStart(live, listening)
  },
})

import { defineCommand, runMain } from 'citty'
import { version } from '../version.ts'
import { prettyLogs } from './pretty-logs.ts'

const main = defineCommand({
  meta: { name: 'gateway', version, description: 'One OpenAI-compatible endpoint in front of every model provider' },
  subCommands: {
    dev: () => import('./dev.ts').then((module) => module.dev),
    start: () => import('./start.ts').then((module) => module.start),
    check: () => import('./check.ts').then((module) => module.check),
    migrate: () => import('./migrate.ts').then((module) => module.migrate),
  },
})

// `gateway --config f` is how LiteLLM is started: flags alone mean `start`.
const argv = process.argv.slice(2)
const commands = ['dev', 'start', 'check', 'migrate']
const help = ['--help', '-h', '--version', '-v']
const rawArgs = argv[0]?.startsWith('-') && !help.includes(argv[0]) ? ['start', ...argv] : argv
if (rawArgs[0] !== undefined && !rawArgs[0].startsWith('-') && !commands.includes(rawArgs[0])) {
  console.error(`Unknown command "${rawArgs[0]}". Known are: ${commands.join(', ')}. See gateway --help.`)
  process.exit(1)
}
// A reader of the log that ends must not end the calls.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {})
await prettyLogs()
await runMain(main, { rawArgs: rawArgs.length > 0 ? rawArgs : ['--help'] })

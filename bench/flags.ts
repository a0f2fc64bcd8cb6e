import { parseArgs } from 'node:util'
import { SCENARIOS } from './scenarios.ts'
import { VARIANTS } from './variants/all.ts'

export interface Flags {
  readonly rounds: number
  readonly seconds: number
  readonly quick: boolean
  readonly only: readonly string[] | undefined
  readonly scenarios: readonly string[] | undefined
  readonly build: boolean
  readonly profile: boolean
  readonly write: boolean
  readonly help: boolean
}

export const HELP = `npm run bench -- [flags]

  --rounds <n>          rounds, alternating between the variants; medians are shown (default 5)
  --seconds <n>         seconds per measurement, a whole number (default 2)
  --quick               one round of one second: does everything work?
  --only <a,b>          only these variants: ${VARIANTS.map(({ name }) => name).join(', ')}
  --scenario <a,b>      only these scenarios: ${SCENARIOS.map(({ name }) => name).join(', ')}
  --no-litellm          leave LiteLLM out (it is installed from PyPI where there is Python, which takes minutes)
  --no-portkey          leave Portkey's gateway out (it is installed from npm)
  --no-build            measure dist/ as it is
  --write               write the results into bench/README.md (default for whole runs), or --no-write
  --profile             profile the gateway in the closed loops and print where its time goes`

/** Reads the command line. Throws on unknown flags and names. */
export function readFlags(argv: readonly string[]): Flags {
  const { values } = parseArgs({
    args: [...argv],
    allowNegative: true,
    options: {
      rounds: { type: 'string' },
      seconds: { type: 'string' },
      quick: { type: 'boolean', default: false },
      only: { type: 'string' },
      scenario: { type: 'string' },
      litellm: { type: 'boolean', default: true },
      portkey: { type: 'boolean', default: true },
      build: { type: 'boolean', default: true },
      write: { type: 'boolean' },
      profile: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  })
  const names = VARIANTS.map(({ name }) => name)
  const wanted = list('--only', values.only, names)
  const left = (wanted ?? names).filter(
    (name) => (name !== 'litellm' || values.litellm) && (name !== 'portkey' || values.portkey),
  )
  const scenarios = list(
    '--scenario',
    values.scenario,
    SCENARIOS.map(({ name }) => name),
  )
  const whole = !wanted && !scenarios && !values.quick && !values.profile
  return {
    rounds: count('--rounds', values.rounds, values.quick ? 1 : 5),
    seconds: count('--seconds', values.seconds, values.quick ? 1 : 2),
    quick: values.quick,
    only: left.length === names.length ? undefined : left,
    scenarios,
    build: values.build,
    profile: values.profile,
    write: values.write ?? whole,
    help: values.help,
  }
}

function list(flag: string, text: string | undefined, known: readonly string[]): string[] | undefined {
  if (text === undefined) return undefined
  const names = text.split(',').map((name) => name.trim())
  for (const name of names) {
    if (!known.includes(name)) throw new Error(`${flag}: "${name}" is not one of ${known.join(', ')}`)
  }
  return names
}

function count(flag: string, text: string | undefined, otherwise: number): number {
  if (text === undefined) return otherwise
  const value = Number(text)
  if (Number.isInteger(value) && value > 0) return value
  throw new Error(`${flag} must be a whole number above 0, not "${text}"`)
}

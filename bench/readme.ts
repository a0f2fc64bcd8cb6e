import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const README = fileURLToPath(new URL('README.md', import.meta.url))
const START = '<!-- results -->'
const END = '<!-- /results -->'

/** Replaces the results section of bench/README.md. */
export function writeResults(text: string): void {
  const readme = readFileSync(README, 'utf8')
  const from = readme.indexOf(START)
  const to = readme.indexOf(END)
  if (from < 0 || to < from) throw new Error(`bench/README.md has no ${START} … ${END}`)
  writeFileSync(README, `${readme.slice(0, from + START.length)}\n\n${text}\n\n${readme.slice(to)}`)
}

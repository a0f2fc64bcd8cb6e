import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterEach } from 'vitest'
import { ConfigError } from '../../../src/config/problem.ts'

const made: string[] = []

afterEach(() => {
  for (const root of made.splice(0)) rmSync(root, { recursive: true, force: true })
})

/** Writes files into a new folder, which is removed after the test. */
export function project(files: Record<string, string> = {}): string {
  const root = realpathSync(mkdtempSync(join(tmpdir(), 'gateway-config-')))
  made.push(root)
  for (const [name, text] of Object.entries(files)) write(join(root, name), text)
  return root
}

export function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

/** The lines of the ConfigError that `run` throws. */
export async function problemsOf(run: () => unknown): Promise<string[]> {
  try {
    await run()
  } catch (error) {
    if (error instanceof ConfigError) return error.message.split('\n')
    throw error
  }
  throw new Error('nothing was thrown')
}

import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, vi } from 'vitest'
import logConsole from '../../plugins/log-console.ts'
import logFile from '../../plugins/log-file.ts'
import { defineCallback, z } from '../../src/index.ts'
import { testCallback } from '../suites/callback.ts'

const folder = mkdtempSync(join(tmpdir(), 'gateway-callbacks-'))
const path = join(folder, 'calls.jsonl')
const printed = vi.spyOn(console, 'log').mockImplementation(() => {})

afterAll(() => {
  printed.mockRestore()
  rmSync(folder, { recursive: true })
})

testCallback({ definition: logFile, options: { path }, delivered: () => linesOf(path) })

for (const format of ['pretty', 'json']) {
  testCallback({ definition: logConsole, options: { format }, delivered: () => printed.mock.calls.length })
}

testCallback({
  definition: defineCallback({ name: 'nothing', options: z.object({}), setup: () => ({ log: () => {} }) }),
})

function linesOf(file: string): number {
  try {
    return readFileSync(file, 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown).length
  } catch {
    return 0
  }
}

import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { scannerCode } from '../../scripts/gen-scanner.ts'

test('scanner-code.ts is scanner.wat, assembled', async () => {
  const code = readFileSync(new URL('../../src/outline/scanner-code.ts', import.meta.url), 'utf8')
  expect(code, 'run `npm run gen`').toBe(await scannerCode())
})

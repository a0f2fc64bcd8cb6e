import { execFile, execFileSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { instantMock, serveGateway } from '../support/serve.ts'

/** A Python that has the SDK: `UNGATE_PYTHON`, or the one on the PATH. */
const python = [process.env['UNGATE_PYTHON'], 'python3'].find((candidate) => candidate && hasOpenAI(candidate))

function hasOpenAI(command: string): boolean {
  try {
    execFileSync(command, ['-c', 'import openai'], { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

if (!python) console.log('skipped: the Python SDK test needs python3 with `pip install openai` (or UNGATE_PYTHON)')

describe.runIf(python)('the official Python SDK', () => {
  it('chats, streams, calls tools, embeds, lists models and throws its errors', { timeout: 60_000 }, async () => {
    const served = await serveGateway(instantMock)
    try {
      const script = fileURLToPath(new URL('./python_client.py', import.meta.url))
      const { stdout } = await promisify(execFile)(python!, [script, served.url])
      expect(stdout.trim()).toBe('OK')
    } finally {
      await served.close()
    }
  })
})

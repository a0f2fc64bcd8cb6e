import { expect, onTestFinished, test, vi } from 'vitest'
import { createConsola } from 'consola/core'
import { plainLogs } from '../../src/plain-logs.ts'

const stream = (lines: string[]) => ({ write: (text: string) => lines.push(text) }) as unknown as NodeJS.WriteStream

function loggerTo(out: string[], err: string[]) {
  const defaults = { tag: 'gateway' }
  return createConsola({ reporters: [plainLogs], stdout: stream(out), stderr: stream(err), defaults })
}

test('logs are plain lines, what is bad on the error stream', () => {
  const out: string[] = []
  const err: string[] = []
  const logger = loggerTo(out, err)
  logger.info('%d models', 3, { a: 1 })
  logger.warn('odd')
  logger.error('call failed:', undefined)
  expect(out).toEqual(['[info] [gateway] 3 models { a: 1 }\n'])
  expect(err).toEqual(['[warn] [gateway] odd\n', '[error] [gateway] call failed: undefined\n'])
})

test('errors say where they were thrown, and what caused them', () => {
  const err: string[] = []
  const error = new Error('two\nlines', { cause: new TypeError('inner', { cause: 'deep' }) })
  loggerTo([], err).error('call failed:', error)
  expect(err[0]).toMatch(/^\[error\] \[gateway\] call failed: two\nlines\n {2}at test\/core\/plain-logs\.test\.ts:\d+/)
  expect(err[0]).toMatch(/\n\n {2}\[cause\]: inner\n {4}at [^]*\n\n {4}\[cause\]: deep\n$/)
})

test('a platform without Node has its console', () => {
  const [log, error] = [vi.fn(), vi.fn()]
  vi.stubGlobal('console', { log, error })
  vi.stubGlobal('process', undefined)
  onTestFinished(() => void vi.unstubAllGlobals())
  const logger = createConsola({ reporters: [plainLogs], defaults: { tag: 'gateway' } })
  logger.info('fine', 1)
  logger.error('call failed:', new Error('boom'))
  expect(log.mock.calls).toEqual([['[info]', '[gateway]', 'fine', 1]])
  expect(error.mock.calls[0]!.slice(0, 3)).toEqual(['[error]', '[gateway]', 'call failed:'])
  expect(error.mock.calls[0]![3]).toMatch(/^boom\n {2}at /)
})

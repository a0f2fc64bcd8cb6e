import { afterEach, beforeEach, expect, vi } from 'vitest'
import { logger } from '@ungate/gateway'

/** The errors that the gateway logs during a test. */
export interface LoggedErrors {
  /** Takes what was logged so far: these errors were expected. */
  take(): string[]
}

/** Within a `describe`: a test that logs an error it does not expect fails. */
export function failOnLoggedErrors(): LoggedErrors {
  let logged: string[] = []
  let restore = () => {}
  beforeEach(() => {
    logged = []
    const spy = vi
      .spyOn(logger, 'error')
      .mockImplementation((...args: unknown[]) => void logged.push(args.map(String).join(' ')))
    restore = () => spy.mockRestore()
  })
  afterEach(() => {
    restore()
    expect(logged, 'errors that were logged and not expected').toEqual([])
  })
  return { take: () => logged.splice(0) }
}

import { describe, expect, test } from 'vitest'
import { failOnLoggedErrors } from './logged-errors.ts'
import { testAnswers } from './provider-answers.ts'
import { testBreaks } from './provider-breaks.ts'
import { testErrors } from './provider-errors.ts'
import { checkFixtures } from './provider-fixtures.ts'
import type { ProviderSuite } from './provider-fixtures.ts'
import { testSockets } from './provider-sockets.ts'
import { testStreams } from './provider-streams.ts'

/**
 * What every provider must hold, tried against a server on 127.0.0.1 that speaks its dialect from the fixtures: requests
 * sent exactly, answers and streams translated (split at every byte offset), tools, errors, deadlines, clients that leave
 * or do not read, credentials, calls at once. Call it at the top of a test file; the numbers in the titles are the rows
 * of the conformance table.
 *
 * @example
 * import { openAIFixtures, testProvider } from '@ungate/gateway/testing'
 * import acme from '../providers/acme.ts'
 *
 * testProvider({ ...openAIFixtures, definition: acme })
 */
export function testProvider(suite: ProviderSuite): void {
  describe(`provider ${suite.definition.name}`, () => {
    failOnLoggedErrors()
    test('the fixtures can tell right from wrong', () => expect(checkFixtures(suite)).toEqual([]))
    testAnswers(suite)
    testStreams(suite)
    testErrors(suite)
    testBreaks(suite)
    testSockets(suite)
  })
}

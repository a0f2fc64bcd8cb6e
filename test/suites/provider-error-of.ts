import { expect } from 'vitest'
import { until } from './gateway-under-test.ts'
import type { ProviderSuite } from './provider-fixtures.ts'
import type { Bench } from './provider-bench.ts'

interface ErrorBody {
  error: { message: string; type: string; code: string | null; param: string | null }
}

const STACK = /\bat .+:\d+:\d+|node_modules|\.ts\b|file:\/\//

/** The error of an answer: OpenAI's form, naming the provider, giving nothing away. */
export async function errorOf(suite: ProviderSuite, response: Response): Promise<ErrorBody['error']> {
  expect(response.headers.get('content-type')).toMatch(/^application\/json\b/)
  const text = await response.text()
  expect(text).not.toContain(suite.apiKey)
  expect(text).not.toMatch(STACK)
  const body = JSON.parse(text) as ErrorBody
  expect(Object.keys(body)).toEqual(['error'])
  expect(Object.keys(body.error).sort()).toEqual(['code', 'message', 'param', 'type'])
  expect(body.error.message).toContain(suite.definition.name)
  return body.error
}

/** The call's books are closed, once, with this status. */
export async function settledOnce(bench: Bench, status: number): Promise<void> {
  await until('the call to be settled', () => bench.settled.length >= 1 && bench.gateway.inFlight() === 0)
  expect(bench.settled.map(({ outcome }) => outcome.status)).toEqual([status])
}

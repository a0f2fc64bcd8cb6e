import { describe, expect, test } from 'vitest'
import { flakyGateway, flakyModels } from '../support/flaky.ts'
import type { Turn } from '../support/flaky.ts'

const plugins = (retry: Record<string, unknown> = {}) => ({ retry: { retries: 2, minDelay: 0, ...retry } })
const two = flakyModels({ m: ['a', 'b'] })
const three = flakyModels({ m: ['a', 'b', 'c'] })

/** The statuses of so many calls, with how often each was. */
async function tally(times: number, ask: () => Promise<{ status: number }>): Promise<Record<string, number>> {
  const statuses: Record<string, number> = {}
  for (let i = 0; i < times; i++) {
    const { status } = await ask()
    statuses[status] = (statuses[status] ?? 0) + 1
  }
  return statuses
}

describe('a deployment that the call has not asked yet', () => {
  test.each([500, 429, 401, 0])('is asked whatever the budget of retries, where the first says %i', async (status) => {
    const { ask, asked } = await flakyGateway({ models: two, plugins: plugins({ budget: 0 }) }, { a: [status] })
    expect(await tally(20, () => ask('m'))).toEqual({ 200: 20 })
    expect(asked).toHaveLength(40)
  })

  test('counts as a retry', async () => {
    const { ask, asked } = await flakyGateway({ models: three, plugins: plugins() }, { a: [500], b: [500] })
    expect((await ask('m', { num_retries: 1 })).status).toBe(500)
    expect(asked).toEqual(['a', 'b'])
  })

  test('one that was asked is within the budget', async () => {
    const failing = { a: [500], b: [500] }
    const { ask, asked } = await flakyGateway({ models: two, plugins: plugins({ budget: 0 }) }, failing)
    expect(await tally(10, () => ask('m'))).toEqual({ 500: 10 })
    // Three retries are always allowed.
    expect(asked).toHaveLength(10 * 2 + 3)
  })
})

describe('a deployment at its own limit', () => {
  const limited = (rpm: number) => [{ ...two[0]!, rpm }, two[1]!]

  test('is passed over, however many calls come to it first', async () => {
    const { ask, asked } = await flakyGateway({ models: limited(2), plugins: plugins() }, {})
    expect(await tally(30, () => ask('m'))).toEqual({ 200: 30 })
    expect(asked.filter((name) => name === 'a')).toHaveLength(2)
  })

  test('and that is no retry', async () => {
    const { ask } = await flakyGateway({ models: limited(1), plugins: plugins() }, {})
    expect(await tally(5, () => ask('m', { num_retries: 0 }))).toEqual({ 200: 5 })
    const others = [{ ...three[0]!, rpm: 0 }, { ...three[1]!, rpm: 0 }, three[2]!]
    const last = await flakyGateway({ models: others, plugins: plugins() }, {})
    expect(await last.ask('m', { num_retries: 0 })).toMatchObject({ status: 200, said: 'c' })
  })

  test('the others have their retries, and nobody waits for it', async () => {
    const { ask, asked } = await flakyGateway({ models: limited(0), plugins: plugins() }, { b: [500, 500, 200] })
    expect((await ask('m')).status).toBe(200)
    expect(asked).toEqual(['b', 'b', 'b'])
  })

  test('where all are, the call is refused', async () => {
    const all = two.map((model) => ({ ...model, rpm: 0 }))
    const { ask, asked } = await flakyGateway({ models: all, plugins: plugins() }, {})
    expect(await ask('m', { num_retries: 0 })).toMatchObject({ status: 429, said: 'deployment_limit_reached' })
    expect(asked).toEqual([])
  })
})

describe('a dead key', () => {
  test.each([401, 402, 403])('(%i) is not asked again by this call', async (status) => {
    const { ask, asked } = await flakyGateway({ models: two, plugins: plugins() }, { a: [status], b: [500, 200] })
    expect(await ask('m')).toMatchObject({ status: 200, said: 'b' })
    expect(asked).toEqual(['a', 'b', 'b'])
  })

  test('is not what the client is told where another deployment failed later', async () => {
    const { ask, asked } = await flakyGateway({ models: two, plugins: plugins() }, { a: [401], b: [503] })
    expect((await ask('m')).status).toBe(503)
    expect(asked).toEqual(['a', 'b', 'b'])
  })

  test('is told where all are', async () => {
    const { ask, asked } = await flakyGateway({ models: two, plugins: plugins() }, { a: [401], b: [403] })
    expect((await ask('m')).status).toBe(403)
    expect(asked).toEqual(['a', 'b'])
  })
})

test('a deployment waits for what it asked itself, not for what another did', async () => {
  const late: Turn = { status: 429, headers: { 'retry-after': '61' } }
  const { ask, asked } = await flakyGateway({ models: two, plugins: plugins() }, { a: [500, 200], b: [late] })
  expect(await ask('m')).toMatchObject({ status: 200, said: 'a' })
  expect(asked).toEqual(['a', 'b', 'a'])
})

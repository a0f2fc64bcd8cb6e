import { describe, expect, test } from 'vitest'
import { flakyGateway, flakyModels } from '../support/flaky.ts'
import type { Turn } from '../support/flaky.ts'

const plugins = (retry: Record<string, unknown> = {}) => ({ retry: { retries: 2, minDelay: 0, ...retry } })
const one = flakyModels({ m: ['a'] })
const two = flakyModels({ m: ['a', 'b'] })

describe('what is tried again', () => {
  test.each([429, 408, 409, 500, 502, 503, 504, 529, 0])(
    '%i, up to the set number, on one deployment',
    async (status) => {
      const { ask, asked } = await flakyGateway({ models: one, plugins: plugins() }, { a: [status] })
      const answer = await ask('m')
      expect(answer.status).toBe(status || 502)
      expect(asked).toEqual(['a', 'a', 'a'])
    },
  )

  test.each([400, 401, 402, 403, 404, 413, 422])('not %i on one deployment', async (status) => {
    const { ask, asked } = await flakyGateway({ models: one, plugins: plugins() }, { a: [status] })
    expect((await ask('m')).status).toBe(status)
    expect(asked).toEqual(['a'])
  })

  test.each([401, 402, 403])('%i where another deployment has a key of its own', async (status) => {
    const { ask, asked } = await flakyGateway({ models: two, plugins: plugins() }, { a: [status] })
    expect((await ask('m')).said).toBe('b')
    expect(asked).toEqual(['a', 'b'])
  })

  test('on the next deployment first, then from the start', async () => {
    const { ask, asked } = await flakyGateway(
      { models: two, plugins: plugins({ retries: 3 }) },
      { a: [500, 500, 200], b: [500] },
    )
    expect((await ask('m')).status).toBe(500)
    expect(asked).toEqual(['a', 'b', 'a', 'b'])
  })

  test('until one answers; the answer says how often', async () => {
    const { ask, asked } = await flakyGateway({ models: one, plugins: plugins() }, { a: [500, 429, 200] })
    const answer = await ask('m')
    expect({ status: answer.status, said: answer.said, asked }).toEqual({
      status: 200,
      said: 'a',
      asked: ['a', 'a', 'a'],
    })
    expect(answer.headers.get('x-litellm-attempted-retries')).toBe('2')
  })

  test('never once a byte has been sent', async () => {
    const breaks: Turn = { status: 200, breaks: true }
    const { ask, asked } = await flakyGateway({ models: two, plugins: plugins() }, { a: [breaks], b: [200] })
    const answer = await ask('m', { stream: true })
    expect(answer.text).toContain('"error"')
    expect(answer.text).not.toContain('[DONE]')
    expect(asked).toEqual(['a'])
  })

  test('a stream that fails before its first byte', async () => {
    const { ask, asked } = await flakyGateway({ models: two, plugins: plugins() }, { a: [503] })
    expect(await ask('m', { stream: true })).toMatchObject({ status: 200, said: 'b' })
    expect(asked).toEqual(['a', 'b'])
  })
})

describe('how often', () => {
  test.each([
    ['the config', {}, {}, 3],
    ['the body', { num_retries: 1 }, {}, 2],
    ['the body, as the library calls it', { max_retries: 0 }, {}, 1],
    ['the header, before the body', { num_retries: 5 }, { 'x-litellm-num-retries': '0' }, 1],
    ['a header of nonsense is refused', {}, { 'x-litellm-num-retries': '-1' }, 0],
  ])('%s', async (_name, body, headers, times) => {
    const { ask, asked } = await flakyGateway({ models: one, plugins: plugins() }, { a: [500] })
    await ask('m', body, headers)
    expect(asked).toHaveLength(times)
  })

  test('at most ten times, and within the budget of the last seconds', async () => {
    const wide = await flakyGateway({ models: one, plugins: plugins({ budget: 1 }) }, { a: [500] })
    // 3 are always allowed; with a share of 1, as many as there were calls.
    await wide.ask('m', { num_retries: 99 })
    expect(wide.asked).toHaveLength(4)

    const { ask, asked } = await flakyGateway({ models: one, plugins: plugins({ budget: 0.2 }) }, { a: [500] })
    for (let i = 0; i < 30; i++) await ask('m')
    expect(asked.length).toBe(30 + 30 * 0.2)
  })
})

describe('how long it waits', () => {
  test('a retry-after is honoured, one that is too long ends the retries', async () => {
    const patient = await flakyGateway(
      { models: one, plugins: plugins() },
      { a: [{ status: 429, headers: { 'retry-after-ms': '5' } }, 200] },
    )
    expect((await patient.ask('m')).status).toBe(200)

    const late: Turn = { status: 429, headers: { 'retry-after': '61' } }
    const { ask, asked } = await flakyGateway({ models: one, plugins: plugins() }, { a: [late, 200] })
    const answer = await ask('m')
    expect(answer.status).toBe(429)
    expect(answer.headers.get('retry-after')).toBe('61')
    expect(asked).toEqual(['a'])
  })

  test('another deployment is asked without waiting', async () => {
    const late: Turn = { status: 429, headers: { 'retry-after': '61' } }
    const { ask, asked } = await flakyGateway({ models: two, plugins: plugins({ minDelay: 60 }) }, { a: [late] })
    expect((await ask('m')).said).toBe('b')
    expect(asked).toEqual(['a', 'b'])
  })

  test('a client that leaves ends the waiting', async () => {
    const { gateway, asked } = await flakyGateway(
      { models: one, plugins: plugins() },
      { a: [{ status: 429, headers: { 'retry-after': '30' } }] },
    )
    const leaving = new AbortController()
    const call = gateway.run({
      wire: 'openai.chat',
      path: '/chat/completions',
      body: { model: 'm', messages: [] },
      signal: leaving.signal,
    })
    const ended = call.catch((error: Error) => error)
    while (asked.length === 0) await new Promise((resolve) => setTimeout(resolve, 1))
    leaving.abort()
    expect(await ended).toBeInstanceOf(Error)
    expect(gateway.inFlight()).toBe(0)
    expect(asked).toEqual(['a'])
  })
})

import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { BadRequestError, completion, createGateway } from '../../src/index.ts'
import type { Gateway } from '../../src/index.ts'

let gateway: Gateway
beforeAll(async () => {
  gateway = await createGateway({ models: [{ name: 'm', model: 'mock/echo' }] }, { env: {} })
})
afterAll(() => gateway.close())

const messages = [{ role: 'user' as const, content: 'Hi' }]
const post = (fields: Record<string, unknown>, headers: Record<string, string> = {}) =>
  gateway.fetch('http://localhost/v1/chat/completions', {
    method: 'POST',
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify({ model: 'm', messages, ...fields }),
  })

describe('the gateway’s own fields', () => {
  it.each([
    ['timeout', 'soon', 'a number of seconds, 0 or more'],
    ['timeout', -1, 'a number of seconds, 0 or more'],
    ['timeout', '', 'a number of seconds, 0 or more'],
    ['stream_timeout', {}, 'a number of seconds, 0 or more'],
    ['num_retries', 'x', 'a whole number, 0 or more'],
    ['num_retries', true, 'a whole number, 0 or more'],
    ['max_retries', 1.5, 'a whole number, 0 or more'],
    ['fallbacks', 5, 'a list of models'],
    ['disable_fallbacks', 'yes', 'true or false'],
    ['context_window_fallback_dict', [], 'a map'],
    ['drop_params', 'true', 'true or false'],
    ['additional_drop_params', 'user', 'a list of texts'],
    ['additional_drop_params', ['user', 1], 'a list of texts'],
    ['cache', 3, 'a map'],
    ['caching', 1, 'true or false'],
    ['tags', 'a,b', 'a list of texts'],
    ['litellm_metadata', 'x', 'a map'],
  ])('%s: %j is refused by its name', async (param, value, expected) => {
    const response = await post({ [param]: value })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({
      error: { message: `Invalid value for '${param}': expected ${expected}.`, type: 'invalid_request_error', param },
    })
  })

  it.each([
    { timeout: 30 },
    { timeout: '30', num_retries: '2' },
    { timeout: 0, max_retries: 0 },
    { timeout: null, num_retries: null, tags: null, cache: null, drop_params: null },
    { cache: { 'no-cache': true }, caching: false, tags: ['a'], additional_drop_params: ['user'] },
  ])('%j is taken', async (fields) => {
    const response = await post(fields)
    expect(response.status, await response.text()).toBe(200)
  })

  it.each([
    ['x-litellm-timeout', 'soon'],
    ['x-litellm-timeout', '-1'],
    ['x-litellm-stream-timeout', '5s'],
    ['x-litellm-num-retries', '-1'],
    ['x-litellm-num-retries', '1.5'],
  ])('as a header %s: %s is refused by its name', async (name, value) => {
    const response = await post({}, { [name]: value })
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { param: name, code: 'invalid_header' } })
  })

  it.each(['0', '30', '1.5', ''])('as a header x-litellm-timeout: %j is taken', async (value) => {
    expect((await post({}, { 'x-litellm-timeout': value, 'x-litellm-num-retries': '2' })).status).toBe(200)
  })

  it('that have no effect yet are reported as dropped', async () => {
    const response = await post({ guardrails: ['pii'], 'no-log': true, allowed_openai_params: ['x'], timeout: 5 })
    expect(response.status).toBe(200)
    expect(response.headers.get('x-ungate-dropped-params')?.split(', ').sort()).toEqual([
      'allowed_openai_params',
      'guardrails',
      'no-log',
    ])
    expect((await post({ timeout: 5 })).headers.has('x-ungate-dropped-params')).toBe(false)
  })

  it('are checked in the library as well', async () => {
    const call = completion({ model: 'mock/echo', messages, timeout: 'soon' as unknown as number })
    await expect(call).rejects.toThrow(BadRequestError)
    await expect(call).rejects.toMatchObject({ param: 'timeout' })
  })

  it('are left alone where the path is not known: a body that is passed through is the provider’s', async () => {
    const response = await gateway.fetch('http://localhost/v1/responses', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ model: 'm', input: 'Hi', timeout: 'soon' }),
    })
    expect(await response.text()).not.toContain('timeout')
  })
})

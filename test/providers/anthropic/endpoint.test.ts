import { describe, expect, test } from 'vitest'
import anthropic from '../../../providers/anthropic/index.ts'
import type { Call, Wire } from '../../../src/index.ts'
import { CLASSIC, fakeCall, fakeTranslation } from './fakes.ts'

const setup = (options: Record<string, unknown> = {}) =>
  anthropic.setup(anthropic.options.parse({ apiKey: 'sk-ant-test', ...options }))
const encode = (wire: Wire, call: Call, options?: Record<string, unknown>) =>
  setup(options).endpoints[wire]!.encode(call, fakeTranslation())
const chat = fakeCall({ messages: [{ role: 'user', content: 'Hi' }] })
const headers = { 'content-type': 'application/json', 'anthropic-version': '2023-06-01', 'x-api-key': 'sk-ant-test' }

test('what it is called', () => {
  const { name, env, required, claims } = anthropic
  expect({ name, env, required, claims }).toEqual({
    name: 'anthropic',
    env: { apiKey: 'ANTHROPIC_API_KEY', baseURL: ['ANTHROPIC_API_BASE', 'ANTHROPIC_BASE_URL'] },
    required: ['apiKey'],
    claims: ['claude-*'],
  })
  expect(() => anthropic.options.parse({})).toThrow(/apiKey/)
})

test.each([
  [undefined, 'https://api.anthropic.com/v1/messages'],
  ['https://proxy.example.com/', 'https://proxy.example.com/v1/messages'],
  ['https://proxy.example.com/anthropic/v1', 'https://proxy.example.com/anthropic/v1/messages'],
  ['http://127.0.0.1:9/v1//', 'http://127.0.0.1:9/v1/messages'],
])('base %s', async (baseURL, url) => {
  expect((await encode('openai.chat', chat, baseURL ? { baseURL } : {})).url).toBe(url)
})

test('a chat call: no header of the client goes along', async () => {
  const client = new Headers({
    'anthropic-beta': 'x',
    'anthropic-version': 'y',
    authorization: 'Bearer z',
    cookie: 'c',
  })
  const request = await encode('openai.chat', { ...chat, headers: client }, { maxTokens: 5 })
  expect(request).toEqual({
    url: 'https://api.anthropic.com/v1/messages',
    headers,
    body: JSON.stringify({ model: CLASSIC, max_tokens: 5, messages: [{ role: 'user', content: 'Hi' }] }),
  })
})

test('betas and OAuth tokens', async () => {
  const request = await encode('openai.chat', chat, { apiKey: 'sk-ant-oat01-test', beta: ['a-1', 'b-2'], version: 'v' })
  expect(request.headers).toEqual({
    'content-type': 'application/json',
    'anthropic-version': 'v',
    authorization: 'Bearer sk-ant-oat01-test',
    'anthropic-beta': 'oauth-2025-04-20,a-1,b-2',
  })
})

describe('the same dialect', () => {
  const raw = '{ "model" : "claude", "max_tokens": 1.0, "messages":[], "new_field": {"a": [1]} }'
  const call = (over: Partial<Call> = {}) =>
    fakeCall(JSON.parse(raw), { wire: 'anthropic.messages', path: '/messages', raw, ...over })

  test('every byte but the model stays', async () => {
    expect(await encode('anthropic.messages', call())).toEqual({
      url: 'https://api.anthropic.com/v1/messages',
      method: 'POST',
      headers,
      body: raw.replace('"claude"', JSON.stringify(CLASSIC)),
    })
  })

  test('has neither decoder: the answer passes', () => {
    expect(Object.keys(setup().endpoints['anthropic.messages']!)).toEqual(['encode'])
  })

  test('paths below, query, version and betas of the client', async () => {
    const client = new Headers({
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'a-1, c-3',
      'x-api-key': 'virtual',
    })
    const request = await encode(
      'anthropic.messages',
      call({ path: '/messages/count_tokens', search: '?beta=true', headers: client }),
      { beta: ['a-1', 'b-2'] },
    )
    expect(request.url).toBe('https://api.anthropic.com/v1/messages/count_tokens?beta=true')
    expect(request.headers).toEqual({
      ...headers,
      'anthropic-version': '2024-01-01',
      'anthropic-beta': 'a-1,b-2,c-3',
    })
  })

  test('calls without a body', async () => {
    const request = await encode(
      'anthropic.messages',
      call({ method: 'GET', path: '/messages/batches/b1', body: {}, raw: '' }),
    )
    expect(request).toEqual({ url: 'https://api.anthropic.com/v1/messages/batches/b1', method: 'GET', headers })
  })
})

test('models', () => {
  const { request, names } = setup().models!()
  expect(request).toEqual({ url: 'https://api.anthropic.com/v1/models?limit=1000', method: 'GET', headers })
  expect(names({ data: [{ id: 'claude-opus-5-5', type: 'model' }, { id: 7 }, null] })).toEqual(['claude-opus-5-5'])
  expect(names(null)).toEqual([])
})

test('the key is in no error', () => {
  const shape = setup({ apiKey: 'secret-of-another-kind' }).error!(401, 'bad key secret-of-another-kind')
  expect(shape).toMatchObject({ status: 401, message: 'bad key ***' })
})

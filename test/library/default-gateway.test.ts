import { afterAll, afterEach, beforeAll, expect, test, vi } from 'vitest'
import {
  closeDefaultGateway,
  completion,
  configure,
  createGateway,
  disableCache,
  embedding,
  enableCache,
  imageGeneration,
  setDefaultGateway,
} from '../../src/index.ts'
import { chatAnswer, chatEvents } from '../support/openai-answers.ts'
import { sendEvents, sendJson, startUpstream } from '../support/upstream.ts'
import type { Upstream } from '../support/upstream.ts'

let upstream: Upstream
let count = 0

beforeAll(async () => {
  upstream = await startUpstream((call, response) => {
    count++
    if (call.body['stream'] === true) sendEvents(response, chatEvents([`answer `, `${count}`]))
    else sendJson(response, chatAnswer(`answer ${count}`))
  })
})

afterEach(async () => {
  await closeDefaultGateway()
  vi.unstubAllEnvs()
  count = 0
})

afterAll(() => upstream.close())

const messages = [{ role: 'user' as const, content: 'Hello' }]
const text = async (params: object = {}) => {
  const answer = await completion({
    model: 'openai/m',
    messages,
    apiKey: 'sk-some-key',
    baseURL: `${upstream.url}/v1`,
    ...params,
  })
  return [
    (answer as { choices: { message: { content: string } }[] }).choices[0]!.message.content,
    answer.gateway.cacheHit,
  ]
}

test('works with nothing configured', async () => {
  const answer = await completion({ model: 'mock/echo', messages })
  expect(answer.choices[0]!.message.content).toBe('Hello')
  expect((await embedding({ model: 'mock', input: 'a', dimensions: 3 })).data[0]!.embedding).toHaveLength(3)
  expect((await imageGeneration({ model: 'mock', prompt: 'A cat' })).data).toHaveLength(1)
})

test('takes the key and the base from the environment, also when they are set late', async () => {
  await completion({ model: 'mock/echo', messages })
  vi.stubEnv('OPENAI_API_KEY', 'sk-environment-key')
  vi.stubEnv('OPENAI_BASE_URL', `${upstream.url}/v1`)
  const before = upstream.requests.length
  await completion({ model: 'openai/m', messages })
  await completion({ model: 'gpt-4o', messages })
  const calls = upstream.requests.slice(before)
  expect(calls.map((call) => [call.headers.authorization, call.body['model']])).toEqual([
    ['Bearer sk-environment-key', 'm'],
    ['Bearer sk-environment-key', 'gpt-4o'],
  ])
})

test('configure gives the functions a config of their own', async () => {
  await configure({ models: [{ name: 'fast', model: 'mock/echo' }], aliases: { quick: 'fast' } }, { env: {} })
  const answer = await completion({ model: 'quick', messages })
  expect(answer.gateway.group).toBe('fast')
})

test('mock is a model by its bare name, with a config as without one', async () => {
  await configure({ models: [{ name: 'mine', model: 'mock' }] }, { env: {} })
  for (const model of ['mine', 'mock']) {
    expect((await completion({ model, messages })).gateway.provider).toBe('mock')
  }
})

test('a config that is refused leaves the old one in place', async () => {
  await configure({ models: [{ name: 'fast', model: 'mock/echo' }] }, { env: {} })
  await expect(configure({ models: [{ name: 'x', model: 'nobody/x' }] }, { env: {} })).rejects.toThrow(
    'unknown provider "nobody"',
  )
  expect((await completion({ model: 'fast', messages })).gateway.group).toBe('fast')
})

test('setDefaultGateway uses a gateway that stays open', async () => {
  const gateway = await createGateway({ models: [{ name: 'mine', model: 'mock/echo' }] }, { env: {} })
  await setDefaultGateway(gateway)
  expect((await completion({ model: 'mine', messages })).gateway.group).toBe('mine')
  await expect(enableCache()).rejects.toThrow('setDefaultGateway')
  await closeDefaultGateway()
  const response = await gateway.fetch('http://gateway/v1/models')
  expect(response.status).toBe(200)
  await gateway.close()
})

test('caches only calls that ask for it until enableCache() is called', async () => {
  expect(await text()).toEqual(['answer 1', false])
  expect(await text()).toEqual(['answer 2', false])
  expect(await text({ caching: true })).toEqual(['answer 3', false])
  expect(await text({ caching: true })).toEqual(['answer 3', true])
  expect(await text()).toEqual(['answer 4', false])
})

test('caches for calls that ask for it with a config, too, unless that says otherwise', async () => {
  await configure({}, { env: {} })
  expect(await text()).toEqual(['answer 1', false])
  expect(await text({ caching: true })).toEqual(['answer 2', false])
  expect(await text({ caching: true })).toEqual(['answer 2', true])
  await configure({ plugins: { cache: false } }, { env: {} })
  expect(await text({ caching: true })).toEqual(['answer 3', false])
  expect(await text({ caching: true })).toEqual(['answer 4', false])
})

test('enableCache() answers identical calls once, disableCache() ends it', async () => {
  await enableCache({ type: 'local', ttl: 60 })
  expect(await text()).toEqual(['answer 1', false])
  expect(await text()).toEqual(['answer 1', true])
  expect(await text({ caching: false })).toEqual(['answer 2', false])
  expect(await text({ temperature: 1 })).toEqual(['answer 3', false])
  expect(await text({ apiKey: 'sk-other-key' })).toEqual(['answer 4', false])
  expect(await text({ cache: { 'no-cache': true } })).toEqual(['answer 5', false])
  expect(await text()).toEqual(['answer 5', true])
  await disableCache()
  expect(await text({ caching: true })).toEqual(['answer 6', false])
  await enableCache({ type: 'memory' })
  expect(await text()).toEqual(['answer 7', false])
  expect(await text()).toEqual(['answer 7', true])
})

test('an answer from the cache costs nothing and a stream comes as a stream', async () => {
  await enableCache()
  const read = async () => {
    const stream = await completion({
      model: 'openai/m',
      messages,
      apiKey: 'sk-some-key',
      baseURL: `${upstream.url}/v1`,
      stream: true as const,
      inputCostPerToken: 0.001,
    })
    let seen = ''
    for await (const chunk of stream) seen += chunk.choices[0]?.delta.content ?? ''
    return [seen, stream.gateway.cacheHit, stream.gateway.cost]
  }
  expect(await read()).toEqual(['answer 1', false, 7_000_000])
  expect(await read()).toEqual(['answer 1', true, 0])
})

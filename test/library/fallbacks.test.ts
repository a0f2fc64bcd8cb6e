import { afterEach, expect, test } from 'vitest'
import { createGateway, createLibrary } from '../../src/index.ts'
import type { GatewayConfig, Library } from '../../src/index.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'
import type { Upstream, UpstreamCall } from '../support/upstream.ts'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** Models are named for what they do: `fail-503`, `too-long`, `refused`; any other answers with its name and key. */
async function start(): Promise<Upstream> {
  const upstream = await startUpstream((call, response) => {
    const model = String(call.body['model'])
    const status = Number(/^fail-(\d+)$/.exec(model)?.[1])
    const error = (message: string, code: string | null) => ({ error: { message, type: null, param: null, code } })
    if (status) sendJson(response, error(`Failed with ${status}`, null), status, { 'retry-after': '0' })
    else if (model === 'too-long') sendJson(response, error('Too long', 'context_length_exceeded'), 400)
    else if (model === 'refused') sendJson(response, error('Refused', 'content_policy_violation'), 400)
    else if (call.headers.authorization === 'Bearer sk-dead-key')
      sendJson(response, error('Bad key', 'invalid_api_key'), 401)
    else sendJson(response, chatAnswer(`${model} ${call.headers.authorization}`))
  })
  cleanups.push(() => upstream.close())
  return upstream
}

async function library(upstream: Upstream, config: GatewayConfig = {}): Promise<Library> {
  const models = ['fail-503', 'fail-400', 'good'].map((name) => ({
    name,
    model: `openai/${name}`,
    apiKey: 'sk-config-key',
    baseURL: `${upstream.url}/v1`,
  }))
  const gateway = await createGateway({ models, ...config }, { env: {} })
  cleanups.push(() => gateway.close())
  return createLibrary(gateway)
}

const messages = [{ role: 'user' as const, content: 'Hello' }]
const modelsOf = (calls: readonly UpstreamCall[]) => calls.map((call) => call.body['model'])

test('retries as often as asked for, in one layer', async () => {
  const upstream = await start()
  const { completion } = await library(upstream)
  await expect(completion({ model: 'fail-503', messages, numRetries: 1 })).rejects.toMatchObject({ statusCode: 503 })
  expect(upstream.requests).toHaveLength(2)
  await expect(completion({ model: 'fail-503', messages, numRetries: 0, maxRetries: 3 })).rejects.toThrow(
    'Failed with 503',
  )
  expect(upstream.requests).toHaveLength(3)
})

test('walks the fallbacks by name; the answer says which group gave it', async () => {
  const upstream = await start()
  const { completion } = await library(upstream)
  const answer = await completion({ model: 'fail-503', messages, numRetries: 0, fallbacks: ['good'] })
  expect(answer.choices[0]!.message.content).toBe('good Bearer sk-config-key')
  expect(answer.gateway).toMatchObject({ group: 'good', provider: 'openai' })
  expect(answer.gateway.headers['x-litellm-attempted-fallbacks']).toBe('1')
  expect(modelsOf(upstream.requests)).toEqual(['fail-503', 'good'])
  expect(Object.keys(upstream.requests[1]!.body)).toEqual(['model', 'messages'])
})

test('a fallback brings its own key, base and parameters', async () => {
  const upstream = await start()
  const { completion } = await library(upstream)
  const answer = await completion({
    model: 'fail-503',
    messages,
    temperature: 0.1,
    numRetries: 0,
    fallbacks: [
      { model: 'openai/elsewhere', apiKey: 'sk-dead-key', baseURL: `${upstream.url}/v1`, temperature: 0.9, top_p: 0.5 },
      { model: 'openai/elsewhere', apiKey: 'sk-own-key', baseURL: `${upstream.url}/v1`, numRetries: 5, stream: true },
    ],
  })
  expect(answer.choices[0]!.message.content).toBe('elsewhere Bearer sk-own-key')
  expect(upstream.requests.map((call) => call.body)).toEqual([
    { model: 'fail-503', messages, temperature: 0.1 },
    { model: 'elsewhere', messages, temperature: 0.9, top_p: 0.5 },
    { model: 'elsewhere', messages, temperature: 0.1 },
  ])
})

test('a fallback that the gateway does not know is made for the call', async () => {
  const upstream = await start()
  const { completion } = await library(upstream)
  const answer = await completion({ model: 'fail-503', messages, numRetries: 0, fallbacks: ['mock/echo'] })
  expect(answer.choices[0]!.message.content).toBe('Hello')
  expect(answer.gateway).toMatchObject({ group: 'mock/echo', provider: 'mock' })
})

test('too long and refused prompts have fallbacks of their own', async () => {
  const upstream = await start()
  const { completion } = await library(upstream)
  const access = { apiKey: 'sk-own-key', baseURL: `${upstream.url}/v1` }
  const call = (model: string) =>
    completion({
      model,
      messages,
      ...access,
      contextWindowFallbacks: [{ model: 'openai/larger', ...access }],
      contentPolicyFallbacks: [{ model: 'openai/looser', ...access }],
    })
  expect((await call('openai/too-long')).choices[0]!.message.content).toBe('larger Bearer sk-own-key')
  expect((await call('openai/refused')).choices[0]!.message.content).toBe('looser Bearer sk-own-key')
  expect(modelsOf(upstream.requests)).toEqual(['too-long', 'larger', 'refused', 'looser'])
})

test('a wrong request is not sent to fallbacks, and the first failure is the one that is thrown', async () => {
  const upstream = await start()
  const { completion } = await library(upstream)
  await expect(completion({ model: 'fail-400', messages, fallbacks: ['good'] })).rejects.toMatchObject({
    name: 'BadRequestError',
    model: 'fail-400',
  })
  await expect(
    completion({ model: 'fail-503', messages, numRetries: 0, fallbacks: ['fail-400'] }),
  ).rejects.toMatchObject({ name: 'ServiceUnavailableError', model: 'fail-503' })
  expect(modelsOf(upstream.requests)).toEqual(['fail-400', 'fail-503', 'fail-400'])
})

test('fallbacks of the config hold for the library too', async () => {
  const upstream = await start()
  const { completion } = await library(upstream, {
    plugins: { retry: { retries: 0 }, fallback: { fallbacks: [{ 'fail-503': ['good'] }] } },
  })
  const answer = await completion({ model: 'fail-503', messages })
  expect(answer.gateway.group).toBe('good')
  await expect(completion({ model: 'fail-503', messages, disableFallbacks: true })).rejects.toMatchObject({
    statusCode: 503,
  })
})

test('what is not a list of models is refused by name', async () => {
  const { completion } = await library(await start())
  await expect(completion({ model: 'good', messages, fallbacks: 'good' as never })).rejects.toMatchObject({
    name: 'BadRequestError',
    param: 'fallbacks',
  })
  await expect(completion({ model: 'good', messages, fallbacks: [{} as never] })).rejects.toMatchObject({
    name: 'BadRequestError',
    param: 'fallbacks',
  })
})

test.each(['fallbacks', 'contextWindowFallbacks', 'contentPolicyFallbacks'])(
  'a mistake in %s is told with the list and the entry',
  async (list) => {
    const { completion } = await library(await start())
    const wrong = (entry: unknown) =>
      completion({ model: 'good', messages, [list]: ['good', entry] } as never).catch((error: unknown) => error)
    expect(await wrong({})).toMatchObject({ name: 'BadRequestError', param: list })
    expect(await wrong('nobody/m')).toMatchObject({ param: list, code: 'model_not_found' })
    const base = await wrong({ model: 'openai/m', apiKey: 'sk-test-0123456789', baseURL: 'localhost' })
    expect(base).toMatchObject({ name: 'BadRequestError', param: list, code: 'invalid_options' })
    for (const error of [await wrong({}), await wrong('nobody/m'), base]) {
      expect((error as Error).message).toContain(`'${list}[1]'`)
    }
  },
)

test('a wrong option of a call is told by its own name', async () => {
  const { completion } = await library(await start())
  const error = await completion({ model: 'openai/m', messages, baseURL: 'localhost' }).catch((thrown: Error) => thrown)
  expect(error).toMatchObject({ name: 'BadRequestError', param: 'baseURL', code: 'invalid_options' })
  expect((error as Error).message).toContain("'baseURL'")
  expect((error as Error).message).not.toContain('models[0]')
})

import { afterEach, expect, test } from 'vitest'
import { createGateway, createLibrary } from '../../src/index.ts'
import type { CreateGatewayOptions, Gateway, GatewayConfig, LogRecord } from '../../src/index.ts'
import { chatAnswer } from '../support/openai-answers.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'
import type { Upstream, UpstreamHandler } from '../support/upstream.ts'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function upstream(handler: UpstreamHandler): Promise<Upstream> {
  const started = await startUpstream(handler)
  cleanups.push(() => started.close())
  return started
}

async function gateway(config: GatewayConfig = {}, options: CreateGatewayOptions = {}): Promise<Gateway> {
  const made = await createGateway({ environment: true, ...config }, { env: {}, ...options })
  cleanups.push(() => made.close())
  return made
}

const messages = [{ role: 'user' as const, content: 'Hello' }]

test('sends OpenAI parameters as they are and keeps the options of the gateway to itself', async () => {
  const provider = await upstream((_call, response) => sendJson(response, chatAnswer('Hi')))
  const { completion } = createLibrary(await gateway())

  const answer = await completion({
    model: 'openai/some-model',
    messages,
    temperature: 0.2,
    max_tokens: 5,
    n: undefined,
    own_extra: { deep: [1] },
    user: 'u1',
    apiKey: 'sk-library-key',
    baseURL: `${provider.url}/v1`,
    organization: 'org-1',
    timeout: 30,
    numRetries: 0,
    maxRetries: 1,
    caching: false,
    dropParams: true,
    extraHeaders: { 'x-extra': 'yes' },
    tags: ['a'],
    inputCostPerToken: 0.000001,
    outputCostPerToken: 0.000002,
  })

  expect(answer).toEqual(chatAnswer('Hi'))
  expect(provider.requests).toHaveLength(1)
  const [request] = provider.requests
  expect(request!.path).toBe('/v1/chat/completions')
  expect(request!.body).toEqual({
    model: 'some-model',
    messages,
    temperature: 0.2,
    max_tokens: 5,
    own_extra: { deep: [1] },
    user: 'u1',
  })
  expect(request!.headers).toMatchObject({
    authorization: 'Bearer sk-library-key',
    'openai-organization': 'org-1',
    'x-extra': 'yes',
  })
})

test("takes the Python library's names for the way to the provider", async () => {
  const provider = await upstream((_call, response) => sendJson(response, chatAnswer('Hi')))
  const { completion } = createLibrary(await gateway())
  await completion({
    model: 'openai/m',
    messages,
    api_key: 'sk-python-key',
    api_base: `${provider.url}/v1`,
    num_retries: 0,
  })
  expect(provider.requests[0]!.headers.authorization).toBe('Bearer sk-python-key')
  expect(provider.requests[0]!.body).toEqual({ model: 'm', messages })
})

test('an answer tells which deployment gave it and what it cost, without showing it in JSON', async () => {
  const provider = await upstream((_call, response) => sendJson(response, chatAnswer('Hi')))
  const made = await gateway({
    environment: false,
    models: [{ name: 'fast', model: 'openai/m', id: 'one', apiKey: 'sk-config-key', baseURL: `${provider.url}/v1` }],
  })
  const answer = await createLibrary(made).completion({
    model: 'fast',
    messages,
    inputCostPerToken: 0.000003,
    outputCostPerToken: 0.000015,
  })
  expect(answer.gateway).toMatchObject({
    deployment: 'one',
    provider: 'openai',
    group: 'fast',
    cacheHit: false,
    dropped: [],
  })
  expect(answer.gateway.usage).toEqual({ input: 7, output: 3 })
  // 7 × 3,000 + 3 × 15,000 nano-dollars.
  expect(answer.gateway.cost).toBe(66_000)
  expect(answer.gateway.headers['x-litellm-call-id']).toBe(answer.gateway.id)
  expect(Object.keys(answer)).not.toContain('gateway')
  expect(JSON.parse(JSON.stringify(answer))).toEqual(chatAnswer('Hi'))
})

test('where nobody knows the price there is no cost; a provider that bills nobody costs nothing', async () => {
  const provider = await upstream((_call, response) => sendJson(response, chatAnswer('Hi')))
  const { completion } = createLibrary(await gateway())
  const answer = await completion({ model: 'openai/m', messages, apiKey: 'sk-key', baseURL: `${provider.url}/v1` })
  expect(answer.gateway.usage).toEqual({ input: 7, output: 3 })
  expect(answer.gateway.cost).toBeUndefined()

  const free = await completion({ model: 'mock/echo', messages })
  expect(free.choices[0]!.message.content).toBe('Hello')
  expect(free.gateway.cost).toBe(0)
})

test('runs the whole lifecycle: callbacks get a record of the caller and the answer', async () => {
  const records: LogRecord[] = []
  const made = await gateway({
    use: [
      {
        kind: 'plugin',
        name: 'collect',
        options: (await import('zod')).z.object({}),
        setup: () => ({ log: (record) => void records.push(record) }),
      },
    ],
  })
  const answer = await createLibrary(made).completion({ model: 'mock', messages, user: 'end-user' })
  await made.close()
  expect(records).toHaveLength(1)
  expect(records[0]).toMatchObject({
    id: answer.gateway.id,
    model: 'mock',
    status: 200,
    endUser: 'end-user',
    principal: { id: 'library', role: 'admin' },
  })
})

test('two calls with different keys for one model do not share a target', async () => {
  const provider = await upstream((_call, response) => sendJson(response, chatAnswer('Hi')))
  const { completion } = createLibrary(await gateway())
  const call = (apiKey: string) => completion({ model: 'openai/m', messages, apiKey, baseURL: `${provider.url}/v1` })
  await Promise.all([call('sk-key-number-1'), call('sk-key-number-2'), call('sk-key-number-1')])
  expect(provider.requests.map((request) => request.headers.authorization).sort()).toEqual([
    'Bearer sk-key-number-1',
    'Bearer sk-key-number-1',
    'Bearer sk-key-number-2',
  ])
})

test('drops what the provider cannot carry when asked to, and says so', async () => {
  const provider = await upstream((_call, response) => sendJson(response, chatAnswer('Hi')))
  const { completion } = createLibrary(await gateway())
  const params = { model: 'openai/m', messages, seed: 1, apiKey: 'sk-some-key', baseURL: `${provider.url}/v1` }
  const answer = await completion({ ...params, additionalDropParams: ['seed'] })
  expect(provider.requests[0]!.body).toEqual({ model: 'm', messages })
  expect(answer.gateway.dropped).toEqual(['seed'])
})

test('embeds and makes images', async () => {
  const list = {
    object: 'list',
    data: [{ object: 'embedding', index: 0, embedding: [0.5, -1] }],
    model: 'e',
    usage: { prompt_tokens: 2, total_tokens: 2 },
  }
  const image = { created: 1, data: [{ url: 'https://images.example/1.png' }] }
  const provider = await upstream((call, response) =>
    sendJson(response, call.path.endsWith('/embeddings') ? list : image),
  )
  const { embedding, imageGeneration } = createLibrary(await gateway())
  const access = { apiKey: 'sk-some-key', baseURL: `${provider.url}/v1` }

  const vectors = await embedding({ model: 'openai/e', input: ['a', 'b'], dimensions: 2, ...access })
  expect(vectors).toEqual(list)
  expect(vectors.gateway.usage).toEqual({ input: 2, output: 0 })
  const images = await imageGeneration({ model: 'openai/i', prompt: 'A cat', size: '1024x1024', ...access })
  expect(images).toEqual(image)

  expect(provider.requests.map(({ path, body }) => ({ path, body }))).toEqual([
    { path: '/v1/embeddings', body: { model: 'e', input: ['a', 'b'], dimensions: 2 } },
    { path: '/v1/images/generations', body: { model: 'i', prompt: 'A cat', size: '1024x1024' } },
  ])
})

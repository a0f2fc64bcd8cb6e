import OpenAI from 'openai'
import { afterEach, describe, expect, it } from 'vitest'
import type { Gateway, GatewayConfig } from '../../src/index.ts'
import { get, makeKeys, sendError, start, startUpstream } from './support.ts'
import type { Json, Upstream } from './support.ts'

const running: { close(): Promise<void> }[] = []
afterEach(async () => {
  for (const one of running.splice(0)) await one.close()
})

async function gatewayWith(config: GatewayConfig): Promise<Gateway> {
  const gateway = await start(config)
  running.push(gateway)
  return gateway
}

async function upstreamWith(answer: Parameters<typeof startUpstream>[0]): Promise<Upstream> {
  const upstream = await startUpstream(answer)
  running.push(upstream)
  return upstream
}

const model = (id: string) => ({ id, object: 'model', created: 1677610602, owned_by: 'openai' })
const ids = (body: unknown) => (body as { data: { id: string }[] }).data.map(({ id }) => id)

const MODELS: GatewayConfig = {
  models: [
    { name: 'fast', model: 'mock/echo' },
    { name: 'fast', model: 'mock/mock' },
    { name: 'team/large', model: 'mock/mock' },
    { name: 'mock/*', model: 'mock/*' },
  ],
  aliases: { quick: 'fast', nowhere: 'no-such-model' },
}

const notFound = (name: string) => ({
  error: {
    message: `The model \`${name}\` does not exist or you do not have access to it. GET /v1/models lists the models you can use.`,
    type: 'invalid_request_error',
    param: 'model',
    code: 'model_not_found',
  },
})

describe('GET /models', () => {
  it('lists exact names, wildcards as written, and aliases that lead somewhere, each once', async () => {
    const gateway = await gatewayWith(MODELS)
    const { status, body } = await get(gateway, '/v1/models')
    expect(status).toBe(200)
    expect(body).toEqual({ object: 'list', data: ['fast', 'team/large', 'mock/*', 'quick'].map(model) })
    expect((await get(gateway, '/models')).body).toEqual(body)
  })

  it('lists what the caller may use: by name, by group behind an alias, by its own names under a wildcard', async () => {
    const gateway = await gatewayWith({
      ...MODELS,
      use: [
        makeKeys({
          named: { role: 'user', models: ['fast'] },
          wild: { role: 'user', models: ['mock/echo', 'mock/error-*', 'openai/*'] },
          all: { role: 'user', models: ['*'] },
          none: { role: 'user', models: [] },
        }),
      ],
    })
    expect(ids((await get(gateway, '/v1/models', 'named')).body)).toEqual(['fast', 'quick'])
    expect(ids((await get(gateway, '/v1/models', 'wild')).body)).toEqual(['mock/echo', 'mock/error-*'])
    expect(ids((await get(gateway, '/v1/models', 'all')).body)).toEqual(['fast', 'team/large', 'mock/*', 'quick'])
    expect(ids((await get(gateway, '/v1/models', 'none')).body)).toEqual([])
  })

  it('wants a key', async () => {
    const gateway = await gatewayWith({ ...MODELS, plugins: { 'master-key': { key: 'sk-master-1234' } } })
    for (const path of ['/v1/models', '/models/fast', '/model/info', '/model_group/info']) {
      expect((await get(gateway, path)).status, path).toBe(401)
      expect((await get(gateway, path, 'sk-master-1234')).status, path).toBe(200)
    }
  })

  it('adds the fallbacks a caller may use', async () => {
    const gateway = await gatewayWith({
      ...MODELS,
      plugins: {
        fallback: {
          fallbacks: [{ fast: ['team/large', 'fast'] }, { '*': ['quick'] }],
          contextWindow: [{ fast: ['mock/long'] }],
          default: ['mock/spare', 'gone'],
        },
      },
      use: [makeKeys({ some: { role: 'user', models: ['fast', 'mock/long'] } })],
    })
    const fallbacks = (body: unknown) =>
      (body as { data: { id: string; fallbacks: Json }[] }).data.map((entry) => [entry.id, entry.fallbacks])
    const all = await get(gateway, '/v1/models?include_metadata=true')
    expect(fallbacks(all.body)).toEqual([
      ['fast', { general: ['team/large', 'mock/spare'], context_window: ['mock/long'], content_policy: [] }],
      ['team/large', { general: ['quick', 'mock/spare'], context_window: [], content_policy: [] }],
      ['mock/*', { general: ['quick', 'mock/spare'], context_window: [], content_policy: [] }],
      ['quick', { general: ['team/large', 'mock/spare'], context_window: ['mock/long'], content_policy: [] }],
    ])
    const some = await get(gateway, '/v1/models/fast?include_metadata=true', 'some')
    expect((some.body as Json)['fallbacks']).toEqual({ general: [], context_window: ['mock/long'], content_policy: [] })
    const narrowed = await get(gateway, '/v1/models/fast?include_metadata=true&fallback_type=context_window')
    expect((narrowed.body as Json)['fallbacks']).toEqual({ context_window: ['mock/long'] })
    const wrong = await get(gateway, '/v1/models?fallback_type=nothing')
    expect(wrong.status).toBe(400)
    expect(wrong.body).toMatchObject({ error: { param: 'fallback_type', code: 'invalid_value' } })
  })
})

describe('GET /models/{id}', () => {
  it('finds names with slashes, encoded or not, aliases, and what a wildcard covers', async () => {
    const gateway = await gatewayWith(MODELS)
    for (const [path, id] of [
      ['/v1/models/fast', 'fast'],
      ['/models/team/large', 'team/large'],
      ['/v1/models/team%2Flarge', 'team/large'],
      ['/models/quick', 'quick'],
      ['/v1/models/mock/anything', 'mock/anything'],
    ] as const) {
      const { status, body } = await get(gateway, path)
      expect(status, path).toBe(200)
      expect(body).toEqual(model(id))
    }
  })

  it("says 404 in OpenAI's shape for what does not exist and for what the caller may not use", async () => {
    const gateway = await gatewayWith({ ...MODELS, use: [makeKeys({ named: { role: 'user', models: ['fast'] } })] })
    const unknown = await get(gateway, '/v1/models/a/b')
    expect(unknown.status).toBe(404)
    expect(unknown.body).toEqual(notFound('a/b'))
    const denied = await get(gateway, '/v1/models/team/large', 'named')
    expect(denied.status).toBe(404)
    expect(denied.body).toEqual(notFound('team/large'))
  })

  it("answers OpenAI's own client", async () => {
    const gateway = await gatewayWith(MODELS)
    const client = new OpenAI({ apiKey: 'any', baseURL: 'http://gateway/v1', fetch: gateway.fetch })
    const listed: string[] = []
    for await (const entry of client.models.list()) listed.push(entry.id)
    expect(listed).toEqual(['fast', 'team/large', 'mock/*', 'quick'])
    expect(await client.models.retrieve('team/large')).toEqual(model('team/large'))
    await expect(client.models.retrieve('missing')).rejects.toMatchObject({ status: 404, code: 'model_not_found' })
  })
})

describe('expand', () => {
  it('asks providers, keeps their answer, and leaves a wildcard as it is where they do not answer', async () => {
    const listing = await upstreamWith(({ path }) =>
      path === '/v1/models' ? { data: [{ id: 'b-1' }, { id: 'a-1' }, { id: 'other' }] } : {},
    )
    const broken = await upstreamWith((_seen, response) => sendError(response, 500, { message: 'down' }))
    const silent = await upstreamWith(() => undefined)
    const gateway = await gatewayWith({
      models: [
        { name: 'one', model: 'mock/mock' },
        {
          name: 'live/*',
          model: 'openai/*',
          apiKey: 'sk-live',
          baseURL: `${listing.url}/v1`,
          headers: { 'x-team': 'red' },
        },
        { name: 'some/*', model: 'openai/*-1', apiKey: 'sk-live', baseURL: `${listing.url}/v1` },
        { name: 'broken/*', model: 'openai/*', apiKey: 'sk-live', baseURL: broken.url },
        { name: 'silent/*', model: 'openai/*', apiKey: 'sk-live', baseURL: silent.url },
      ],
      plugins: { 'models-api': { expand: true } },
      use: [makeKeys({ narrow: { role: 'user', models: ['live/a*', 'broken/*'] } })],
    })
    const expected = ['one', 'live/a-1', 'live/b-1', 'live/other', 'some/a', 'some/b', 'broken/*', 'silent/*']
    expect(ids((await get(gateway, '/v1/models')).body)).toEqual(expected)
    expect(ids((await get(gateway, '/v1/models')).body)).toEqual(expected)
    expect(ids((await get(gateway, '/v1/models', 'narrow')).body)).toEqual(['broken/*', 'live/a-1'])
    expect(
      listing.seen.map(({ method, path, headers }) => [method, path, headers.authorization, headers['x-team']]),
    ).toEqual([
      ['GET', '/v1/models', 'Bearer sk-live', 'red'],
      ['GET', '/v1/models', 'Bearer sk-live', undefined],
    ])
    expect(broken.seen).toHaveLength(1)
    expect(silent.seen).toHaveLength(1)
  })

  it('does not carry a key along a redirect', async () => {
    const elsewhere = await upstreamWith(() => ({ data: [{ id: 'stolen' }] }))
    const moved = await upstreamWith((_seen, response) => {
      response.writeHead(302, { location: `${elsewhere.url}/models` })
      response.end()
    })
    const gateway = await gatewayWith({
      models: [{ name: 'openai/*', model: 'openai/*', apiKey: 'sk-live', baseURL: moved.url }],
      plugins: { 'models-api': { expand: true } },
    })
    expect(ids((await get(gateway, '/v1/models')).body)).toEqual(['openai/*'])
    expect(elsewhere.seen).toEqual([])
  })

  it('asks providers in process, and none of them by default', async () => {
    const config: GatewayConfig = { models: [{ name: 'm/*', model: 'mock/*' }] }
    const plain = await gatewayWith(config)
    expect(ids((await get(plain, '/v1/models')).body)).toEqual(['m/*'])
    const expanding = await gatewayWith({ ...config, plugins: { 'models-api': { expand: true } } })
    expect(ids((await get(expanding, '/v1/models')).body)).toContain('m/echo')
  })

  it("is LiteLLM's check_provider_endpoint", async () => {
    const { createGateway } = await import('../../src/index.ts')
    const gateway = await createGateway(
      { models: [{ name: 'm/*', model: 'mock/*' }] },
      { env: {}, litellm: { 'litellm_settings.check_provider_endpoint': true } },
    )
    running.push(gateway)
    expect(ids((await get(gateway, '/v1/models')).body)).toContain('m/echo')
  })
})

describe('GET /model/info', () => {
  const CANARY = 'canary-7f3a'
  const config: GatewayConfig = {
    models: [
      {
        id: 'first',
        name: 'gpt',
        model: 'openai/gpt-4o',
        apiKey: `sk-${CANARY}`,
        organization: `org-${CANARY}`,
        baseURL: `https://user:${CANARY}@api.example.com/v1`,
        rpm: 60,
        tpm: 1000,
        weight: 2,
        order: 1,
        timeout: 30,
        streamTimeout: 5,
        maxParallel: 4,
        tags: ['eu'],
        dropParams: true,
        additionalDropParams: ['seed'],
        params: { extra: CANARY },
        headers: { 'x-secret': CANARY },
        info: { team: 'red', max_input_tokens: 100, supports_vision: true, id: 'not-this' },
        prices: { input_cost_per_token: 0.001, output_cost_per_token: 0.002 },
      },
      {
        id: 'second',
        name: 'gpt',
        model: 'mock/mock',
        rpm: 40,
        order: 2,
        info: { mode: 'embedding', max_input_tokens: 300 },
      },
      { id: 'third', name: 'any/*', model: 'mock/*' },
    ],
    aliases: { best: 'gpt' },
  }

  const first = {
    model_name: 'gpt',
    litellm_params: {
      model: 'openai/gpt-4o',
      api_base: 'https://api.example.com/v1',
      rpm: 60,
      tpm: 1000,
      weight: 2,
      order: 1,
      max_parallel_requests: 4,
      timeout: 30,
      stream_timeout: 5,
      tags: ['eu'],
      drop_params: true,
      additional_drop_params: ['seed'],
    },
    model_info: {
      mode: 'chat',
      litellm_provider: 'openai',
      input_cost_per_token: 0.001,
      output_cost_per_token: 0.002,
      team: 'red',
      max_input_tokens: 100,
      supports_vision: true,
      id: 'first',
      db_model: false,
    },
  }

  it('shows every deployment as declared, and no secret', async () => {
    const gateway = await gatewayWith(config)
    const { status, body } = await get(gateway, '/model/info')
    expect(status).toBe(200)
    expect(body).toEqual({
      data: [
        first,
        {
          model_name: 'gpt',
          litellm_params: { model: 'mock/mock', api_base: 'mock://local', rpm: 40, order: 2 },
          model_info: {
            mode: 'embedding',
            litellm_provider: 'mock',
            input_cost_per_token: 0,
            output_cost_per_token: 0,
            max_input_tokens: 300,
            id: 'second',
            db_model: false,
          },
        },
        {
          model_name: 'any/*',
          litellm_params: { model: 'mock/*', api_base: 'mock://local' },
          model_info: {
            mode: 'chat',
            litellm_provider: 'mock',
            input_cost_per_token: 0,
            output_cost_per_token: 0,
            id: 'third',
            db_model: false,
          },
        },
      ],
    })
    expect((await get(gateway, '/v1/model/info')).body).toEqual(body)
    expect(JSON.stringify(body)).not.toContain(CANARY)
  })

  it('finds one by its id, and only what the caller may use', async () => {
    const gateway = await gatewayWith({ ...config, use: [makeKeys({ narrow: { role: 'user', models: ['any/*'] } })] })
    expect((await get(gateway, '/model/info?litellm_model_id=first')).body).toEqual({ data: [first] })
    const missing = await get(gateway, '/model/info?litellm_model_id=no')
    expect(missing.status).toBe(404)
    expect(missing.body).toEqual(notFound('no'))
    const narrow = (await get(gateway, '/model/info', 'narrow')).body as { data: { model_name: string }[] }
    expect(narrow.data.map((entry) => entry.model_name)).toEqual(['any/*'])
    expect((await get(gateway, '/model/info?litellm_model_id=first', 'narrow')).status).toBe(404)
  })

  it('shows what calls are charged with: by the config, an override, the list, or nothing where nobody knows', async () => {
    const gateway = await gatewayWith({
      models: [
        { name: 'own', model: 'openai/house', prices: { input_cost_per_token: 0.00000123, output_cost_per_token: 0 } },
        { name: 'list', model: 'openai/gpt-4o' },
        { name: 'dear', model: 'openai/gpt-4o-2024-11-20' },
        { name: 'unknown', model: 'openai/house-of-nobody' },
      ].map((model) => ({ ...model, apiKey: 'sk-test-0000' })),
      plugins: { prices: { overrides: { dear: { input_cost_per_token: 3e-6, output_cost_per_token: 4e-6 } } } },
    })
    const { body } = (await get(gateway, '/model/info')) as { body: { data: { model_info: Json }[] } }
    const [own, list, dear, unknown] = body.data.map(({ model_info }) => model_info)
    expect(own).toMatchObject({ input_cost_per_token: 0.00000123, output_cost_per_token: 0 })
    expect(list).toMatchObject({
      input_cost_per_token: 0.0000025,
      output_cost_per_token: 0.00001,
      cache_read_input_token_cost: 0.00000125,
    })
    expect(dear).toMatchObject({ input_cost_per_token: 0.000003, output_cost_per_token: 0.000004 })
    expect(Object.keys(unknown!).filter((key) => key.includes('cost'))).toEqual([])
    const groups = (await get(gateway, '/model_group/info')).body as { data: Json[] }
    expect(
      groups.data.map((group) => [group['model_group'], group['input_cost_per_token'], group['output_cost_per_token']]),
    ).toEqual([
      ['own', 0.00000123, 0],
      ['list', 0.0000025, 0.00001],
      ['dear', 0.000003, 0.000004],
      ['unknown', null, null],
    ])
  })

  it('adds groups up', async () => {
    const gateway = await gatewayWith(config)
    const gpt = {
      providers: ['openai', 'mock'],
      mode: 'chat',
      max_tokens: null,
      max_input_tokens: 300,
      max_output_tokens: null,
      input_cost_per_token: 0.001,
      output_cost_per_token: 0.002,
      tpm: 1000,
      rpm: 100,
      supports_vision: true,
      supports_function_calling: false,
      supports_parallel_function_calling: false,
      supports_reasoning: false,
      supports_web_search: false,
    }
    const { body } = await get(gateway, '/model_group/info')
    const groups = (body as { data: Json[] }).data
    expect(groups.map((group) => group['model_group'])).toEqual(['gpt', 'any/*', 'best'])
    expect(groups[0]).toEqual({ model_group: 'gpt', ...gpt })
    expect((await get(gateway, '/model_group/info?model_group=best')).body).toEqual({
      data: [{ model_group: 'best', ...gpt }],
    })
  })
})

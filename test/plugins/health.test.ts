import { afterEach, describe, expect, it } from 'vitest'
import type { Gateway, GatewayConfig, LogRecord } from '../../src/index.ts'
import { defineCallback, z } from '../../src/index.ts'
import { chatAnswer, get, makeKeys, sendError, start, startUpstream } from './support.ts'
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

const MOCK: GatewayConfig = { models: [{ id: 'm', name: 'mock', model: 'mock/mock' }] }
const quick = { providers: { mock: { pace: 0, latency: 0 } } }

describe('probes', () => {
  it('is alive, in a JSON string, for anyone', async () => {
    const gateway = await gatewayWith({ ...MOCK, plugins: { 'master-key': { key: 'sk-master-1234' } } })
    for (const path of ['/health/liveliness', '/health/liveness']) {
      const response = await gateway.fetch(`http://gateway${path}`)
      expect(response.status).toBe(200)
      expect(response.headers.get('content-type')).toBe('application/json')
      expect(await response.text()).toBe('"I\'m alive!"')
    }
  })

  it('is ready until it drains', async () => {
    const gateway = await gatewayWith({
      ...MOCK,
      plugins: { 'master-key': { key: 'sk-master-1234' }, 'ollama-logs': false, 'log-console': {} },
    })
    const ready = {
      status: 'healthy',
      db: 'Not connected',
      cache: null,
      litellm_version: '0.1.0',
      success_callbacks: ['log-console'],
      in_flight_requests: 0,
      overloaded: false,
    }
    expect(await get(gateway, '/health/readiness')).toMatchObject({ status: 200, body: ready })
    expect((await gateway.fetch('http://gateway/health/readiness', { method: 'HEAD' })).status).toBe(200)
    gateway.drain()
    expect((await gateway.fetch('http://gateway/health/readiness', { method: 'HEAD' })).status).toBe(503)
    const draining = await get(gateway, '/health/readiness')
    expect(draining.status).toBe(503)
    expect(draining.body).toEqual({ ...ready, status: 'draining' })
    expect((await get(gateway, '/health/liveliness')).status).toBe(200)
  })

  it('counts what is in progress', async () => {
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const upstream = await upstreamWith(async () => {
      await held
      return chatAnswer
    })
    const gateway = await gatewayWith({
      models: [{ name: 'm', model: 'openai/m', apiKey: 'k', baseURL: upstream.url }],
    })
    const call = gateway.run({
      wire: 'openai.chat',
      path: '/chat/completions',
      body: { model: 'm', messages: [{ role: 'user', content: 'x' }] },
    })
    await expect.poll(() => upstream.seen.length).toBe(1)
    expect((await get(gateway, '/health/backlog')).body).toEqual({ in_flight_requests: 1, refused_requests: 0 })
    release()
    await call
    expect((await get(gateway, '/health/backlog')).body).toEqual({ in_flight_requests: 0, refused_requests: 0 })
  })

  it('answers /test, and /routes with everything that is served', async () => {
    const gateway = await gatewayWith(MOCK)
    expect((await get(gateway, '/test')).body).toEqual({ route: '/test' })
    const { routes } = (await get(gateway, '/routes')).body as {
      routes: { path: string; methods: string[]; name: string }[]
    }
    expect(routes).toContainEqual({ path: '/v1/chat/completions', methods: ['POST'], name: 'Create a chat completion' })
    expect(routes).toContainEqual({ path: '/engines/{model}/embeddings', methods: ['POST'], name: 'Create embeddings' })
    const paths = routes.map(({ path }) => path)
    for (const { path } of gateway.routes) for (const one of [path].flat()) expect(paths).toContain(one)
  })
})

describe('GET /health', () => {
  it('calls every deployment once with a few tokens, and says which ones answer', async () => {
    const records: LogRecord[] = []
    const good = await upstreamWith(() => chatAnswer)
    const bad = await upstreamWith((_seen, response) =>
      sendError(response, 401, { message: 'Incorrect API key: sk-secret-canary-0001' }),
    )
    const closed = await startUpstream(() => chatAnswer)
    await closed.close()
    const gateway = await gatewayWith({
      models: [
        { id: 'a', name: 'gpt', model: 'openai/gpt-4o', apiKey: 'sk-secret-canary-0001', baseURL: good.url },
        { id: 'b', name: 'gpt', model: 'openai/gpt-4o', apiKey: 'sk-secret-canary-0001', baseURL: bad.url },
        { id: 'c', name: 'gone', model: 'openai/x', apiKey: 'k', baseURL: closed.url },
        { id: 'd', name: 'any/*', model: 'openai/*', apiKey: 'k', baseURL: good.url },
        {
          id: 'e',
          name: 'voice',
          model: 'openai/whisper-1',
          apiKey: 'k',
          baseURL: good.url,
          info: { mode: 'audio_transcription' },
        },
      ],
      plugins: { fallback: { default: ['gpt'] } },
      use: [
        defineCallback({
          name: 'spy',
          options: z.object({}),
          setup: () => ({
            log(record) {
              records.push(record)
            },
          }),
        }),
      ],
    })
    const { status, body } = await get(gateway, '/health')
    expect(status).toBe(200)
    expect(body).toEqual({
      healthy_endpoints: [{ model: 'openai/gpt-4o', api_base: good.url, model_id: 'a' }],
      unhealthy_endpoints: [
        { model: 'openai/gpt-4o', api_base: bad.url, model_id: 'b', error: 'openai: Incorrect API key: sk-[redacted]' },
        {
          model: 'openai/x',
          api_base: closed.url,
          model_id: 'c',
          error: 'openai: the connection failed (refused).',
        },
      ],
      healthy_count: 1,
      unhealthy_count: 2,
      unchecked_endpoints: [
        { model: 'openai/*', model_id: 'd', reason: 'a wildcard: name a model in info.health_check_model' },
        { model: 'openai/whisper-1', model_id: 'e', reason: 'no small call is known for the mode audio_transcription' },
      ],
    })
    expect(good.seen.map(({ path, body: sent }) => [path, sent])).toEqual([
      ['/chat/completions', { model: 'gpt-4o', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 }],
    ])
    expect(bad.seen).toHaveLength(1)
    await gateway.close()
    expect(records.map(({ principal }) => principal?.id)).toEqual(['health-check', 'health-check', 'health-check'])
  })

  it('speaks to each mode on its own path', async () => {
    const upstream = await upstreamWith(() => chatAnswer)
    const modes = [
      'chat',
      'completion',
      'embedding',
      'image_generation',
      'responses',
      'moderation',
      'rerank',
      'audio_speech',
    ]
    const gateway = await gatewayWith({
      models: modes.map((mode) => ({
        name: mode,
        model: `openai/${mode}`,
        apiKey: 'k',
        baseURL: upstream.url,
        info: { mode },
      })),
    })
    const { body } = await get(gateway, '/health')
    expect((body as Json)['healthy_count']).toBe(8)
    const sent = upstream.seen.map(({ path, body: fields }) => [path, fields])
    expect(sent.sort()).toEqual(
      [
        ['/audio/speech', { model: 'audio_speech', input: 'Hi', voice: 'alloy' }],
        ['/chat/completions', { model: 'chat', messages: [{ role: 'user', content: 'Hi' }], max_tokens: 5 }],
        ['/completions', { model: 'completion', prompt: 'Hi', max_tokens: 1 }],
        ['/embeddings', { model: 'embedding', input: ['Hi'] }],
        ['/images/generations', { model: 'image_generation', prompt: 'A white square' }],
        ['/moderations', { model: 'moderation', input: 'Hi' }],
        ['/rerank', { model: 'rerank', query: 'Hi', documents: ['Hi'] }],
        ['/responses', { model: 'responses', input: 'Hi', max_output_tokens: 16 }],
      ].sort(),
    )
  })

  it('uses the newer name of the limit where the model wants it, the configured limit, and the named model of a wildcard', async () => {
    const upstream = await upstreamWith(({ body }, response) => {
      if (body['max_tokens'] === undefined) return chatAnswer
      sendError(response, 400, {
        message: "Unsupported parameter: 'max_tokens'",
        param: 'max_tokens',
        code: 'unsupported_parameter',
      })
      return undefined
    })
    const gateway = await gatewayWith({
      models: [
        {
          id: 'w',
          name: 'any/*',
          model: 'openai/*',
          apiKey: 'k',
          baseURL: upstream.url,
          info: { health_check_model: 'openai/o3-mini', health_check_max_tokens: 9 },
        },
      ],
    })
    const { body } = await get(gateway, '/health')
    expect((body as Json)['healthy_endpoints']).toEqual([{ model: 'openai/*', api_base: upstream.url, model_id: 'w' }])
    const messages = [{ role: 'user', content: 'Hi' }]
    expect(upstream.seen.map((seen) => seen.body)).toEqual([
      { model: 'o3-mini', messages, max_tokens: 9 },
      { model: 'o3-mini', messages, max_completion_tokens: 9 },
    ])
  })

  it('narrows to a model, an alias or an id, and says 404 for others', async () => {
    const gateway = await gatewayWith({
      models: [
        { id: 'a', name: 'one', model: 'mock/mock' },
        { id: 'b', name: 'one', model: 'mock/echo' },
        { id: 'c', name: 'two', model: 'mock/error-500' },
      ],
      aliases: { uno: 'one' },
      use: [makeKeys({ narrow: { role: 'user', models: ['one'] } })],
      ...quick,
    })
    const idsOf = async (path: string, key?: string) => {
      const { body } = await get(gateway, path, key)
      const { healthy_endpoints: good, unhealthy_endpoints: bad } = body as Record<string, { model_id: string }[]>
      return [good!.map((entry) => entry.model_id), bad!.map((entry) => entry.model_id)]
    }
    expect(await idsOf('/health')).toEqual([['a', 'b'], ['c']])
    expect(await idsOf('/health?model=one')).toEqual([['a', 'b'], []])
    expect(await idsOf('/health?model=uno')).toEqual([['a', 'b'], []])
    expect(await idsOf('/health?model=mock/echo')).toEqual([['b'], []])
    expect(await idsOf('/health?model_id=c')).toEqual([[], ['c']])
    expect(await idsOf('/health', 'narrow')).toEqual([['a', 'b'], []])
    expect((await get(gateway, '/health?model=three')).status).toBe(404)
    expect((await get(gateway, '/health?model_id=c', 'narrow')).status).toBe(404)
  })

  it('gives up on a silent provider', async () => {
    const upstream = await upstreamWith(() => undefined)
    const gateway = await gatewayWith({
      models: [{ id: 's', name: 'm', model: 'openai/m', apiKey: 'k', baseURL: upstream.url }],
      plugins: { health: { timeout: 0.05 } },
    })
    expect((await get(gateway, '/health')).body).toMatchObject({
      unhealthy_endpoints: [
        { model: 'openai/m', api_base: upstream.url, model_id: 's', error: 'openai did not answer in time.' },
      ],
    })
  })

  it('calls four at a time, and once for callers that ask together', async () => {
    let open = 0
    let most = 0
    let release: () => void = () => {}
    const held = new Promise<void>((resolve) => (release = resolve))
    const upstream = await upstreamWith(async () => {
      most = Math.max(most, ++open)
      await held
      open--
      return chatAnswer
    })
    const gateway = await gatewayWith({
      models: Array.from({ length: 10 }, (_, i) => ({
        name: `m${i}`,
        model: `openai/m${i}`,
        apiKey: 'k',
        baseURL: upstream.url,
      })),
    })
    const asked = [get(gateway, '/health'), get(gateway, '/health')]
    await expect.poll(() => open).toBe(4)
    release()
    for (const { body } of await Promise.all(asked)) expect((body as Json)['healthy_count']).toBe(10)
    expect(most).toBe(4)
    expect(upstream.seen).toHaveLength(10)
  })

  it('asks the provider each time, not the cache', async () => {
    const upstream = await upstreamWith(() => chatAnswer)
    const gateway = await gatewayWith({
      models: [{ name: 'm', model: 'openai/m', apiKey: 'k', baseURL: upstream.url }],
      plugins: { cache: {} },
    })
    await get(gateway, '/health')
    expect((await get(gateway, '/health')).body).toMatchObject({ healthy_count: 1 })
    expect(upstream.seen).toHaveLength(2)
    expect((await get(gateway, '/health/readiness')).body).toMatchObject({ cache: 'cache' })
  })

  it('wants a key', async () => {
    const gateway = await gatewayWith({ ...MOCK, ...quick, plugins: { 'master-key': { key: 'sk-master-1234' } } })
    expect((await get(gateway, '/health')).status).toBe(401)
    expect((await get(gateway, '/health/backlog')).status).toBe(401)
    expect((await get(gateway, '/health', 'sk-master-1234')).body).toMatchObject({ healthy_count: 1 })
  })
})

import { afterAll, afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { createGateway, createLibrary, definePlugin, logger, z } from '../../src/index.ts'
import type { ByteStream, Gateway, GatewayConfig, LogRecord, Outcome, Principal } from '../../src/index.ts'
import { startUpstream } from './upstream.ts'

const USAGE = {
  prompt_tokens: 1000,
  completion_tokens: 100,
  total_tokens: 1100,
  prompt_tokens_details: { cached_tokens: 400 },
  completion_tokens_details: { reasoning_tokens: 50 },
}

const upstream = await startUpstream(({ path, body }, response) => {
  const model = body['model']
  const id = { id: 'chatcmpl-1', created: 1, model }
  if (path === '/v1/images/generations') return json({ created: 1, data: [{ url: 'a' }, { url: 'b' }] })
  if (path === '/v1/audio/transcriptions') return json({ text: 'hello', usage: { type: 'duration', seconds: 30 } })
  if (path === '/v1/audio/speech') return response.setHeader('content-type', 'audio/mpeg').end('mp3')
  if (path.startsWith('/v1/files')) return json({ object: 'list', data: [] })
  if (body['stream'] !== true) {
    const choices = [{ index: 0, message: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }]
    return json({
      ...id,
      object: 'chat.completion',
      choices,
      usage: USAGE,
      service_tier: body['service_tier'] ?? 'default',
    })
  }
  response.setHeader('content-type', 'text/event-stream')
  const chunk = (more: object) => `data: ${JSON.stringify({ ...id, object: 'chat.completion.chunk', ...more })}\n\n`
  response.write(chunk({ choices: [{ index: 0, delta: { role: 'assistant', content: 'Hi' }, finish_reason: 'stop' }] }))
  response.end(`${chunk({ choices: [], usage: USAGE })}data: [DONE]\n\n`)

  function json(value: object) {
    response.setHeader('content-type', 'application/json').end(JSON.stringify(value))
  }
})

const KEYS = { apiKey: 'sk-test-0000', baseURL: upstream.baseURL }
const ADMIN: Principal = { id: 'admin', role: 'admin' }
let gateway: Gateway
let records: LogRecord[] = []
let outcomes: Outcome[] = []

async function start(config: GatewayConfig, principal: Principal = ADMIN) {
  const watch = definePlugin({
    name: 'watch',
    options: z.object({}),
    setup: () => ({
      auth: (ctx) => {
        ctx.principal = principal
        ctx.onSettle((outcome) => void outcomes.push(outcome))
      },
      log: (record) => void records.push(record),
    }),
  })
  gateway = await createGateway({ ...config, use: [watch, ...(config.use ?? [])] }, { env: {} })
}

const chat = (body: Record<string, unknown>, headers: Record<string, string> = {}) =>
  gateway.fetch('http://gateway/v1/chat/completions', {
    method: 'POST',
    headers,
    body: JSON.stringify({ messages: [{ role: 'user', content: 'Hello' }], ...body }),
  })

const costHeaders = (response: Response) =>
  Object.fromEntries([...response.headers].filter(([name]) => name.includes('-cost')))

beforeEach(() => {
  records = []
  outcomes = []
  vi.spyOn(logger, 'warn').mockImplementation(() => {})
})

afterEach(async () => {
  vi.restoreAllMocks()
  await gateway.close()
})

afterAll(() => upstream.close())

// gpt-4o: 2.5 in, 1.25 cached, 10 out, USD per million tokens.
const GPT_4O = {
  total: 3_000_000,
  input: 1_500_000,
  cacheRead: 500_000,
  cacheWrite: 0,
  output: 1_000_000,
  reasoning: 500_000,
  other: 0,
  source: 'library',
}

describe('the cost of calls', () => {
  it('is in the headers of whole answers, in the outcome and in the log record', async () => {
    await start({ models: [{ name: 'm', model: 'openai/gpt-4o', ...KEYS }] })
    const response = await chat({ model: 'm' })
    expect(costHeaders(response)).toEqual({
      'x-litellm-response-cost': '0.003',
      'x-litellm-response-cost-input': '0.0015',
      'x-litellm-response-cost-cache-read': '0.0005',
      'x-litellm-response-cost-output': '0.001',
      'x-litellm-response-cost-reasoning': '0.0005',
    })
    await gateway.close()
    expect(outcomes[0]!.cost).toEqual(GPT_4O)
    expect(records[0]!.cost).toEqual(GPT_4O)
  })

  it('is known at the end of a stream, without headers', async () => {
    await start({ models: [{ name: 'm', model: 'openai/gpt-4o', ...KEYS }] })
    const response = await chat({ model: 'm', stream: true, stream_options: { include_usage: true } })
    expect(await response.text()).not.toContain('"cost"')
    expect(costHeaders(response)).toEqual({})
    expect(outcomes[0]!.cost).toEqual(GPT_4O)
  })

  it('is plain decimals, however small', async () => {
    const prices = { input_cost_per_token: 3e-11, output_cost_per_token: 0 }
    await start({ models: [{ name: 'm', model: 'openai/own', ...KEYS, prices }] })
    expect(costHeaders(await chat({ model: 'm' }))).toEqual({
      'x-litellm-response-cost': '0.00000003',
      'x-litellm-response-cost-input': '0.000000018',
      'x-litellm-response-cost-cache-read': '0.000000012',
    })
  })

  it('is 0, and says so, where the model is free', async () => {
    await start({
      models: [
        { name: 'mock', model: 'mock/echo', pace: 0, latency: 0 },
        { name: 'free', model: 'openai/x', ...KEYS, prices: { input_cost_per_token: 0, output_cost_per_token: 0 } },
      ],
    })
    expect(costHeaders(await chat({ model: 'mock' }))).toEqual({ 'x-litellm-response-cost': '0' })
    expect(costHeaders(await chat({ model: 'free' }))).toEqual({ 'x-litellm-response-cost': '0' })
    expect(outcomes.map(({ cost }) => cost)).toMatchObject([
      { total: 0, source: 'deployment' },
      { total: 0, source: 'deployment' },
    ])
    expect(logger.warn).not.toHaveBeenCalled()
  })

  it('is unknown, told once and in no header, where nobody knows the price', async () => {
    await start({ models: [{ name: 'm', model: 'openai/unheard-of', ...KEYS }] })
    expect(costHeaders(await chat({ model: 'm' }))).toEqual({})
    expect(costHeaders(await chat({ model: 'm' }))).toEqual({})
    expect(outcomes[0]!.cost).toMatchObject({ total: 0, source: 'unknown' })
    expect(vi.mocked(logger.warn).mock.calls).toHaveLength(1)
    expect(vi.mocked(logger.warn).mock.calls[0]![0]).toContain('openai/unheard-of')
  })

  it('takes prices from the request of an admin', async () => {
    await start({ models: [{ name: 'm', model: 'openai/unheard-of', ...KEYS }] })
    const response = await chat({ model: 'm', input_cost_per_token: 1e-6, output_cost_per_token: 2e-6 })
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.0012')
    expect(response.headers.get('x-ungate-dropped-params')).toBeNull()
    expect(outcomes[0]!.cost!.source).toBe('request')
    expect(logger.warn).not.toHaveBeenCalled()
  })

  it('takes none from anybody else, and none that is no price; both are reported', async () => {
    await start({ models: [{ name: 'm', model: 'openai/gpt-4o', ...KEYS }] }, { id: 'key', role: 'user' })
    const response = await chat({ model: 'm', input_cost_per_token: 0, output_cost_per_token: 0 })
    expect(response.headers.get('x-litellm-response-cost')).toBe('0.003')
    expect(response.headers.get('x-ungate-dropped-params')).toBe('input_cost_per_token, output_cost_per_token')
    await gateway.close()
    await start({ models: [{ name: 'm', model: 'openai/gpt-4o', ...KEYS }] })
    const negative = await chat({ model: 'm', input_cost_per_token: -1, output_cost_per_token: 0 })
    expect(negative.headers.get('x-litellm-response-cost')).toBe('0.002')
    expect(negative.headers.get('x-ungate-dropped-params')).toBe('input_cost_per_token')
  })

  it('follows the service tier that the provider reports', async () => {
    const prices = { input_cost_per_token: 2e-6, output_cost_per_token: 0, input_cost_per_token_flex: 1e-6 }
    await start({ models: [{ name: 'm', model: 'openai/own', ...KEYS, prices }] })
    expect((await chat({ model: 'm' })).headers.get('x-litellm-response-cost')).toBe('0.002')
    expect((await chat({ model: 'm', service_tier: 'flex' })).headers.get('x-litellm-response-cost')).toBe('0.001')
    const stream = await chat({ model: 'm', stream: true, service_tier: 'flex' })
    await stream.text()
    expect(outcomes[2]!.cost!.total).toBe(1_000_000)
  })

  it('counts pictures, seconds and characters', async () => {
    await start({
      models: [
        { name: 'picture', model: 'openai/dall-e-3', ...KEYS, prices: { output_cost_per_image: 0.04 } },
        { name: 'pixels', model: 'openai/dall-e-2', ...KEYS, prices: { input_cost_per_pixel: 2e-8 } },
        { name: 'whisper', model: 'openai/whisper-1', ...KEYS },
        { name: 'speech', model: 'openai/tts-1', ...KEYS, prices: { input_cost_per_character: 15e-6 } },
      ],
    })
    const post = async (path: string, body: Record<string, unknown>) => {
      const response = await gateway.fetch(`http://gateway/v1${path}`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      })
      await response.arrayBuffer()
    }
    await post('/images/generations', { model: 'picture', prompt: 'x', n: 2 })
    await post('/images/generations', { model: 'pixels', prompt: 'x', n: 1, size: '512x512' })
    await post('/audio/transcriptions', { model: 'whisper' })
    await post('/audio/speech', { model: 'speech', input: 'Hello, you', voice: 'alloy' })
    expect(outcomes.map(({ cost }) => cost)).toMatchObject([
      { total: 80_000_000, other: 80_000_000 },
      { total: 5_242_880 },
      { total: 3_000_000, other: 3_000_000, source: 'library' },
      { total: 150_000 },
    ])
  })

  it('is charged by the time of the call where a deployment has only that price', async () => {
    const prices = { input_cost_per_second: 0.001 }
    await start({ models: [{ name: 'm', model: 'openai/own', ...KEYS, prices }] })
    await chat({ model: 'm' })
    const { cost, ms } = outcomes[0]!
    expect(cost).toMatchObject({ input: 0, output: 0, other: Math.round((ms / 1000) * 1_000_000) })
  })

  it('is not said of calls in which nothing was used', async () => {
    await start({ models: [{ name: 'm', model: 'openai/gpt-4o', ...KEYS }] })
    const response = await gateway.fetch('http://gateway/v1/files', { headers: { 'x-litellm-model': 'm' } })
    expect([response.status, costHeaders(response)]).toEqual([200, {}])
    expect((await chat({ model: 'nobody' })).status).toBe(404)
    expect(outcomes.map(({ cost }) => cost)).toEqual([undefined, undefined])
  })

  it('is 0 for an answer from the cache, with what that saved', async () => {
    const cached = definePlugin({
      name: 'cached',
      options: z.object({}),
      setup: () => ({
        provider(ctx, target) {
          ctx.cacheHit = true
          const headers = { 'content-type': 'application/json', 'x-litellm-model-id': target.id }
          return Promise.resolve({ status: 200, headers, body: '{}', usage: { input: 1000, output: 100 } })
        },
      }),
    })
    await start({ models: [{ name: 'm', model: 'openai/gpt-4o', ...KEYS }], use: [cached] })
    expect(costHeaders(await chat({ model: 'm' }))).toEqual({ 'x-litellm-response-cost': '0' })
    expect(outcomes[0]!.cost).toMatchObject({ total: 0, input: 0, output: 0, source: 'library', saved: 3_500_000 })
  })

  it('is told by the library, of streams as well, at the call’s own prices', async () => {
    await start({ models: [{ name: 'm', model: 'openai/gpt-4o', ...KEYS }] })
    const { completion } = createLibrary(gateway)
    const ask = { model: 'm', messages: [{ role: 'user' as const, content: 'Hello' }] }
    expect((await completion(ask)).gateway.cost).toBe(3_000_000)
    const own = await completion({ ...ask, inputCostPerToken: 1e-6, outputCostPerToken: 0 })
    expect(own.gateway.cost).toBe(1_000_000)
    const stream = await completion({ ...ask, stream: true })
    for await (const _chunk of stream);
    expect(stream.gateway.cost).toBe(3_000_000)
    const loose = await completion({ ...ask, model: 'openai/gpt-4o-mini', ...KEYS })
    // 0.15 in, 0.075 cached, 0.6 out.
    expect(loose.gateway.cost).toBe(90_000 + 30_000 + 60_000)
    const unknown = await completion({ ...ask, model: 'openai/unheard-of', ...KEYS })
    expect(unknown.gateway.cost).toBeUndefined()
  })
})

describe('the cost in streams', () => {
  const lastUsage = async (response: Response) => {
    const events = (await response.text()).split('\n\n').filter((event) => event.includes('"usage":{'))
    return (JSON.parse(events.at(-1)!.slice('data: '.length)) as { usage: Record<string, unknown> }).usage
  }
  const plugins = { prices: { costInStreams: true } }

  it('is in the usage chunk when both the config and the client ask for it', async () => {
    await start({ models: [{ name: 'm', model: 'openai/gpt-4o', ...KEYS }], plugins })
    const asked = { stream: true, stream_options: { include_usage: true } }
    expect(await lastUsage(await chat({ model: 'm', ...asked }))).toEqual({ ...USAGE, cost: 0.003 })
    expect(await (await chat({ model: 'm', stream: true })).text()).not.toContain('cost')
  })

  it('can be asked for by LiteLLM’s setting', async () => {
    gateway = await createGateway(
      { models: [{ name: 'm', model: 'openai/gpt-4o', ...KEYS }] },
      { env: {}, litellm: { 'litellm_settings.include_cost_in_streaming_usage': true } },
    )
    const response = await gateway.run({
      wire: 'openai.chat',
      path: '/chat/completions',
      principal: ADMIN,
      body: { model: 'm', messages: [], stream: true, stream_options: { include_usage: true } },
    })
    expect(new TextDecoder().decode(await (response.body as ByteStream).bytes())).toContain('"cost":0.003')
  })

  it('is there too where the stream is translated, and missing where it is not known', async () => {
    const anthropic = await startUpstream((_request, response) => {
      response.setHeader('content-type', 'text/event-stream')
      const events = [
        { type: 'message_start', message: { id: 'msg_1', usage: { input_tokens: 100, output_tokens: 1 } } },
        { type: 'content_block_start', index: 0, content_block: { type: 'text', text: '' } },
        { type: 'content_block_delta', index: 0, delta: { type: 'text_delta', text: 'Hi' } },
        { type: 'content_block_stop', index: 0 },
        { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 10 } },
        { type: 'message_stop' },
      ]
      response.end(events.map((event) => `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`).join(''))
    })
    await start({
      models: [
        { name: 'c', model: 'anthropic/claude-sonnet-4-5', apiKey: 'sk-test-0000', baseURL: anthropic.baseURL },
        { name: 'u', model: 'openai/unheard-of', ...KEYS },
      ],
      plugins,
    })
    const asked = { stream: true, stream_options: { include_usage: true } }
    expect(await lastUsage(await chat({ model: 'c', max_tokens: 10, ...asked }))).toMatchObject({ cost: 0.00045 })
    expect(await lastUsage(await chat({ model: 'u', ...asked }))).toEqual(USAGE)
    await anthropic.close()
  })
})

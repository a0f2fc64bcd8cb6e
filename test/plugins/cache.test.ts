import { afterEach, expect, test, vi } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { CreateGatewayOptions, Gateway, GatewayConfig, LogRecord } from '../../src/index.ts'
import { createStore } from '../../plugins/cache/store.ts'
import type { Entry } from '../../plugins/cache/store.ts'
import { chatAnswer, chatEvents } from '../support/openai-answers.ts'
import { sendEvents, sendJson, startUpstream, toEvent } from '../support/upstream.ts'
import type { Upstream, UpstreamHandler } from '../support/upstream.ts'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  vi.useRealTimers()
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

/** Every call gets another answer, so that a repeated one shows. */
function counting(): UpstreamHandler {
  let count = 0
  return (call, response) => {
    count++
    if (call.body['stream'] === true) sendEvents(response, chatEvents(['answer ', `${count}`]))
    else sendJson(response, chatAnswer(`answer ${count}`))
  }
}

interface Setup {
  readonly gateway: Gateway
  readonly upstream: Upstream
  readonly records: LogRecord[]
}

/** Callers name themselves with `Authorization: Bearer <name>`. */
const callers = definePlugin({
  name: 'callers',
  order: 'pre',
  options: z.object({}),
  setup: () => ({
    auth(ctx) {
      ctx.principal = { id: ctx.call.headers.get('authorization') ?? 'nobody', role: 'user' }
    },
  }),
})

async function setup(
  cache: NonNullable<GatewayConfig['plugins']>['cache'],
  handler: UpstreamHandler = counting(),
  config: GatewayConfig = {},
  options: CreateGatewayOptions = {},
): Promise<Setup> {
  const upstream = await startUpstream(handler)
  const records: LogRecord[] = []
  const collect = definePlugin({
    name: 'collect',
    options: z.object({}),
    setup: () => ({ log: (record) => void records.push(record) }),
  })
  const model = (name: string) => ({
    name,
    model: `openai/${name}`,
    apiKey: 'sk-cache-key',
    baseURL: `${upstream.url}/v1`,
  })
  const gateway = await createGateway(
    {
      models: [model('m'), model('other')],
      aliases: { alias: 'm' },
      ...config,
      plugins: { ...(cache === undefined ? {} : { cache }), retry: { retries: 0 }, ...config.plugins },
      use: [callers, collect, ...(config.use ?? [])],
    },
    { env: {}, ...options },
  )
  cleanups.push(
    () => upstream.close(),
    () => gateway.close(),
  )
  return { gateway, upstream, records }
}

async function post(gateway: Gateway, body: object, path = '/v1/chat/completions', caller = 'a') {
  const response = await gateway.fetch(`http://gateway${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json', authorization: caller },
    body: JSON.stringify(body),
  })
  const text = await response.text()
  return {
    status: response.status,
    text,
    hit: response.headers.get('x-litellm-cache-hit') === 'True',
    headers: response.headers,
  }
}

const messages = [{ role: 'user', content: 'Hello' }]
const chat = { model: 'm', messages }

test('an identical call gets the same bytes without the provider, and the record says so', async () => {
  const { gateway, upstream, records } = await setup({})
  const first = await post(gateway, chat)
  const second = await post(gateway, chat)
  expect(second.status).toBe(200)
  expect(second.text).toBe(first.text)
  expect(second.text).toBe(JSON.stringify(chatAnswer('answer 1')))
  expect([first.hit, second.hit]).toEqual([false, true])
  expect(first.headers.get('x-litellm-cache-key')).toBeNull()
  expect(second.headers.get('x-litellm-cache-key')).toMatch(/^[\da-f]{64}$/)
  expect(second.headers.get('content-type')).toBe('application/json')
  expect(second.headers.get('x-litellm-model-id')).toBe(first.headers.get('x-litellm-model-id'))
  expect(second.headers.get('x-litellm-call-id')).not.toBe(first.headers.get('x-litellm-call-id'))
  expect(upstream.requests).toHaveLength(1)
  await gateway.close()
  expect(
    records.map(({ cacheHit, status, usage, attempts }) => ({ cacheHit, status, usage, attempts: attempts.length })),
  ).toEqual([
    { cacheHit: false, status: 200, usage: { input: 7, output: 3 }, attempts: 1 },
    { cacheHit: true, status: 200, usage: { input: 7, output: 3 }, attempts: 0 },
  ])
  // Reports by model and provider count both.
  const whose = records.map(({ group, deployment, provider, upstreamModel: model }) => [
    group,
    deployment,
    provider,
    model,
  ])
  expect(whose[0]).toEqual(['m', first.headers.get('x-litellm-model-id'), 'openai', expect.any(String)])
  expect(whose[1]).toEqual(whose[0])
})

test('a stream comes again as the same stream', async () => {
  const { gateway, upstream, records } = await setup({})
  const first = await post(gateway, { ...chat, stream: true })
  const second = await post(gateway, { ...chat, stream: true })
  expect(second.text).toBe(first.text)
  expect(second.text.endsWith('data: [DONE]\n\n')).toBe(true)
  expect(second.hit).toBe(true)
  expect(second.headers.get('content-type')).toBe('text/event-stream')
  expect(upstream.requests).toHaveLength(1)
  // Not streamed is another call.
  expect((await post(gateway, chat)).hit).toBe(false)
  await gateway.close()
  expect(gateway.inFlight()).toBe(0)
  expect(records.map(({ cacheHit, aborted, usage }) => [cacheHit, aborted, usage])).toEqual([
    [false, false, { input: 7, output: 3 }],
    [true, false, { input: 7, output: 3 }],
    [false, false, { input: 7, output: 3 }],
  ])
})

test('callers have their own answers, unless they share', async () => {
  const own = await setup({})
  await post(own.gateway, chat, undefined, 'a')
  expect((await post(own.gateway, chat, undefined, 'b')).hit).toBe(false)
  expect((await post(own.gateway, chat, undefined, 'a')).hit).toBe(true)

  const shared = await setup({ shared: true })
  await post(shared.gateway, chat, undefined, 'a')
  expect((await post(shared.gateway, chat, undefined, 'b')).hit).toBe(true)
})

test.each([
  ['the order of members', { messages, model: 'm' }, true],
  ['an alias of the model', { ...chat, model: 'alias' }, true],
  ['stream: false', { ...chat, stream: false }, true],
  ['a field that is null', { ...chat, temperature: null }, true],
  ['metadata and tags', { ...chat, metadata: { trace_id: '1' }, tags: ['x'] }, true],
  ['how the call is made', { ...chat, timeout: 5, num_retries: 1, cache: { ttl: 5 } }, true],
  ['another model', { ...chat, model: 'other' }, false],
  ['a parameter', { ...chat, temperature: 0 }, false],
  ['an unknown parameter', { ...chat, own_extra: 1 }, false],
  ['the text', { ...chat, messages: [{ role: 'user', content: 'Hello!' }] }, false],
  ['the end user', { ...chat, user: 'u' }, false],
  ['dropped parameters', { ...chat, additional_drop_params: ['x'] }, false],
  ['the namespace', { ...chat, cache: { namespace: 'n' } }, false],
])('%s: same answer or not', async (_what, body, hit) => {
  const { gateway } = await setup({})
  await post(gateway, chat)
  expect((await post(gateway, body)).hit).toBe(hit)
})

test('completions, embeddings and images are cached; what is not listed is not', async () => {
  const handler: UpstreamHandler = (call, response) =>
    sendJson(response, { path: call.path, usage: { prompt_tokens: 1, total_tokens: 1 } })
  const calls = [
    ['/v1/completions', { model: 'm', prompt: 'Hello' }],
    ['/v1/embeddings', { model: 'm', input: 'Hello' }],
    ['/v1/images/generations', { model: 'm', prompt: 'Hello' }],
    ['/v1/moderations', { model: 'm', input: 'Hello' }],
  ] as const
  const hits = async (gateway: Gateway) => {
    const found: boolean[] = []
    for (const [path, body] of calls) {
      await post(gateway, body, path)
      found.push((await post(gateway, body, path)).hit)
    }
    return found
  }
  expect(await hits((await setup({}, handler)).gateway)).toEqual([true, true, true, false])
  expect(await hits((await setup({ supportedCallTypes: ['aembedding'] }, handler)).gateway)).toEqual([
    false,
    true,
    false,
    false,
  ])
  expect(await hits((await setup({ supportedCallTypes: [] }, handler)).gateway)).toEqual([false, false, false, false])
})

test('a call says how the cache takes part', async () => {
  const { gateway } = await setup({})
  const answers = async (extra: object) => {
    const { text, hit } = await post(gateway, { ...chat, ...extra })
    return [
      (JSON.parse(text) as ReturnType<typeof chatAnswer> & { choices: { message: { content: string } }[] }).choices[0]!
        .message.content,
      hit,
    ]
  }
  expect(await answers({ cache: { 'no-store': true } })).toEqual(['answer 1', false])
  expect(await answers({})).toEqual(['answer 2', false])
  expect(await answers({ cache: { 'no-store': true } })).toEqual(['answer 2', true])
  expect(await answers({ caching: false })).toEqual(['answer 3', false])
  expect(await answers({ cache: { 'use-cache': false } })).toEqual(['answer 4', false])
  expect(await answers({ cache: { 'no-cache': true } })).toEqual(['answer 5', false])
  expect(await answers({})).toEqual(['answer 5', true])
  expect(await answers({ cache: { namespace: 'n' } })).toEqual(['answer 6', false])
  expect(await answers({ cache: { namespace: 'n' } })).toEqual(['answer 6', true])
})

test('default_off: only calls that opt in', async () => {
  const { gateway } = await setup({ mode: 'default_off' })
  const hits: boolean[] = []
  for (const extra of [{}, {}, { caching: true }, { caching: true }, { cache: { 'use-cache': true } }, { cache: {} }]) {
    hits.push((await post(gateway, { ...chat, ...extra })).hit)
  }
  expect(hits).toEqual([false, false, false, true, true, false])
})

test('answers end with their ttl, and s-maxage refuses older ones', async () => {
  const { gateway } = await setup({ ttl: 100 })
  vi.useFakeTimers({ toFake: ['Date'] })
  const hitAfter = async (seconds: number, extra: object = {}) => {
    vi.setSystemTime(Date.now() + seconds * 1000)
    return (await post(gateway, { ...chat, ...extra })).hit
  }
  expect(await hitAfter(0)).toBe(false)
  expect(await hitAfter(50)).toBe(true)
  expect(await hitAfter(0, { cache: { 's-maxage': 49, 'no-store': true } })).toBe(false)
  expect(await hitAfter(0, { cache: { 's-maxage': 50 } })).toBe(true)
  expect(await hitAfter(49)).toBe(true)
  expect(await hitAfter(1, { cache: { ttl: 5 } })).toBe(false)
  expect(await hitAfter(4)).toBe(true)
  expect(await hitAfter(1)).toBe(false)
})

test.each([
  [{ cache: 'yes' }, 'cache'],
  [{ cache: { ttl: '5' } }, 'cache.ttl'],
  [{ cache: { ttl: -1 } }, 'cache.ttl'],
  [{ cache: { 's-maxage': true } }, 'cache.s-maxage'],
  [{ cache: { 'no-cache': 'yes' } }, 'cache.no-cache'],
  [{ cache: { namespace: 5 } }, 'cache.namespace'],
])('wrong controls are refused by name: %j', async (extra, param) => {
  const { gateway, upstream } = await setup({})
  const { status, text } = await post(gateway, { ...chat, ...extra })
  expect(status).toBe(400)
  expect(JSON.parse(text)).toMatchObject({ error: { type: 'invalid_request_error', param, code: 'invalid_value' } })
  expect(upstream.requests).toHaveLength(0)
})

test('errors are not kept', async () => {
  let count = 0
  const { gateway } = await setup({}, (_call, response) => {
    if (++count === 1) sendJson(response, { error: { message: 'No', type: null, param: null, code: null } }, 500)
    else sendJson(response, chatAnswer('good'))
  })
  expect((await post(gateway, chat)).status).toBe(500)
  expect(await post(gateway, chat)).toMatchObject({ status: 200, hit: false })
  expect(await post(gateway, chat)).toMatchObject({ status: 200, hit: true })
})

test('an error under a status of 200 is not kept', async () => {
  const { gateway } = await setup({}, (_call, response) => sendJson(response, { error: { message: 'No', code: 502 } }))
  await post(gateway, chat)
  expect((await post(gateway, chat)).hit).toBe(false)
})

test.each([
  ['ends with an error', [...chatEvents(['half']).slice(0, 2), { error: { message: 'No' } }]],
  [
    'reports an error and ends as if it were whole',
    [...chatEvents(['half']).slice(0, 2), { error: { message: 'No' } }, '[DONE]'],
  ],
  ['ends without its mark', chatEvents(['half']).slice(0, -1)],
])('a stream that %s is not kept', async (_how, events) => {
  const { gateway, upstream } = await setup({}, (_call, response) => sendEvents(response, events))
  await post(gateway, { ...chat, stream: true })
  expect((await post(gateway, { ...chat, stream: true })).hit).toBe(false)
  expect(upstream.requests).toHaveLength(2)
})

test('a stream that breaks or is left is not kept', async () => {
  const { gateway, upstream } = await setup({}, (call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    response.write(chatEvents(['half']).slice(0, 2).map(toEvent).join(''))
    if (call.body['user'] === 'break') setTimeout(() => response.destroy(), 20)
  })
  const broken = { ...chat, stream: true, user: 'break' }
  expect((await post(gateway, broken)).text).toContain('"error"')
  expect((await post(gateway, broken)).hit).toBe(false)

  const controller = new AbortController()
  const init = {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ ...chat, stream: true }),
  }
  const left = await gateway.fetch('http://gateway/v1/chat/completions', { ...init, signal: controller.signal })
  const reader = left.body!.getReader()
  await reader.read()
  await reader.cancel()
  expect(await upstream.requests[2]!.left).toBe(true)
  const again = await gateway.fetch('http://gateway/v1/chat/completions', init)
  expect(again.headers.get('x-litellm-cache-hit')).toBeNull()
  await again.body!.cancel()
})

test("a stand-in's answer is not kept for the model that failed", async () => {
  const { gateway, upstream } = await setup(
    {},
    (call, response) => {
      if (call.body['model'] === 'm') sendJson(response, { error: { message: 'No' } }, 503)
      else sendJson(response, chatAnswer('stand-in'))
    },
    { plugins: { fallback: { fallbacks: [{ m: ['other'] }] } } },
  )
  expect(await post(gateway, chat)).toMatchObject({ status: 200, hit: false })
  expect(await post(gateway, chat)).toMatchObject({ status: 200, hit: false })
  expect(upstream.requests.map((call) => call.body['model'])).toEqual(['m', 'other', 'm', 'other'])
})

test('answers that are too long are not kept', async () => {
  const { gateway } = await setup({ maxBytes: 500 }, (call, response) => {
    const long = 'x'.repeat(call.body['user'] === 'long' ? 500 : 5)
    if (call.body['stream'] === true) sendEvents(response, [chatEvents([long])[1], '[DONE]'])
    else sendJson(response, chatAnswer(long))
  })
  const hits: boolean[] = []
  for (const stream of [false, true]) {
    for (const user of ['long', 'short']) {
      await post(gateway, { ...chat, stream, user })
      hits.push((await post(gateway, { ...chat, stream, user })).hit)
    }
  }
  expect(hits).toEqual([false, true, false, true])
})

test('is off unless the config names it', async () => {
  const { gateway } = await setup(undefined)
  await post(gateway, { ...chat, caching: true })
  expect((await post(gateway, { ...chat, caching: true })).hit).toBe(false)
  expect(gateway.plugins.find((plugin) => plugin.name === 'cache')).toMatchObject({ enabled: false })
})

test('takes the settings of a LiteLLM config', async () => {
  const params = { type: 'local', ttl: 10, mode: 'default_off', namespace: 'n', supported_call_types: ['acompletion'] }
  const litellm = { 'litellm_settings.cache': true, 'litellm_settings.cache_params': params }
  const { gateway } = await setup(undefined, counting(), {}, { litellm })
  expect(gateway.config.plugins?.['cache']).toEqual({
    enabled: true,
    type: 'local',
    ttl: 10,
    mode: 'default_off',
    namespace: 'n',
    supportedCallTypes: ['acompletion'],
  })
  expect(gateway.warnings).toEqual([])
  await post(gateway, { ...chat, caching: true })
  expect((await post(gateway, { ...chat, caching: true })).hit).toBe(true)

  const off = await setup(undefined, counting(), {}, { litellm: { 'litellm_settings.cache': false } })
  await post(off.gateway, { ...chat, caching: true })
  expect((await post(off.gateway, { ...chat, caching: true })).hit).toBe(false)
})

test('keeps answers in a storage mount of the config', async () => {
  const { gateway } = await setup({ mount: 'answers' }, counting(), { storage: { answers: { driver: 'memory' } } })
  await post(gateway, chat)
  expect((await post(gateway, chat)).hit).toBe(true)
  await expect(setup({ mount: 'answers' })).rejects.toThrow('plugins.cache.mount: there is no storage "answers"')
})

const FREE = { m: { input_cost_per_token: 0, output_cost_per_token: 0 } }

test('a storage that fails costs no call', async () => {
  const fail = () => Promise.reject(new Error('storage is away'))
  const broken = definePlugin({
    name: 'broken-storage',
    options: z.object({}),
    async setup(_options, { storage }) {
      await storage.unmount('cache')
      storage.mount('cache', {
        name: 'broken',
        hasItem: fail,
        getItem: fail,
        setItem: fail,
        removeItem: fail,
        getKeys: fail,
      })
    },
  })
  const { logger } = await import('../../src/index.ts')
  const warn = vi.spyOn(logger, 'warn').mockImplementation(() => {})
  // With a price of its own, so that nothing else is warned of.
  const { gateway } = await setup({}, counting(), { use: [broken], plugins: { prices: { overrides: FREE } } })
  for (let i = 0; i < 4; i++) expect(await post(gateway, chat)).toMatchObject({ status: 200, hit: false })
  expect(warn.mock.calls).toEqual([['The cache is passed over:', 'storage is away']])
  warn.mockRestore()
})

const entry = (until: number): Entry => ({ at: 0, until, headers: {}, body: '{}' })
const never = () => new Promise<never>(() => {})

test('the store gives up on a storage that hangs, and after five failures leaves it alone for 30 s', async () => {
  vi.useFakeTimers()
  let asked = 0
  const errors: unknown[] = []
  const storage = {
    getItem: () => {
      asked++
      return never()
    },
    setItem: never,
    removeItem: never,
  }
  const store = createStore(storage, { prefix: 'cache', deadline: 100, onError: (error) => errors.push(error) })
  for (let i = 0; i < 7; i++) {
    const got = store.get('key')
    await vi.advanceTimersByTimeAsync(100)
    expect(await got).toBeUndefined()
  }
  expect(asked).toBe(5)
  expect(errors.map(String)).toEqual(Array(5).fill("Error: the cache's storage did not answer within 100 ms"))
  await vi.advanceTimersByTimeAsync(30_000)
  void store.get('key')
  expect(asked).toBe(6)
})

test('the store takes no half-written entry and removes old ones', async () => {
  const items = new Map<string, unknown>([
    ['cache:torn', '{"at":1,"unt'],
    ['cache:foreign', { hello: 1 }],
    ['cache:headless', { ...entry(Date.now() + 1000), headers: null }],
    ['cache:odd', { ...entry(Date.now() + 1000), headers: { 'content-type': 5 } }],
    ['cache:old', entry(1)],
    ['cache:good', entry(Date.now() + 1000)],
  ])
  const removed: string[] = []
  const stored: unknown[] = []
  const storage = {
    getItem: async (key: string) => items.get(key) ?? null,
    setItem: async (...args: unknown[]) => void stored.push(args),
    removeItem: async (key: string) => void removed.push(key),
  }
  const store = createStore(storage, { prefix: 'cache', deadline: 100, onError: () => {} })
  const names = ['torn', 'foreign', 'headless', 'odd', 'old', 'good', 'none']
  const found = await Promise.all(names.map((key) => store.get(key)))
  expect(names.filter((_name, i) => found[i] !== undefined)).toEqual(['good'])
  expect(removed).toEqual(['cache:old'])
  await store.set('new', { ...entry(1500), at: 0 })
  expect(stored).toEqual([['cache:new', { ...entry(1500), at: 0 }, { ttl: 2 }]])
})

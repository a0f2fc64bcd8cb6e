import { afterEach, expect, test } from 'vitest'
import {
  APIConnectionError,
  APIError,
  AuthenticationError,
  BadRequestError,
  BudgetExceededError,
  ContentPolicyViolationError,
  ContextWindowExceededError,
  GatewayError,
  InternalServerError,
  NotFoundError,
  PermissionDeniedError,
  RateLimitError,
  ServiceUnavailableError,
  Timeout,
  UnprocessableEntityError,
  UnsupportedParamsError,
  createGateway,
  createLibrary,
  definePlugin,
  toLibraryError,
  z,
} from '../../src/index.ts'
import type { GatewayConfig, Library } from '../../src/index.ts'
import { sendJson, startUpstream } from '../support/upstream.ts'
import type { UpstreamHandler } from '../support/upstream.ts'

const cleanups: (() => Promise<void>)[] = []

afterEach(async () => {
  for (const clean of cleanups.splice(0).reverse()) await clean()
})

async function library(config: GatewayConfig = {}): Promise<Library> {
  const gateway = await createGateway({ plugins: { retry: { retries: 0 } }, ...config }, { env: {} })
  cleanups.push(() => gateway.close())
  return createLibrary(gateway)
}

async function base(handler: UpstreamHandler): Promise<{ apiKey: string; baseURL: string }> {
  const upstream = await startUpstream(handler)
  cleanups.push(() => upstream.close())
  return { apiKey: 'sk-secret-key-1', baseURL: `${upstream.url}/v1` }
}

async function failure(work: PromiseLike<unknown>): Promise<APIError> {
  try {
    await work
  } catch (error) {
    return error as APIError
  }
  throw new Error('did not fail')
}

const messages = [{ role: 'user' as const, content: 'Hello' }]

test.each([
  [400, null, BadRequestError],
  [401, 'invalid_api_key', AuthenticationError],
  [402, null, BadRequestError],
  [403, null, PermissionDeniedError],
  [404, 'model_not_found', NotFoundError],
  [408, null, Timeout],
  [422, null, UnprocessableEntityError],
  [429, 'rate_limit_exceeded', RateLimitError],
  [500, null, InternalServerError],
  [503, null, ServiceUnavailableError],
  [529, null, ServiceUnavailableError],
])('status %i of a provider is its own class', async (status, code, Class) => {
  const access = await base((_call, response) =>
    sendJson(response, { error: { message: 'No.', type: null, param: 'p', code } }, status, { 'retry-after': '3' }),
  )
  const { completion } = await library()
  const error = await failure(completion({ model: 'openai/m', messages, ...access }))
  expect(error).toBeInstanceOf(Class)
  expect(error).toBeInstanceOf(APIError)
  expect(error.name).toBe(Class.name)
  expect(error).toMatchObject({
    statusCode: status,
    provider: 'openai',
    model: 'openai/m',
    param: 'p',
    code,
    retryAfter: 3,
  })
  expect(error.message).toBe('openai: No.')
  expect(error.requestId).toMatch(/^[\da-f-]{36}$/)
  expect(error.cause).toBeInstanceOf(GatewayError)
})

test.each([
  ['This model has a maximum context length of 10 tokens', ContextWindowExceededError, 'context_length_exceeded'],
  ['Your request was rejected by our safety system', ContentPolicyViolationError, 'content_policy_violation'],
])('a 400 that says "%s" is its own class below BadRequestError', async (message, Class, code) => {
  const access = await base((_call, response) =>
    sendJson(response, { error: { message, type: null, param: null, code: null } }, 400),
  )
  const { completion } = await library()
  const error = await failure(completion({ model: 'openai/m', messages, ...access }))
  expect(error).toBeInstanceOf(Class)
  expect(error).toBeInstanceOf(BadRequestError)
  expect(error.code).toBe(code)
})

test('a token limit above the model’s is a plain BadRequestError, though it speaks of the context window', async () => {
  const message =
    '`max_tokens` must be less than or equal to `8192`, the maximum value for `max_tokens` is less than the `context_window`'
  const access = await base((_call, response) => sendJson(response, { error: { message } }, 400))
  const { completion } = await library()
  const error = await failure(completion({ model: 'groq/m', messages, ...access }))
  expect(error).toBeInstanceOf(BadRequestError)
  expect(error).not.toBeInstanceOf(ContextWindowExceededError)
})

test('a provider that cannot be reached is an APIConnectionError', async () => {
  const upstream = await startUpstream(() => {})
  await upstream.close()
  const { completion } = await library()
  const error = await failure(
    completion({ model: 'openai/m', messages, apiKey: 'sk-some-key', baseURL: `${upstream.url}/v1` }),
  )
  expect(error).toBeInstanceOf(APIConnectionError)
  expect(error).toMatchObject({
    statusCode: 502,
    provider: 'openai',
    message: 'openai: the connection failed (refused).',
  })
})

test('no answer within the timeout is a Timeout, and the connection is closed', async () => {
  const upstream = await startUpstream(() => {})
  cleanups.push(() => upstream.close())
  const { completion } = await library()
  const error = await failure(
    completion({ model: 'openai/m', messages, apiKey: 'sk-some-key', baseURL: `${upstream.url}/v1`, timeout: 0.05 }),
  )
  expect(error).toBeInstanceOf(Timeout)
  expect(error).toMatchObject({ statusCode: 408, code: 'timeout', provider: 'openai' })
  expect(await upstream.requests[0]!.left).toBe(true)
})

test('a model without a key says which variable to set', async () => {
  const { completion } = await library()
  const error = await failure(completion({ model: 'openai/m', messages }))
  expect(error).toBeInstanceOf(AuthenticationError)
  expect(error.message).toContain('OPENAI_API_KEY')
})

test('an unknown provider is a BadRequestError that names those that exist', async () => {
  const { completion } = await library()
  const error = await failure(completion({ model: 'opnai/m', messages }))
  expect(error).toBeInstanceOf(BadRequestError)
  expect(error).toMatchObject({ param: 'model', code: 'model_not_found', statusCode: 400 })
  expect(error.message).toContain('Did you mean "openai"?')
})

test('an option that the provider does not have is refused by name', async () => {
  const { completion } = await library()
  const error = await failure(completion({ model: 'mock/m', messages, providerOptions: { latencyy: 1 } }))
  expect(error).toBeInstanceOf(BadRequestError)
  expect(error.message).toContain('latencyy')
})

test('wrong parameters never reach the provider', async () => {
  let asked = 0
  const access = await base((_call, response) => {
    asked++
    sendJson(response, {})
  })
  const { completion, embedding } = await library()
  const call = (params: object) => failure(completion({ model: 'openai/m', messages, ...access, ...params }))
  expect(await call({ temperature: 3 })).toMatchObject({ name: 'BadRequestError', param: 'temperature' })
  expect(await call({ messages: [] })).toMatchObject({ name: 'BadRequestError', param: 'messages' })
  expect(await call({ messages: [{ role: 'nobody', content: '' }] })).toMatchObject({ param: 'messages[0].role' })
  expect(await call({ model: undefined })).toMatchObject({ param: 'model', code: 'missing_required_parameter' })
  expect(await failure(embedding({ model: 'openai/e', input: [], ...access }))).toMatchObject({ param: 'input' })
  expect(asked).toBe(0)
})

test('what a dialect cannot carry is an UnsupportedParamsError', async () => {
  const { completion } = await library()
  const error = await failure(
    completion({ model: 'anthropic/claude', messages, apiKey: 'sk-ant-key', logit_bias: { '1': 1 } }),
  )
  expect(error).toBeInstanceOf(UnsupportedParamsError)
  expect(error).toBeInstanceOf(BadRequestError)
  expect(error.param).toBe('logit_bias')
})

test('an answer that is not JSON is an APIError', async () => {
  const access = await base((_call, response) => response.end('<html>'))
  const { completion } = await library()
  const error = await failure(completion({ model: 'openai/m', messages, ...access }))
  expect(error).toMatchObject({ name: 'APIError', statusCode: 502, code: 'bad_upstream_answer', provider: 'openai' })
})

test('an error under a status of 200 is thrown all the same', async () => {
  const access = await base((_call, response) => sendJson(response, { error: { message: 'Busy', code: 503 } }))
  const { completion } = await library()
  const error = await failure(completion({ model: 'openai/m', messages, ...access }))
  expect(error).toMatchObject({ name: 'ServiceUnavailableError', statusCode: 503, provider: 'openai' })
  expect((error as Error).message).toBe('openai: Busy')
})

test('the reason of the signal comes back, also when it was aborted before', async () => {
  const upstream = await startUpstream(() => {})
  cleanups.push(() => upstream.close())
  const { completion } = await library()
  const access = { apiKey: 'sk-some-key', baseURL: `${upstream.url}/v1` }
  const reason = new Error('changed my mind')
  await expect(completion({ model: 'openai/m', messages, ...access, signal: AbortSignal.abort(reason) })).rejects.toBe(
    reason,
  )
  expect(upstream.requests).toHaveLength(0)

  const controller = new AbortController()
  const call = failure(completion({ model: 'openai/m', messages, ...access, signal: controller.signal }))
  setTimeout(() => controller.abort(reason), 30)
  expect(await call).toBe(reason)
  expect(await upstream.requests[0]!.left).toBe(true)
})

test("a plugin's refusal is typed, whether thrown or answered", async () => {
  const gate = (budget: () => never | { status: number; headers: Record<string, string>; body: string }) =>
    definePlugin({ name: 'gate', options: z.object({}), setup: () => ({ budget }) })
  const thrown = await library({
    use: [
      gate(() => {
        throw new GatewayError(429, 'No money left.', { code: 'budget_exceeded' })
      }),
    ],
  })
  expect(await failure(thrown.completion({ model: 'mock', messages }))).toBeInstanceOf(BudgetExceededError)

  const body = JSON.stringify({ error: { message: 'Wait.', type: 'rate_limit_error', param: null, code: null } })
  const answered = await library({ use: [gate(() => ({ status: 429, headers: { 'retry-after': '7' }, body }))] })
  const error = await failure(answered.completion({ model: 'mock', messages, stream: true }))
  expect(error).toMatchObject({ name: 'RateLimitError', statusCode: 429, retryAfter: 7, message: 'Wait.' })
})

test('an internal fault says nothing but its request id', async () => {
  const { completion } = await library()
  const error = toLibraryError(new TypeError('secret detail'), { model: 'm', requestId: 'id-1' })
  expect(error).toBeInstanceOf(InternalServerError)
  expect(error.message).toBe('The gateway had an internal error. Request id: id-1')
  expect(toLibraryError(error)).toBe(error)
  expect(completion).toBeTypeOf('function')
})

test('errors never hold the key', async () => {
  const access = await base((call, response) =>
    sendJson(
      response,
      { error: { message: `Incorrect API key: ${call.headers.authorization}`, type: null, param: null, code: null } },
      401,
    ),
  )
  const { completion } = await library()
  const error = await failure(completion({ model: 'openai/m', messages, ...access }))
  const { cause, ...own } = error
  expect(error.message).not.toContain('sk-secret-key-1')
  expect(JSON.stringify([own, cause])).not.toContain('sk-secret-key-1')
})

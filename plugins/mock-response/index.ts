import { ByteStream, definePlugin, toUsage, z } from '../../src/index.ts'
import type { Answer, ChatToolCall, Context, GatewayError, Target } from '../../src/index.ts'
import { mockedBody, mockedEvents } from './answers.ts'
import type { Mock } from './answers.ts'
import { makeError, mockedError } from './errors.ts'

/** LiteLLM's switches that make the model that was asked for fail, so that its fallbacks are used. */
const FAILURES: readonly (readonly [field: string, error: string])[] = [
  ['mock_testing_fallbacks', 'InternalServerError'],
  ['mock_testing_context_window_fallbacks', 'ContextWindowExceededError'],
  ['mock_testing_content_policy_fallbacks', 'ContentPolicyViolationError'],
  ['mock_testing_rate_limit_error', 'RateLimitError'],
]

/**
 * Answers or fails as `mock_response`, `mock_tool_calls`, `mock_timeout` and `mock_testing_*` say, without asking the
 * provider. Everything around the provider runs as usual: retries, fallbacks, cache, callbacks. A request is listened to
 * only when it comes with admin rights; a deployment's own `params.mock_response` holds for everyone.
 */
export default definePlugin({
  name: 'mock-response',
  description: 'Mocked answers and failures for tests: `mock_response` and its kin, by admins or by deployment',
  // Innermost: in the provider's place.
  order: 'post',
  options: z.object({}),
  setup: (_options, gateway) => ({
    provider(ctx, target, next) {
      const { params } = target.deployment
      const own = params?.['mock_response']
      const body = ctx.principal?.role === 'admin' ? ctx.call.body : undefined
      if (own === undefined && (!body || !asksForMock(body))) return next(target)
      return mocked({ ctx, target, next, body: body ?? {}, own, timeout: gateway.config.timeout ?? 600 })
    },
  }),
})

interface Mocking {
  readonly ctx: Context
  readonly target: Target
  readonly next: (target: Target) => Promise<Answer>
  /** The request's body; empty for callers who may not mock. */
  readonly body: Readonly<Record<string, unknown>>
  /** What the deployment itself is to answer. */
  readonly own: unknown
  /** Seconds, where neither the call nor the deployment says. */
  readonly timeout: number
}

function asksForMock(body: Readonly<Record<string, unknown>>): boolean {
  return (
    body['mock_response'] !== undefined ||
    body['mock_tool_calls'] !== undefined ||
    body['mock_timeout'] !== undefined ||
    FAILURES.some(([field]) => body[field] !== undefined)
  )
}

async function mocked({ ctx, target, next, body, own, timeout }: Mocking): Promise<Answer> {
  const failing = target.fallbackFor === undefined ? FAILURES.find(([field]) => body[field] === true) : undefined
  if (failing) throw failed(ctx, target, makeError(failing[1], target))
  if (body['mock_timeout'] === true) {
    await sleep(timeoutOf(ctx, target, timeout) * 1000, ctx.signal)
    throw failed(ctx, target, makeError('Timeout', target))
  }
  const response = own ?? body['mock_response'] ?? undefined
  const toolCalls = (body['mock_tool_calls'] ?? undefined) as ChatToolCall[] | undefined
  if (response === undefined && !toolCalls) return next(target)
  const error = mockedError(response, target)
  if (error) throw failed(ctx, target, error)
  return answer(ctx, target, { response, toolCalls }) ?? next(target)
}

function answer(ctx: Context, target: Target, mock: Mock): Answer | undefined {
  const { wire, stream } = ctx.call
  const body = mockedBody(ctx, mock)
  if (!body) return undefined
  const headers: Record<string, string> = {
    'x-litellm-model-id': encodeURI(target.id),
    'x-litellm-model-group': encodeURI(target.group),
  }
  if (ctx.attempts.length > 0) headers['x-litellm-attempted-retries'] = String(ctx.attempts.length)
  if (target.group !== ctx.targets[0]?.group) headers['x-litellm-attempted-fallbacks'] = '1'
  note(ctx, target, 200)
  const usage = toUsage((body as { usage?: Record<string, unknown> }).usage)
  if (!stream || (wire !== 'openai.chat' && wire !== 'openai.completions')) {
    headers['content-type'] = 'application/json'
    return { status: 200, headers, body: JSON.stringify(body), usage, target }
  }
  headers['content-type'] = 'text/event-stream; charset=utf-8'
  headers['cache-control'] = 'no-cache, no-transform'
  const events = new TextEncoder().encode(mockedEvents(ctx, mock))
  return { status: 200, headers, body: ByteStream.from(events), usage, target, ttftMs: Date.now() - ctx.startedAt }
}

function failed(ctx: Context, target: Target, error: GatewayError): GatewayError {
  note(ctx, target, error.status, error.code ?? error.type)
  return error
}

function note(ctx: Context, target: Target, status: number, error?: string): void {
  ctx.attempts.push({ target: target.id, provider: target.provider.name, status, ms: 0, error })
}

/** The order that real calls keep. */
function timeoutOf(ctx: Context, target: Target, configured: number): number {
  const given = Number(ctx.call.headers.get('x-litellm-timeout') ?? ctx.call.body['timeout'] ?? undefined)
  return given > 0 ? given : (target.deployment.timeout ?? configured)
}

function sleep(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(done, ms)
    signal.addEventListener('abort', done, { once: true })
    if (signal.aborted) done()
    function done() {
      clearTimeout(timer)
      signal.removeEventListener('abort', done)
      resolve()
    }
  })
}

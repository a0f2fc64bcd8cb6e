import type { ErrorShape } from './types/chat.ts'

export interface GatewayErrorOptions {
  type?: string | undefined
  code?: string | null | undefined
  /** The field at fault, as a path: `messages[0].role`. */
  param?: string | null | undefined
  /** Lower-case response headers. */
  headers?: Record<string, string> | undefined
  /** Seconds until a retry makes sense; becomes `retry-after`. */
  retryAfter?: number | undefined
  /** Who failed. Default `gateway`. */
  origin?: 'gateway' | 'provider' | undefined
  provider?: string | undefined
  model?: string | undefined
  /** Never shown to the client. */
  cause?: unknown
}

/** An error said on purpose: its message reaches the client. Everything else is a 500 that says only its request id. */
export class GatewayError extends Error {
  override readonly name: string = 'GatewayError'
  readonly status: number
  readonly type: string
  readonly code: string | null
  readonly param: string | null
  readonly headers: Record<string, string>
  readonly retryAfter: number | undefined
  readonly origin: 'gateway' | 'provider'
  readonly provider: string | undefined
  readonly model: string | undefined

  constructor(status: number, message: string, options: GatewayErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.status = status
    this.type = options.type ?? errorType(status)
    this.code = options.code ?? null
    this.param = options.param ?? null
    this.retryAfter = options.retryAfter
    this.headers = options.headers ?? {}
    if (options.retryAfter !== undefined) this.headers['retry-after'] = String(Math.ceil(options.retryAfter))
    this.origin = options.origin ?? 'gateway'
    this.provider = options.provider
    this.model = options.model
  }
}

/** A 400 that names the field at fault. */
export function invalidRequest(message: string, param: string | null, code: string | null = null): GatewayError {
  return new GatewayError(400, message, { param, code })
}

/**
 * A deployment without a key or a base: a 401 of the gateway's own that names what to set, so that nobody looks for the
 * mistake at the provider.
 */
export function notConfigured(
  provider: string,
  options: readonly string[],
  variables: readonly string[],
): GatewayError {
  const set = variables.length > 0 ? `Set ${variables.join(' and ')}, or give` : 'Give'
  const message = `The provider ${provider} has no ${options.join(' and no ')}. ${set} the model \`${options.join('`, `')}\` in the config.`
  return new GatewayError(401, message, { code: 'provider_not_configured', provider })
}

/** 404 in OpenAI's words, with the way to the right name. */
export function unknownModel(model: string, hint?: string): GatewayError {
  const shown = model.length > 200 ? `${model.slice(0, 200)}…` : model
  const what = model
    ? `The model \`${shown}\` does not exist or you do not have access to it.`
    : 'The request names no model.'
  return new GatewayError(404, `${what} ${hint ? `${hint} ` : ''}GET /v1/models lists the models you can use.`, {
    type: 'invalid_request_error',
    code: 'model_not_found',
    param: 'model',
  })
}

/** OpenAI's error type for a status (API reference, "Error codes"). */
export function errorType(status: number): string {
  if (status === 401) return 'authentication_error'
  if (status === 403) return 'permission_error'
  if (status === 429) return 'rate_limit_error'
  if (status === 503 || status === 529) return 'overloaded_error'
  if (status === 408 || status === 504) return 'timeout_error'
  return status >= 500 ? 'api_error' : 'invalid_request_error'
}

/** What the client is told of any thrown value. */
export function toErrorShape(error: unknown, requestId: string): ErrorShape {
  if (error instanceof GatewayError) {
    return { status: error.status, message: error.message, type: error.type, code: error.code, param: error.param }
  }
  return {
    status: 500,
    message: `The gateway had an internal error. Request id: ${requestId}`,
    type: 'internal_server_error',
    code: null,
    param: null,
  }
}

/** Renders an error in OpenAI's dialect: `{"error":{"message","type","param","code"}}`. */
export function toOpenAIError(shape: ErrorShape): string {
  return JSON.stringify({
    error: {
      message: shape.message,
      type: shape.type ?? errorType(shape.status),
      param: shape.param ?? null,
      code: shape.code ?? null,
    },
  })
}

const CONTEXT_WINDOW = anyOf(
  'context.?(length|window|limit)|maximum context|prompt is too long|too many (input )?tokens',
  'input (length|token count|tokens).*exceed|exceeds? the (maximum|max|available).*(tokens?|context)',
  // xAI, before and after it changed its words; servers of Hugging Face, as at Together; Cerebras.
  'maximum (prompt length|input length.*tokens)|\\[input_too_large\\]',
  'inputs` tokens \\+ `max_new_tokens`|current length is \\d+ while limit is',
)
/** Groq says so of a token limit above the model's, whatever the prompt is. */
const NO_CONTEXT_WINDOW = /max_(completion_)?tokens`? must be less than or equal/i
const CONTENT_POLICY = anyOf(
  'content.?(policy|management|filter)|safety system|responsible ai|blocked (by|due to).*(safety|policy|prohibited)',
  // OpenAI's reasoning models and xAI; OpenRouter.
  'violat(es|ing) (our )?usage (policy|guidelines)|(input|prompt) was flagged',
)
/** xAI says it with a 400, though no change of the request helps. */
const INVALID_KEY = /^incorrect api key provided/i

/**
 * The stable code of an error by what providers say in their texts, where they give no code of their own:
 * `context_length_exceeded` and `content_policy_violation` have their own fallbacks. A wrong key is a 401, whatever the provider
 * makes of it.
 */
export function classifyError(shape: ErrorShape): ErrorShape {
  if (shape.status !== 400 && shape.status !== 413 && shape.status !== 422 && shape.status !== 403) return shape
  if (shape.code === 'context_length_exceeded' || shape.code === 'content_policy_violation') return shape
  if (shape.code === 'content_filter') return { ...shape, code: 'content_policy_violation' }
  if (INVALID_KEY.test(shape.message)) {
    return { ...shape, status: 401, type: errorType(401), code: 'invalid_api_key' }
  }
  if (CONTEXT_WINDOW.test(shape.message) && !NO_CONTEXT_WINDOW.test(shape.message))
    return { ...shape, code: 'context_length_exceeded' }
  if (CONTENT_POLICY.test(shape.message)) return { ...shape, code: 'content_policy_violation' }
  return shape
}

function anyOf(...patterns: string[]): RegExp {
  return new RegExp(patterns.join('|'), 'i')
}

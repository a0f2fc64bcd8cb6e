import { GatewayError, errorType } from '../error.ts'

/** What is known of a failed call besides its message. */
export interface APIErrorDetails {
  statusCode?: number | undefined
  /** The provider that failed; absent where the gateway itself refused. */
  provider?: string | undefined
  /** As the caller named it. */
  model?: string | undefined
  code?: string | null | undefined
  /** The field at fault, as a path: `messages[0].role`. */
  param?: string | null | undefined
  type?: string | undefined
  /** Seconds until another try makes sense. */
  retryAfter?: number | undefined
  /** The call's id, as in the logs. */
  requestId?: string | undefined
  cause?: unknown
}

/**
 * Base of everything that the library's functions throw, and the error of provider failures that have no class of their
 * own. Class names and statuses are those of LiteLLM's Python library.
 */
export class APIError extends Error {
  static readonly statusCode: number = 500
  static readonly code: string | null = null
  override readonly name: string = 'APIError'
  readonly statusCode: number
  readonly provider: string | undefined
  readonly model: string | undefined
  readonly code: string | null
  readonly param: string | null
  readonly type: string
  readonly retryAfter: number | undefined
  readonly requestId: string | undefined

  constructor(message: string, details: APIErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause })
    this.statusCode = details.statusCode ?? new.target.statusCode
    this.provider = details.provider
    this.model = details.model
    this.code = details.code === undefined ? new.target.code : details.code
    this.param = details.param ?? null
    this.type = details.type ?? errorType(this.statusCode)
    this.retryAfter = details.retryAfter
    this.requestId = details.requestId
  }
}

/** 400: the call cannot work as it is. */
export class BadRequestError extends APIError {
  static override readonly statusCode: number = 400
  override readonly name: string = 'BadRequestError'
}

/** 400: the prompt does not fit into the model's context. */
export class ContextWindowExceededError extends BadRequestError {
  static override readonly code = 'context_length_exceeded'
  override readonly name = 'ContextWindowExceededError'
}

/** 400: the provider's content policy refused the prompt or the answer. */
export class ContentPolicyViolationError extends BadRequestError {
  static override readonly code = 'content_policy_violation'
  override readonly name = 'ContentPolicyViolationError'
}

/** 400: the provider has no place for a parameter, and dropping it (`dropParams`) was not asked for. */
export class UnsupportedParamsError extends BadRequestError {
  static override readonly code = 'unsupported_parameter'
  override readonly name = 'UnsupportedParamsError'
}

/** 401: the key is missing or not accepted. */
export class AuthenticationError extends APIError {
  static override readonly statusCode = 401
  override readonly name = 'AuthenticationError'
}

/** 403: the key is good but not for this. */
export class PermissionDeniedError extends APIError {
  static override readonly statusCode = 403
  override readonly name = 'PermissionDeniedError'
}

/** 404: unknown model or resource. */
export class NotFoundError extends APIError {
  static override readonly statusCode = 404
  override readonly name = 'NotFoundError'
}

/** 408: no answer in time. */
export class Timeout extends APIError {
  static override readonly statusCode = 408
  static override readonly code = 'timeout'
  override readonly name = 'Timeout'
}

/** 422: well-formed, but not processable. */
export class UnprocessableEntityError extends APIError {
  static override readonly statusCode = 422
  override readonly name = 'UnprocessableEntityError'
}

/** 429: too many requests or tokens; `retryAfter` says when to come back where that is known. */
export class RateLimitError extends APIError {
  static override readonly statusCode = 429
  override readonly name = 'RateLimitError'
}

/** 429: a budget of the gateway is used up. */
export class BudgetExceededError extends APIError {
  static override readonly statusCode = 429
  static override readonly code = 'budget_exceeded'
  override readonly name = 'BudgetExceededError'
}

/** 500 and other failures of the provider or the gateway. */
export class InternalServerError extends APIError {
  override readonly name = 'InternalServerError'
}

/** 502: the provider could not be reached, or the connection broke. */
export class APIConnectionError extends APIError {
  static override readonly statusCode = 502
  static override readonly code = 'upstream_unreachable'
  override readonly name = 'APIConnectionError'
}

/** 503 and 529: overloaded or down for now. */
export class ServiceUnavailableError extends APIError {
  static override readonly statusCode = 503
  override readonly name = 'ServiceUnavailableError'
}

/** Any thrown value as one of the typed errors. What is typed already is returned as it is. */
export function toLibraryError(
  error: unknown,
  call: { model?: string | undefined; requestId?: string | undefined } = {},
): APIError {
  if (error instanceof APIError) return error
  if (error instanceof GatewayError) {
    if (error.cause instanceof APIError) return error.cause
    const { status, code, type, param, provider, retryAfter } = error
    return new (classOf(status, code))(error.message, {
      statusCode: status,
      code,
      type,
      param,
      provider,
      retryAfter,
      cause: error,
      model: call.model ?? error.model,
      requestId: call.requestId,
    })
  }
  if (error instanceof Error && error.name === 'ConfigError') {
    return new BadRequestError(error.message, { ...call, code: 'invalid_options', cause: error })
  }
  const message = `The gateway had an internal error. Request id: ${call.requestId ?? 'none'}`
  return new InternalServerError(message, { ...call, cause: error })
}

/** A typed error as the gateway's own, for errors that are to be thrown by a mock. */
export function toGatewayError(error: Error): GatewayError {
  if (error instanceof GatewayError) return error
  const { statusCode, status, code, type, param, retryAfter } = error as Partial<APIError> & { status?: unknown }
  const given = statusCode ?? status
  return new GatewayError(typeof given === 'number' && given >= 400 && given <= 599 ? given : 500, error.message, {
    type,
    param,
    cause: error,
    origin: 'provider',
    code: typeof code === 'string' ? code : null,
    // A mock's failure needs no patience.
    retryAfter: retryAfter ?? 0,
  })
}

type ErrorClass = new (message: string, details: APIErrorDetails) => APIError

const BY_CODE: Readonly<Record<string, ErrorClass>> = {
  context_length_exceeded: ContextWindowExceededError,
  content_policy_violation: ContentPolicyViolationError,
  unsupported_parameter: UnsupportedParamsError,
  timeout: Timeout,
  upstream_unreachable: APIConnectionError,
  stream_incomplete: APIConnectionError,
  budget_exceeded: BudgetExceededError,
  bad_upstream_answer: APIError,
}

const BY_STATUS: Readonly<Record<number, ErrorClass>> = {
  401: AuthenticationError,
  403: PermissionDeniedError,
  404: NotFoundError,
  408: Timeout,
  422: UnprocessableEntityError,
  429: RateLimitError,
  503: ServiceUnavailableError,
  504: Timeout,
  529: ServiceUnavailableError,
}

function classOf(status: number, code: string | null): ErrorClass {
  const named = code !== null && Object.hasOwn(BY_CODE, code) ? BY_CODE[code] : undefined
  return named ?? BY_STATUS[status] ?? (status >= 500 ? InternalServerError : BadRequestError)
}

import { GatewayError } from '../../src/index.ts'
import type { Target } from '../../src/index.ts'

/** Status and code of the errors that a mock can be asked for, by LiteLLM's class names. */
const ERRORS: Readonly<Record<string, readonly [status: number, code: string | null]>> = {
  APIConnectionError: [502, 'upstream_unreachable'],
  APIError: [502, 'bad_upstream_answer'],
  AuthenticationError: [401, 'invalid_api_key'],
  BadRequestError: [400, null],
  BudgetExceededError: [429, 'budget_exceeded'],
  ContentPolicyViolationError: [400, 'content_policy_violation'],
  ContextWindowExceededError: [400, 'context_length_exceeded'],
  InternalServerError: [500, 'server_error'],
  NotFoundError: [404, 'model_not_found'],
  PermissionDeniedError: [403, 'permission_denied'],
  RateLimitError: [429, 'rate_limit_exceeded'],
  ServiceUnavailableError: [503, 'overloaded'],
  Timeout: [408, 'timeout'],
  UnprocessableEntityError: [422, null],
  UnsupportedParamsError: [400, 'unsupported_parameter'],
}

/** The error that a mock names (`RateLimitError`, `litellm.RateLimitError`) or is; undefined where it is an answer. */
export function mockedError(mock: unknown, target: Target): GatewayError | undefined {
  if (mock instanceof GatewayError) return mock
  if (typeof mock !== 'string') return undefined
  const name = mock.replace(/^litellm\./, '')
  return Object.hasOwn(ERRORS, name) ? makeError(name, target) : undefined
}

/** A failure as the provider's, so that retries and fallbacks treat it as one. */
export function makeError(name: string, target: Target): GatewayError {
  const [status, code] = ERRORS[name]!
  return new GatewayError(status, `${target.provider.name}: mocked ${name}.`, {
    code,
    origin: 'provider',
    provider: target.provider.name,
    model: target.model,
    // Nothing recovers by waiting.
    retryAfter: 0,
  })
}

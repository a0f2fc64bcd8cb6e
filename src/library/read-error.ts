import { GatewayError, classifyError } from '../error.ts'

/** OpenAI's error types by the status that a stream's error event does not carry. */
const STATUS: Readonly<Record<string, number>> = {
  invalid_request_error: 400,
  context_length_exceeded: 400,
  content_policy_violation: 400,
  authentication_error: 401,
  invalid_api_key: 401,
  permission_error: 403,
  not_found_error: 404,
  model_not_found: 404,
  timeout_error: 408,
  timeout: 408,
  rate_limit_error: 429,
  rate_limit_exceeded: 429,
  insufficient_quota: 429,
  upstream_unreachable: 502,
  stream_incomplete: 502,
  overloaded_error: 503,
}

/** Reads OpenAI's `{"error":{…}}`; undefined where there is none. */
export function readErrorBody(
  body: unknown,
  known: { status?: number | undefined; provider?: string | undefined; retryAfter?: number | undefined },
): GatewayError | undefined {
  const error = (body as { error?: unknown } | null | undefined)?.error
  if (error === undefined || error === null) return undefined
  const given = typeof error === 'object' ? (error as Record<string, unknown>) : { message: error }
  const type = text(given['type'])
  const code = text(given['code'])
  const param = text(given['param']) ?? null
  const message = text(given['message']) ?? 'The provider reported an error without a message.'
  const status = known.status ?? statusOf(given['code'], code, type)
  const shape = classifyError({ status, message, type, code: code ?? null, param })
  const { provider, retryAfter } = known
  return new GatewayError(status, message, { type, code: shape.code, param, origin: 'provider', provider, retryAfter })
}

/** Some providers put the status where OpenAI has a name. */
function statusOf(raw: unknown, code: string | undefined, type: string | undefined): number {
  const number = Number(raw)
  if (Number.isInteger(number) && number >= 400 && number <= 599) return number
  for (const name of [code, type]) if (name !== undefined && Object.hasOwn(STATUS, name)) return STATUS[name]!
  return 500
}

function text(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

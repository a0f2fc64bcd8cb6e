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

/**
 * The status of an error that came without one, inside of a stream: some providers put it where OpenAI has a name; else by
 * the names of the error's code and type. 500 where nothing is known.
 */
export function statusOfError(code: unknown, type: unknown): number {
  const number = Number(code)
  if (Number.isInteger(number) && number >= 400 && number <= 599) return number
  for (const name of [code, type]) {
    if (typeof name === 'string' && Object.hasOwn(STATUS, name)) return STATUS[name]!
  }
  return 500
}

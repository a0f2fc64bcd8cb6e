import { expect, test } from 'vitest'
import { readError } from '../../../providers/anthropic/error.ts'

const body = (type: string, message: string) =>
  JSON.stringify({ type: 'error', error: { type, message }, request_id: 'req_011CSHoEeqs5C35K2UUqR7Fy' })

test.each([
  [
    400,
    'invalid_request_error',
    'messages.0.content: Field required',
    400,
    'invalid_request_error',
    null,
    'messages[0].content',
  ],
  [
    400,
    'invalid_request_error',
    'prompt is too long: 208310 tokens > 200000 maximum',
    400,
    'invalid_request_error',
    'context_length_exceeded',
    null,
  ],
  [
    400,
    'invalid_request_error',
    'input length and `max_tokens` exceed context limit: 178959 + 64000 > 200000, decrease input length or `max_tokens` and try again',
    400,
    'invalid_request_error',
    'context_length_exceeded',
    null,
  ],
  [
    400,
    'invalid_request_error',
    'Output blocked by content filtering policy',
    400,
    'invalid_request_error',
    'content_policy_violation',
    null,
  ],
  [
    400,
    'invalid_request_error',
    'Your credit balance is too low to access the API.',
    402,
    'insufficient_quota',
    'insufficient_quota',
    null,
  ],
  [401, 'authentication_error', 'invalid x-api-key', 401, 'authentication_error', 'invalid_api_key', null],
  [402, 'billing_error', 'Pay first', 402, 'insufficient_quota', 'insufficient_quota', null],
  [403, 'permission_error', 'Not yours', 403, 'permission_error', 'permission_denied', null],
  [404, 'not_found_error', 'model: claude-nothing', 404, 'invalid_request_error', 'model_not_found', 'model'],
  [404, 'not_found_error', 'Not found', 404, 'invalid_request_error', 'not_found', null],
  [
    413,
    'request_too_large',
    'Request exceeds the maximum size',
    413,
    'invalid_request_error',
    'request_too_large',
    null,
  ],
  [
    429,
    'rate_limit_error',
    'Number of tokens has exceeded your limit',
    429,
    'rate_limit_error',
    'rate_limit_exceeded',
    null,
  ],
  [500, 'api_error', 'Internal server error', 500, 'api_error', null, null],
  [504, 'timeout_error', 'Too late', 504, 'timeout_error', 'timeout', null],
  [529, 'overloaded_error', 'Overloaded', 503, 'overloaded_error', 'overloaded', null],
  [418, 'teapot_error', 'Short and stout', 418, 'invalid_request_error', null, null],
])('%d %s: %s', (status, name, message, at, type, code, param) => {
  expect(readError(status, body(name, message))).toEqual({ status: at, type, code, param, message })
})

test.each([
  [
    502,
    '<html><head><title>502 Bad Gateway</title></head><body>nginx</body></html>',
    502,
    'api_error',
    'Anthropic answered 502 with a web page instead of JSON: 502 Bad Gateway',
  ],
  [503, '<!DOCTYPE html><p>Away', 503, 'overloaded_error', 'Anthropic answered 503 with a web page instead of JSON'],
  [403, '<HTML>', 403, 'permission_error', 'Anthropic answered 403 with a web page instead of JSON'],
  [500, '', 500, 'api_error', 'Anthropic answered 500 with an empty body'],
  [529, ' \n', 503, 'overloaded_error', 'Anthropic answered 503 with an empty body'],
  [429, 'slow down', 429, 'rate_limit_error', 'slow down'],
  [400, '{"message":"No."}', 400, 'invalid_request_error', 'No.'],
  [400, '{"error":"No."}', 400, 'invalid_request_error', 'No.'],
  [400, '["No."]', 400, 'invalid_request_error', '["No."]'],
  [500, '{}', 500, 'api_error', '{}'],
])('%d %s', (status, text, at, type, message) => {
  expect(readError(status, text)).toMatchObject({ status: at, type, message })
})

test('long texts are cut, keys are not repeated', () => {
  for (const text of [body('api_error', 'x'.repeat(9000)), 'x'.repeat(9000)]) {
    expect(readError(500, text).message).toBe(`${'x'.repeat(1999)}…`)
  }
  expect(readError(401, body('authentication_error', 'bad key sk-ant-api03-AbC_d-9 given')).message).toBe(
    'bad key sk-ant-*** given',
  )
})

import { describe, expect, it } from 'vitest'
import { readError, readErrorObject } from '../../../providers/gemini/error.ts'
import { KEY, makeProvider } from './fakes.ts'

const body = (code: number, status: string, message: string, details?: unknown[]) =>
  JSON.stringify({ error: { code, message, status, ...(details ? { details } : {}) } })
const info = (reason: string) => ({
  '@type': 'type.googleapis.com/google.rpc.ErrorInfo',
  reason,
  domain: 'googleapis.com',
})

describe('an error', () => {
  it.each([
    [400, 'INVALID_ARGUMENT', 'Bad field', 'invalid_request_error', null, null],
    [
      400,
      'FAILED_PRECONDITION',
      'User location is not supported for the API use.',
      'invalid_request_error',
      null,
      null,
    ],
    [
      400,
      'INVALID_ARGUMENT',
      'The input token count (1200293) exceeds the maximum number of tokens allowed (1048576).',
      'invalid_request_error',
      'context_length_exceeded',
      null,
    ],
    [
      401,
      'UNAUTHENTICATED',
      'Request had invalid authentication credentials.',
      'authentication_error',
      'invalid_api_key',
      null,
    ],
    [403, 'PERMISSION_DENIED', 'Your project has been denied access.', 'permission_error', 'permission_denied', null],
    [
      404,
      'NOT_FOUND',
      'models/gemini-9 is not found for API version v1beta',
      'invalid_request_error',
      'model_not_found',
      'model',
    ],
    [404, 'NOT_FOUND', 'CachedContent not found', 'invalid_request_error', 'not_found', null],
    [429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', 'rate_limit_error', 'rate_limit_exceeded', null],
    [500, 'INTERNAL', 'An internal error has occurred.', 'api_error', null, null],
    [503, 'UNAVAILABLE', 'The model is overloaded.', 'overloaded_error', 'overloaded', null],
    [504, 'DEADLINE_EXCEEDED', 'Deadline expired.', 'timeout_error', 'timeout', null],
  ])('%i %s %s', (status, name, message, type, code, param) => {
    const expected = { status, message, type, code, param }
    expect(readError(status, body(status, name, message))).toEqual(expected)
    expect(readError(status, `[${body(status, name, message)}]`)).toEqual(expected)
  })

  it('about a wrong key is a 401, whatever Google calls it', () => {
    const message = 'API key not valid. Please pass a valid API key.'
    const expected = { status: 401, message, type: 'authentication_error', code: 'invalid_api_key', param: null }
    expect(readError(400, body(400, 'INVALID_ARGUMENT', message, [info('API_KEY_INVALID')]))).toEqual(expected)
    expect(readError(400, body(400, 'INVALID_ARGUMENT', message))).toEqual(expected)
  })

  it('about a quota tells when to come back', () => {
    const retry = { '@type': 'type.googleapis.com/google.rpc.RetryInfo', retryDelay: '53s' }
    const shape = { status: 429, type: 'rate_limit_error', code: 'rate_limit_exceeded', param: null, retryAfter: 53 }
    expect(readError(429, body(429, 'RESOURCE_EXHAUSTED', 'Quota exceeded.', [info('x'), retry]))).toEqual({
      ...shape,
      message: 'Quota exceeded. Retry in 53 s.',
    })
    expect(readError(429, body(429, 'RESOURCE_EXHAUSTED', 'Please retry in 53.01s.', [retry]))).toEqual({
      ...shape,
      message: 'Please retry in 53.01s.',
    })
  })

  it.each([
    [
      'a page',
      502,
      '<!doctype html><title>Error 502 (Server Error)</title>',
      'Gemini answered 502 with a web page instead of JSON: Error 502 (Server Error)',
      'api_error',
    ],
    ['a page without title', 500, '<html>', 'Gemini answered 500 with a web page instead of JSON', 'api_error'],
    ['nothing', 500, '', 'Gemini answered 500 with an empty body', 'api_error'],
    ['a text', 400, 'upstream says no', 'upstream says no', 'invalid_request_error'],
    ['other JSON', 400, '{"message":"no"}', 'no', 'invalid_request_error'],
    ['a word', 400, '{"error":"no"}', 'no', 'invalid_request_error'],
    ['a list of nothing', 500, '[]', '[]', 'api_error'],
    [
      'an error in an error',
      400,
      JSON.stringify({ error: { message: body(400, 'INVALID_ARGUMENT', 'inner') } }),
      'inner',
      'invalid_request_error',
    ],
  ])('of another form: %s', (_what, status, text, message, type) => {
    expect(readError(status, text)).toEqual({ status, message, type, code: null, param: null })
  })

  it('is cut, and never quotes a key', () => {
    expect(readError(400, body(400, 'INVALID_ARGUMENT', 'x'.repeat(9000))).message).toHaveLength(2000)
    const secret = 'AIzaSyA1234567890abcdefghijklmnopqrstuv'
    const text = `https://example.org/v1beta/models?key=${secret}&alt=sse Consumer 'api_key:${secret}' and ${secret}`
    expect(readError(403, body(403, 'PERMISSION_DENIED', text)).message).toBe(
      "https://example.org/v1beta/models?key=***&alt=sse Consumer 'api_key:***' and ***",
    )
    const own = makeProvider().error!(403, body(403, 'PERMISSION_DENIED', `The key ${KEY} may not.`))
    expect(own.message).toBe('The key *** may not.')
  })
})

describe('an error inside a stream', () => {
  it.each([
    [{ code: 429, message: 'Slow down', status: 'RESOURCE_EXHAUSTED' }, 429, 'Slow down'],
    [{ message: 'Slow down', status: 'RESOURCE_EXHAUSTED' }, 429, 'Slow down'],
    [{ message: 'Hm' }, 500, 'Hm'],
    [{ code: 7 }, 500, 'Gemini reported an error inside its stream'],
    [{ status: 'constructor' }, 500, 'Gemini reported an error inside its stream'],
  ])('%j is a %i', (error, status, message) => {
    expect(readErrorObject(error)).toMatchObject({ status, message })
  })
})

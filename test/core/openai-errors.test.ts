import { describe, expect, test } from 'vitest'
import { readOpenAIError } from '../../src/index.ts'

/** An error as OpenAI's API words it. */
const said = (message: string, more = {}) => JSON.stringify({ error: { message, ...more } })
/** As xAI does: the text under `error`, a sentence under `code`. */
const xai = (error: string) => JSON.stringify({ code: 'Client specified an invalid argument', error })

describe('an error answer', () => {
  test.each([
    [400, xai("This model's maximum prompt length is 131072 but the request contains 537812 tokens.")],
    [400, xai('Failed to start sampling: [input_too_large] Current message (11 tokens) exceeds budget (9 tokens)')],
    [422, said('Input validation error: `inputs` tokens + `max_new_tokens` must be <= 8193. Given: 8100 and 200')],
    [400, said('Please reduce the length of the messages or completion. Current length is 50000 while limit is 40000')],
    [400, said('Input tokens exceed the configured limit of 272000 tokens.')],
    [400, said('The maximum input length is 2048 tokens')],
    [400, said("This model's maximum context length is 65536 tokens.")],
  ])('of a prompt that is too long says so by its code: %i %s', (status, body) => {
    expect(readOpenAIError(status, body)).toMatchObject({ status, code: 'context_length_exceeded' })
  })

  test('of a token limit above the model’s is none of a prompt', () => {
    const message =
      '`max_completion_tokens` must be less than or equal to `16384`, the maximum value for `max_completion_tokens` is ' +
      'less than the `context_window` for this model'
    const body = said(message, { type: 'invalid_request_error', param: 'max_completion_tokens' })
    expect(readOpenAIError(400, body)).toMatchObject({ status: 400, code: null, param: 'max_completion_tokens' })
  })

  test.each([
    [403, xai('Content violates usage guidelines. Team: t, Model: grok-4, Failed check: SAFETY_CHECK_TYPE_BIO')],
    [403, said('Your chosen model requires moderation and your input was flagged', { code: 403 })],
    [400, said('Invalid prompt: your prompt was flagged as potentially violating our usage policy.')],
    [400, said('The response was filtered.', { code: 'content_filter' })],
  ])('of a content policy says so by its code: %i %s', (status, body) => {
    expect(readOpenAIError(status, body)).toMatchObject({ status, code: 'content_policy_violation' })
  })

  test('of a wrong key is a 401, also where the provider says 400', () => {
    const body = xai('Incorrect API key provided: xa***yz. You can obtain an API key from https://console.x.ai.')
    expect(readOpenAIError(400, body)).toMatchObject({
      status: 401,
      type: 'authentication_error',
      code: 'invalid_api_key',
    })
    const quoted = said("Invalid 'user': expected no text such as 'incorrect API key provided'")
    expect(readOpenAIError(400, quoted)).toMatchObject({ status: 400, code: null })
  })

  test('tells what of the request is wrong, wherever the provider puts it', () => {
    const detail = [{ type: 'extra_forbidden', loc: ['body', 'foo'], msg: 'Extra inputs are not permitted' }]
    const message = JSON.stringify(detail)
    for (const body of [{ object: 'error', message: { detail } }, { detail }, { error: { message: { detail } } }]) {
      expect(readOpenAIError(422, JSON.stringify(body))).toMatchObject({ status: 422, message })
    }
    expect(readOpenAIError(422, '{"message":{"detail":"No."}}').message).toBe('No.')
    expect(readOpenAIError(400, '{"errors":["No."]}').message).toBe('{"errors":["No."]}')
    expect(readOpenAIError(400, '').message).toBe('status 400 without a body')
  })
})

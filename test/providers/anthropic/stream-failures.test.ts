import { describe, expect, test } from 'vitest'
import { createMessageDecoder } from '../../../providers/anthropic/stream.ts'
import { start, delta, text, close, end, run } from './events.ts'
import { fakeCall, recordingSink, sse } from './fakes.ts'

describe('failures', () => {
  test.each([
    ['overloaded_error', 'Overloaded', 503, 'overloaded_error', 'overloaded'],
    ['rate_limit_error', 'Slow down', 429, 'rate_limit_error', 'rate_limit_exceeded'],
    ['api_error', 'Internal server error', 500, 'api_error', null],
    ['timeout_error', 'Too late', 504, 'timeout_error', 'timeout'],
    [
      'invalid_request_error',
      'prompt is too long: 9 tokens > 8 maximum',
      400,
      'invalid_request_error',
      'context_length_exceeded',
    ],
    ['unheard_of_error', 'What?', 500, 'api_error', null],
  ])('%s', (name, message, status, type, code) => {
    const sink = run([start(), text(0, 'a'), { type: 'error', error: { type: name, message } }, text(0, 'b')])
    expect(sink.failure).toEqual({ status, type, code, param: null, message })
    expect(sink.log.at(-1)![0]).toBe('fail')
    expect(sink.sum.content).toBe('a')
    expect(sink.finishReason).toBeUndefined()
  })

  test('a stream that ends too early', () => {
    const sink = run([start(), text(0, 'a')])
    expect(sink.failure).toEqual({
      status: 500,
      type: 'api_error',
      code: null,
      param: null,
      message: 'The stream from Anthropic ended before the message did',
    })
    expect(run([]).failure?.status).toBe(500)
  })

  test('a stream that only lacks its last event is complete', () => {
    const sink = run([start(), text(0, 'a'), end('end_turn')[0]!])
    expect([sink.finishReason, sink.failure]).toEqual(['stop', undefined])
  })

  test('what is no JSON', () => {
    const sink = recordingSink()
    const decoder = createMessageDecoder(sink, fakeCall({}))
    decoder.event({ event: 'content_block_delta', data: '{"type":' })
    decoder.end?.()
    expect(sink.log).toHaveLength(1)
    expect(sink.failure).toMatchObject({ status: 500, message: 'Anthropic sent an event that is no JSON object' })
  })

  test('unknown events and blocks that never began are passed over', () => {
    const odd = [
      { type: 'something_new' },
      delta(7, { type: 'input_json_delta', partial_json: '{}' }),
      delta(7, { type: 'something_new' }),
      { type: 'content_block_delta', index: 7 },
      { type: 'content_block_start', index: 7 },
      close(7),
      { type: 'message_start' },
      { type: 'message_delta' },
    ]
    const sink = run([...odd, ...end('end_turn')])
    expect(sink.log.map(([kind]) => kind)).toEqual(['usage', 'finish'])
  })

  test('nothing is read after the end', () => {
    const sink = recordingSink()
    const decoder = createMessageDecoder(sink, fakeCall({}))
    for (const event of end('end_turn')) decoder.event(sse(event))
    decoder.event({ data: '[DONE]' })
    decoder.event(sse(text(0, 'late')))
    decoder.end?.()
    expect(sink.log.map(([kind]) => kind)).toEqual(['usage', 'finish'])
  })
})

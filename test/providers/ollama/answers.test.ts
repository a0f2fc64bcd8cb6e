import { describe, expect, it } from 'vitest'
import { makeCall, makeProvider, makeTarget } from './support.ts'

const provider = makeProvider()
const chat = (body: unknown) =>
  provider.endpoints['openai.chat']!.decode!(body, makeCall({}), makeTarget()) as Record<string, never>
const complete = (body: unknown) =>
  provider.endpoints['openai.completions']!.decode!(body, makeCall({}, 'openai.completions'), makeTarget()) as Record<
    string,
    never
  >

describe('a chat answer', () => {
  it('becomes a chat completion', () => {
    const { id, ...rest } = chat({
      model: 'llama3.2',
      created_at: '2025-03-01T12:00:00.123456789Z',
      message: { role: 'assistant', content: 'Hello', thinking: 'A greeting.' },
      done: true,
      done_reason: 'stop',
      total_duration: 5,
      prompt_eval_count: 11,
      eval_count: 4,
    })
    expect(id).toMatch(/^chatcmpl-[0-9a-f]{24}$/)
    expect(rest).toEqual({
      object: 'chat.completion',
      created: 1740830400,
      model: 'llama3.2',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: 'Hello', reasoning_content: 'A greeting.' },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: { prompt_tokens: 11, completion_tokens: 4, total_tokens: 15 },
    })
  })

  it('tells how much of the prompt was cached', () => {
    const { usage } = chat({
      message: { content: '' },
      prompt_eval_count: 11,
      prompt_eval_cached_count: 8,
      eval_count: 4,
    })
    const counts = { prompt_tokens: 11, completion_tokens: 4, total_tokens: 15 }
    expect(usage).toEqual({ ...counts, prompt_tokens_details: { cached_tokens: 8 } })
  })

  it('keeps ids of tool calls and makes the missing ones, each its own', () => {
    const call = { function: { name: 'time', arguments: { zone: 'UTC' } } }
    const { choices } = chat({
      message: { content: '', tool_calls: [{ id: 'call_x', ...call }, call, call, { function: { name: 'now' } }] },
      done_reason: 'stop',
    }) as unknown as { choices: { finish_reason: string; message: { content: null; tool_calls: { id: string }[] } }[] }
    const { message, finish_reason } = choices[0]!
    expect(finish_reason).toBe('tool_calls')
    expect(message.content).toBeNull()
    const ids = message.tool_calls.map(({ id }) => id)
    expect(ids[0]).toBe('call_x')
    for (const id of ids.slice(1)) expect(id).toMatch(/^call_[0-9a-f]{24}$/)
    expect(new Set(ids).size).toBe(4)
    expect(message.tool_calls.map((call) => ({ ...call, id: undefined }))).toEqual([
      { type: 'function', function: { name: 'time', arguments: '{"zone":"UTC"}' } },
      { type: 'function', function: { name: 'time', arguments: '{"zone":"UTC"}' } },
      { type: 'function', function: { name: 'time', arguments: '{"zone":"UTC"}' } },
      { type: 'function', function: { name: 'now', arguments: '{}' } },
    ])
  })

  it.each([
    ['length', 'length'],
    ['stop', 'stop'],
    ['load', 'stop'],
    [undefined, 'stop'],
  ])('done_reason %s is finish_reason %s', (done_reason, finish_reason) => {
    expect(chat({ message: { content: 'a' }, done_reason })).toMatchObject({ choices: [{ finish_reason }] })
  })

  it('has log probabilities in OpenAI’s form', () => {
    const logprobs = [
      { token: 'Hi', logprob: -0.1, bytes: [72, 105], top_logprobs: [{ token: 'Hi', logprob: -0.1 }] },
      { token: '!', logprob: -2 },
    ]
    expect(chat({ message: { content: 'Hi!' }, logprobs })).toMatchObject({
      choices: [
        {
          logprobs: {
            content: [
              {
                token: 'Hi',
                logprob: -0.1,
                bytes: [72, 105],
                top_logprobs: [{ token: 'Hi', logprob: -0.1, bytes: null }],
              },
              { token: '!', logprob: -2, bytes: null, top_logprobs: [] },
            ],
            refusal: null,
          },
        },
      ],
    })
  })

  it('counts a missing figure as 0, and has no usage where both are missing', () => {
    expect(chat({ message: {}, eval_count: 3 })['usage']).toEqual({
      prompt_tokens: 0,
      completion_tokens: 3,
      total_tokens: 3,
    })
    expect(chat({ message: {} })).not.toHaveProperty('usage')
  })

  it.each([
    [{ error: 'out of memory' }, 'out of memory'],
    [[], 'the answer is not a JSON object'],
    [null, 'the answer is not a JSON object'],
  ])('is a 502 where it is none: %j', (body, message) => {
    expect(() => chat(body)).toThrow(expect.objectContaining({ status: 502, message, origin: 'provider' }))
  })
})

describe('a generate answer', () => {
  it('becomes a text completion', () => {
    const { id, ...rest } = complete({
      created_at: '2025-03-01T12:00:00Z',
      response: ' upon a time',
      thinking: 'hidden',
      done: true,
      done_reason: 'length',
      prompt_eval_count: 2,
      eval_count: 3,
      logprobs: [
        {
          token: ' upon',
          logprob: -1,
          top_logprobs: [
            { token: ' upon', logprob: -1 },
            { token: ' more', logprob: -3 },
          ],
        },
        { token: ' a', logprob: -2 },
      ],
    })
    expect(id).toMatch(/^cmpl-[0-9a-f]{24}$/)
    expect(rest).toEqual({
      object: 'text_completion',
      created: 1740830400,
      model: 'llama3.2',
      choices: [
        {
          index: 0,
          text: ' upon a time',
          logprobs: {
            tokens: [' upon', ' a'],
            token_logprobs: [-1, -2],
            top_logprobs: [{ ' upon': -1, ' more': -3 }, {}],
            text_offset: [0, 5],
          },
          finish_reason: 'length',
        },
      ],
      usage: { prompt_tokens: 2, completion_tokens: 3, total_tokens: 5 },
    })
  })
})

describe('an error answer', () => {
  const error = (status: number, body: unknown) =>
    provider.error!(status, typeof body === 'string' ? body : JSON.stringify(body))
  it.each([
    [
      404,
      { error: "model 'llama9' not found" },
      { message: "model 'llama9' not found", type: 'invalid_request_error', code: 'model_not_found', param: 'model' },
    ],
    [404, { error: 'model "x" not found, try pulling it first' }, { code: 'model_not_found' }],
    [404, '404 page not found', { message: '404 page not found' }],
    [
      401,
      { error: 'unauthorized', signin_url: 'https://example.com' },
      { message: 'unauthorized', code: 'invalid_api_key' },
    ],
    [429, { error: 'too many requests' }, { code: 'rate_limit_exceeded' }],
    [400, { error: '"x" does not support tools' }, { code: 'unsupported_parameter', param: 'tools' }],
    [400, { error: '"x" does not support thinking' }, { code: 'unsupported_parameter', param: 'reasoning_effort' }],
    [400, { error: '"x" does not support chat' }, { code: 'unsupported_parameter', param: 'model' }],
    [400, { error: 'the input length exceeds the context length' }, { code: 'context_length_exceeded' }],
    [503, { error: 'server busy, please try again.' }, { message: 'server busy, please try again.' }],
    [500, { error: { message: 'from a proxy' } }, { message: 'from a proxy' }],
    [502, '<html><body>Bad gateway</body></html>', { message: 'status 502 with an HTML page' }],
    [500, '', { message: 'status 500 without a message' }],
    [500, 'x'.repeat(600), { message: `${'x'.repeat(500)}…` }],
  ])('%s %j', (status, body, shape) => {
    expect(error(status, body)).toMatchObject({ status, ...shape })
  })
})

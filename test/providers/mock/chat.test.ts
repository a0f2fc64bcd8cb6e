import { describe, expect, it } from 'vitest'
import { ask, chat, choicesOf, collect, firstOf, makeProvider, readEvents } from './support.ts'

const SAID =
  'You said: "Hello there". This is the built-in mock model: it calls no provider, needs no key and costs nothing.'
const hello = [{ role: 'user', content: 'Hello there' }]

describe('mock', () => {
  it('repeats the last user message in a sentence', async () => {
    const { id, created, ...rest } = await chat('mock')
    expect(id).toMatch(/^chatcmpl-[0-9a-f]{16}$/)
    expect(created).toBeGreaterThanOrEqual(1735689600)
    expect(created).toBeLessThan(1767225600)
    expect(rest).toEqual({
      status: 200,
      object: 'chat.completion',
      model: 'mock',
      choices: [
        {
          index: 0,
          message: { role: 'assistant', content: SAID, refusal: null, annotations: [] },
          logprobs: null,
          finish_reason: 'stop',
        },
      ],
      usage: {
        prompt_tokens: 7,
        completion_tokens: 29,
        total_tokens: 36,
        prompt_tokens_details: { cached_tokens: 0, audio_tokens: 0 },
        completion_tokens_details: {
          reasoning_tokens: 0,
          audio_tokens: 0,
          accepted_prediction_tokens: 0,
          rejected_prediction_tokens: 0,
        },
      },
      system_fingerprint: 'fp_mock',
    })
  })

  it('answers the same to the same, and something else to something else', async () => {
    expect(await chat('mock')).toEqual(await chat('mock'))
    expect((await chat('mock', { seed: 1 }))['id']).not.toBe((await chat('mock'))['id'])
    const stream = { model: 'mock', messages: hello, stream: true }
    expect(await (await ask(stream)).text()).toBe(await (await ask(stream)).text())
  })

  it('reads content parts, and takes any name', async () => {
    const content = [{ type: 'text', text: 'Hello' }, { type: 'image_url' }, { type: 'text', text: 'there' }]
    const body = await chat('mock/whatever-7b', { messages: [{ role: 'user', content }] })
    expect(firstOf(body).message.content).toBe(SAID.replace('Hello there', 'Hello\nthere'))
    expect(body['usage']).toMatchObject({ prompt_tokens: 4 + 3 + 85 })
    expect(firstOf(await chat('mock', { messages: [{ role: 'system', content: 'x' }] })).message.content).toMatch(
      /^Hello! /,
    )
  })

  it('quotes long messages in part', async () => {
    const { message } = firstOf(await chat('mock', {}, '👋'.repeat(5000)))
    expect(message.content).toBe(SAID.replace('Hello there', `${'👋'.repeat(200)}…`))
  })

  it('gives n choices', async () => {
    const choices = choicesOf(await chat('mock', { n: 3 }))
    expect(choices.map(({ index, message }) => [index, message.content])).toEqual([
      [0, SAID],
      [1, `${SAID} This is choice 2.`],
      [2, `${SAID} This is choice 3.`],
    ])
  })

  it('ends before a stop sequence', async () => {
    expect(firstOf(await chat('mock', { stop: 'This' }))).toMatchObject({
      message: { content: 'You said: "Hello there". ' },
      finish_reason: 'stop',
    })
    expect(firstOf(await chat('mock', { stop: ['nowhere', ' there', 'This'] })).message.content).toBe(
      'You said: "Hello',
    )
  })

  it.each(['max_tokens', 'max_completion_tokens'])('keeps to %s', async (name) => {
    const body = await chat('mock', { [name]: 4 })
    expect(firstOf(body)).toMatchObject({ message: { content: 'You said: "' }, finish_reason: 'length' })
    expect(body['usage']).toMatchObject({ completion_tokens: 4 })
    expect(firstOf(await chat('mock', { [name]: 29 }))).toMatchObject({
      message: { content: SAID },
      finish_reason: 'stop',
    })
  })

  it('gives log probabilities when asked', async () => {
    const asked = { max_tokens: 1, logprobs: true }
    const none = firstOf(await chat('mock', asked)).logprobs as { content: Record<string, unknown>[] }
    expect(none).toEqual({
      content: [{ token: 'You', logprob: expect.any(Number), bytes: [89, 111, 117], top_logprobs: [] }],
      refusal: null,
    })
    const { content } = firstOf(await chat('mock', { ...asked, top_logprobs: 20 })).logprobs as typeof none
    const top = content[0]!['top_logprobs'] as { token: string; logprob: number }[]
    expect(top).toHaveLength(20)
    expect(top[0]).toMatchObject({ token: 'You', logprob: content[0]!['logprob'] })
    expect(new Set(top.map(({ token }) => token)).size).toBe(20)
    expect(top.map(({ logprob }) => logprob)).toEqual(top.map(({ logprob }) => logprob).toSorted((a, b) => b - a))
    expect(top[0]!.logprob).toBeLessThan(0)
  })

  it('gives JSON when asked', async () => {
    const object = firstOf(await chat('mock', { response_format: { type: 'json_object' } })).message.content
    expect(JSON.parse(object!)).toEqual({ message: SAID })
    const schema = {
      type: 'object',
      properties: { name: { type: 'string' }, age: { type: 'integer', minimum: 18 }, kind: { enum: ['a', 'b'] } },
      required: ['name', 'age', 'kind'],
    }
    const format = { type: 'json_schema', json_schema: { name: 'x', schema } }
    const fitted = firstOf(await chat('mock', { response_format: format })).message.content
    expect(JSON.parse(fitted!)).toEqual({ name: 'sample name', age: 18, kind: 'a' })
  })

  it.each([
    [{ messages: [] }, 'messages'],
    [{ messages: 'hi' }, 'messages'],
    [{ n: 0 }, 'n'],
    [{ n: 1.5 }, 'n'],
    [{ max_tokens: -1 }, 'max_tokens'],
    [{ logprobs: true, top_logprobs: 21 }, 'top_logprobs'],
  ])('refuses %j in OpenAI’s form', async (more, param) => {
    expect(await chat('mock', more)).toEqual({
      status: 400,
      error: { message: expect.stringContaining(`\`${param}\``), type: 'invalid_request_error', param, code: null },
    })
  })

  it('refuses a body that is no JSON object', async () => {
    const request = { url: 'mock://local/chat/completions', headers: {}, body: '[1]' }
    const response = await makeProvider().respond!(request, new AbortController().signal)
    expect(response.status).toBe(400)
    expect(await response.json()).toMatchObject({ error: { message: 'The body must be a JSON object.' } })
  })
})

describe('a stream', () => {
  it('adds up to the whole answer: one id, the role first, one finish, the end last', async () => {
    const asked = { model: 'mock', messages: hello, n: 2, reasoning_effort: 'low' }
    const whole = choicesOf((await (await ask(asked)).json()) as Record<string, unknown>)
    const response = await ask({ ...asked, stream: true })
    expect(response.headers.get('content-type')).toBe('text/event-stream; charset=utf-8')
    const events = await readEvents(response)
    expect(events.at(-1)).toBe('[DONE]')
    const chunks = events.slice(0, -1) as Record<string, unknown>[]
    expect(new Set(chunks.map((chunk) => chunk['id'])).size).toBe(1)
    expect(new Set(chunks.map((chunk) => chunk['object']))).toEqual(new Set(['chat.completion.chunk']))
    expect(chunks.slice(0, 2).map((chunk) => chunk['choices'])).toEqual(
      [0, 1].map((index) => [
        { index, delta: { role: 'assistant', content: '', refusal: null }, logprobs: null, finish_reason: null },
      ]),
    )
    expect(chunks.some((chunk) => 'usage' in chunk)).toBe(false)
    expect(collect(events)).toEqual(
      whole.map(({ message, finish_reason }) => ({
        message: { role: 'assistant', content: message.content, reasoning_content: message.reasoning_content },
        finish: [finish_reason],
      })),
    )
  })

  it('sends usage last if asked for', async () => {
    const asked = { model: 'mock', messages: hello }
    const { usage } = (await (await ask(asked)).json()) as { usage: unknown }
    const events = await readEvents(await ask({ ...asked, stream: true, stream_options: { include_usage: true } }))
    expect(events.at(-2)).toMatchObject({ choices: [], usage })
    expect(events.filter((event) => event !== '[DONE]' && event['usage'])).toHaveLength(1)
  })

  it('carries log probabilities beside their token', async () => {
    const events = await readEvents(
      await ask({ model: 'mock', messages: hello, stream: true, logprobs: true, max_tokens: 1 }),
    )
    const found = events.flatMap((event) => (event === '[DONE]' ? [] : (event['choices'] as { logprobs: unknown }[])))
    expect(found.map(({ logprobs }) => logprobs)).toEqual([
      null,
      {
        content: [{ token: 'You', logprob: expect.any(Number), bytes: [89, 111, 117], top_logprobs: [] }],
        refusal: null,
      },
      null,
    ])
  })
})

describe('by model name', () => {
  it('echo answers with exactly what was said', async () => {
    const text = '  {"a": 1}\n\n「ü」 👩‍👩‍👧 '
    expect(firstOf(await chat('mock/echo', {}, text)).message.content).toBe(text)
    expect(firstOf(await chat('echo', {}, text)).message.content).toBe(text)
  })

  it.each([0, 1, 7, 250])('%i-tokens has that many', async (count) => {
    const body = await chat(`mock/${count}-tokens`)
    expect(body['usage']).toMatchObject({ completion_tokens: count })
    expect(firstOf(body).finish_reason).toBe('stop')
    const events = await readEvents(await ask({ model: `${count}-tokens`, messages: hello, stream: true }))
    // The role, the finish and the end besides.
    expect(events).toHaveLength(count + 3)
  })

  it('n-tokens has a limit', async () => {
    const body = await chat('mock/999999999-tokens', { max_tokens: 3 })
    expect(body['usage']).toMatchObject({ completion_tokens: 3 })
    expect(firstOf(body)).toMatchObject({ message: { content: 'and so the' }, finish_reason: 'length' })
  })

  it('reasoning thinks first', async () => {
    const body = await chat('mock/reasoning')
    const { message } = firstOf(body)
    expect(message.content).toBe(SAID)
    expect(message.reasoning_content).toBe(
      'The user sent 11 characters. A mock knows nothing, so it can only repeat them.',
    )
    expect(body['usage']).toMatchObject({
      completion_tokens: 29 + 19,
      completion_tokens_details: { reasoning_tokens: 19 },
    })
  })

  it('reasoning_effort makes any name think, more or less', async () => {
    const lengths = await Promise.all(
      ['none', 'low', 'medium', 'high'].map(async (reasoning_effort) => {
        const { message } = firstOf(await chat('mock', { reasoning_effort }))
        return message.reasoning_content?.length ?? 0
      }),
    )
    expect(lengths[0]).toBe(0)
    expect(lengths).toEqual([...new Set(lengths)].toSorted((a, b) => a - b))
  })

  it('reasoning counts against the limit', async () => {
    expect(firstOf(await chat('mock/reasoning', { max_tokens: 2 }))).toMatchObject({
      message: { content: '', reasoning_content: 'The user' },
      finish_reason: 'length',
    })
  })

  it('empty-text says nothing', async () => {
    const body = await chat('mock/empty-text')
    expect(firstOf(body)).toMatchObject({ message: { content: '' }, finish_reason: 'stop' })
    expect(body['usage']).toMatchObject({ completion_tokens: 0 })
  })

  it('a mark in the prompt wins over the name', async () => {
    expect(await chat('mock/echo', {}, 'now [mock:error-503] please')).toMatchObject({ status: 503 })
    expect(await chat('mock', {}, '[mock:3-tokens]')).toMatchObject({ usage: { completion_tokens: 3 } })
  })
})

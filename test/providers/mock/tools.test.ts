import { describe, expect, it } from 'vitest'
import { ask, chat, collect, firstOf, readEvents } from './support.ts'

const tool = (name: string, parameters?: unknown) => ({ type: 'function', function: { name, parameters } })
const weather = tool('weather', {
  type: 'object',
  properties: { city: { type: 'string' }, unit: { enum: ['C', 'F'] }, days: { type: 'integer' } },
  required: ['city', 'unit'],
})
const time = tool('time')
const called = (body: Record<string, unknown>) => (firstOf(body).message.tool_calls ?? []).map((call) => call.function)

describe('with tools', () => {
  it('calls the first with arguments that fit its schema', async () => {
    const body = await chat('mock', { tools: [weather, time] })
    expect(firstOf(body)).toMatchObject({ finish_reason: 'tool_calls', message: { content: null } })
    expect(firstOf(body).message.tool_calls).toEqual([
      {
        id: expect.stringMatching(/^call_[0-9a-f]{16}$/),
        type: 'function',
        function: { name: 'weather', arguments: '{"city":"sample city","unit":"C"}' },
      },
    ])
    expect(body['usage']).toMatchObject({ completion_tokens: expect.any(Number) })
    expect(await chat('mock', { tools: [weather, time] })).toEqual(body)
  })

  it.each([
    [{ tool_choice: 'auto' }, ['weather']],
    [{ tool_choice: 'required' }, ['weather']],
    [{ tool_choice: 'none' }, []],
    [{ tool_choice: { type: 'function', function: { name: 'time' } } }, ['time']],
    [{ tool_choice: { type: 'allowed_tools', allowed_tools: { mode: 'auto', tools: [time] } } }, ['time']],
  ])('keeps to %j', async (more, names) => {
    expect(called(await chat('mock', { tools: [weather, time], ...more })).map(({ name }) => name)).toEqual(names)
  })

  it('refuses a choice that is not there', async () => {
    const tool_choice = { type: 'function', function: { name: 'other' } }
    expect(await chat('mock', { tools: [weather], tool_choice })).toMatchObject({
      status: 400,
      error: { param: 'tool_choice' },
    })
  })

  it('answers in text after a result', async () => {
    const messages = [
      { role: 'user', content: 'Weather?' },
      { role: 'assistant', content: null, tool_calls: [{ id: 'call_1', ...weather }] },
      { role: 'tool', tool_call_id: 'call_1', content: 'rain' },
    ]
    expect(firstOf(await chat('mock', { messages, tools: [weather] }))).toMatchObject({
      message: { content: expect.stringMatching(/^The tool answered: "rain"\. /) },
      finish_reason: 'stop',
    })
    const again = [...messages, { role: 'assistant', content: 'Rain.' }, { role: 'user', content: 'And now?' }]
    expect(called(await chat('mock', { messages: again, tools: [weather] }))).toHaveLength(1)
  })

  it('parallel-tools calls all at once, each with its own id', async () => {
    const body = await chat('mock/parallel-tools', { tools: [weather, time] })
    const calls = firstOf(body).message.tool_calls!
    expect(calls.map((call) => call.function)).toEqual([
      { name: 'weather', arguments: '{"city":"sample city","unit":"C"}' },
      { name: 'time', arguments: '{}' },
    ])
    expect(new Set(calls.map(({ id }) => id)).size).toBe(2)
    expect(called(await chat('mock/parallel-tools', { tools: [time] })).map(({ name }) => name)).toEqual([
      'time',
      'time',
    ])
    expect(
      called(await chat('mock/parallel-tools', { tools: [weather, time], parallel_tool_calls: false })),
    ).toHaveLength(1)
  })

  it('names that say what the text is call nothing', async () => {
    for (const model of ['mock/echo', 'mock/5-tokens', 'mock/empty-text']) {
      expect(called(await chat(model, { tools: [weather] }))).toEqual([])
    }
  })

  it('thinks before it calls', async () => {
    const { message } = firstOf(await chat('mock/reasoning', { tools: [time] }))
    expect(message.reasoning_content).toMatch(/^The user sent/)
    expect(message.tool_calls).toHaveLength(1)
  })

  it('streams calls in pieces that add up', async () => {
    const asked = { model: 'parallel-tools', messages: [{ role: 'user', content: 'x' }], tools: [weather, time] }
    const whole = firstOf((await (await ask(asked)).json()) as Record<string, unknown>)
    const [streamed] = collect(await readEvents(await ask({ ...asked, stream: true })))
    const functions = (calls: typeof whole.message.tool_calls) => calls!.map((call) => call.function)
    expect(functions(streamed!.message.tool_calls)).toEqual(functions(whole.message.tool_calls))
    expect(streamed!.finish).toEqual(['tool_calls'])
  })
})

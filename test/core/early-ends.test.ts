import { expect, it, onTestFinished, vi } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import { chatEvents } from '../support/openai-answers.ts'
import { startUpstream, toEvent } from '../support/upstream.ts'

/** Sends each piece in a network write of its own, and ends as if all were said. */
async function ask(pieces: readonly string[], path = 'chat/completions') {
  const upstream = await startUpstream((_call, response) => {
    response.writeHead(200, { 'content-type': 'text/event-stream' })
    const next = (i: number) => {
      if (i === pieces.length) return void response.end()
      response.write(pieces[i]!, () => setImmediate(() => setImmediate(() => next(i + 1))))
    }
    next(0)
  })
  const errors: unknown[] = []
  const peek = definePlugin({
    name: 'peek',
    options: z.object({}),
    setup: () => ({ log: (record) => void errors.push(record.error?.code) }),
  })
  const gateway = await createGateway(
    {
      models: [{ name: 'm', model: 'openai/m', apiKey: 'sk-test-0123456789', baseURL: `${upstream.url}/v1` }],
      use: [peek],
      plugins: { retry: { retries: 0 } },
    },
    { env: {} },
  )
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const body = path === 'completions' ? { prompt: 'Hi' } : { messages: [{ role: 'user', content: 'Hi' }] }
  const response = await gateway.fetch(`http://gateway/v1/${path}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'm', stream: true, ...body }),
  })
  const text = await response.text()
  await vi.waitFor(() => expect(errors).toHaveLength(1))
  return { status: response.status, text, errors }
}

const chunk = (choice: object) =>
  toEvent({ id: '1', object: 'chat.completion.chunk', choices: [{ index: 0, ...choice }] })
const hello = [chunk({ delta: { role: 'assistant', content: 'Hel' } }), chunk({ delta: { content: 'lo' } })]
const nulls = [chunk({ delta: { content: 'Hello' }, finish_reason: null })]
const stop = chunk({ delta: {}, finish_reason: 'stop' })
const usage = toEvent({ id: '1', choices: [], usage: { prompt_tokens: 1, completion_tokens: 1, total_tokens: 2 } })
const done = toEvent('[DONE]')

it.each([
  ['after some text', hello],
  ['after chunks that say they are not the last', nulls],
  ['in one piece', [hello.join('')]],
  ['with an empty reason in each', [chunk({ delta: { content: 'Hello' }, finish_reason: '' })]],
  ['after text about it', [chunk({ delta: { content: '"finish_reason":"stop" [DONE]' } })]],
  ['after its usage', [...hello, usage]],
])('a stream that ends %s without having ended is an error', async (_name, pieces) => {
  const { status, text, errors } = await ask(pieces)
  expect(status).toBe(200)
  const last = text.trim().split('\n\n').at(-1)!
  expect(JSON.parse(last.slice(6))).toMatchObject({
    error: { message: 'openai: ended its stream early', code: 'stream_incomplete' },
  })
  expect(text).not.toContain('data: [DONE]')
  expect(text).toContain(pieces[0]!.slice(0, 80))
  expect(errors).toEqual(['stream_incomplete'])
})

it('so it is in the completions dialect', async () => {
  const { text } = await ask([toEvent({ id: '1', choices: [{ index: 0, text: 'Hello' }] })], 'completions')
  expect(text).toMatch(/"text":"Hello"[^]*stream_incomplete/)
})

it('half an event is left out, a whole one is ended', async () => {
  const half = await ask([...hello, 'data: {"id":"1","choi'])
  expect(half.text).toBe(hello.join('') + half.text.slice(hello.join('').length))
  expect(half.text.slice(hello.join('').length)).toMatch(/^data: \{"error":/)
  const whole = await ask([hello[0]!, hello[1]!.trimEnd()])
  expect(whole.text.slice(0, hello.join('').length)).toBe(hello.join(''))
  expect(whole.text.slice(hello.join('').length)).toMatch(/^data: \{"error":/)
})

it.each([
  ['the end mark alone', [...hello, done]],
  ['the end mark, its line not ended', [...hello, done.trimEnd()]],
  ['a reason alone', [...hello, stop]],
  ['a reason, then usage', [...hello, stop, usage]],
  ['a reason, then comments', [...hello, stop, ': a\n\n', ': b\n\n', ': c\n\n', ': d\n\n']],
  ['a spaced reason', [...hello, stop.replaceAll('":', '": ')]],
  ['a reason in the last text', [...hello, chunk({ delta: { content: '!' }, finish_reason: 'length' })]],
  ['a reason whose line is not ended', [...hello, stop.trimEnd()]],
  ['all', chatEvents(['Hel', 'lo']).map(toEvent)],
])('a stream is whole with %s', async (_name, pieces) => {
  const { status, text, errors } = await ask(pieces)
  expect(status).toBe(200)
  expect(text).not.toContain('error')
  expect(errors).toEqual([undefined])
})

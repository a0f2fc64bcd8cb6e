import { expect, it, onTestFinished } from 'vitest'
import { createGateway, definePlugin, z } from '../../src/index.ts'
import type { LogRecord } from '../../src/index.ts'
import { startUpstream } from '../support/upstream.ts'

const PRICES = { input_cost_per_token: 1e-6, output_cost_per_token: 1e-5 }

/** What the books say of a call that is answered with `answer`. */
async function booksOf(path: string, body: object, answer: object): Promise<LogRecord> {
  const upstream = await startUpstream((_call, response) => {
    response.writeHead(200, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer))
  })
  const records: LogRecord[] = []
  const watch = definePlugin({
    name: 'watch',
    options: z.object({}),
    setup: () => ({ record: (record) => void records.push(record) }),
  })
  const model = { name: 'm', model: 'openai/m', apiKey: 'sk-upstream-key', baseURL: upstream.url, prices: PRICES }
  const gateway = await createGateway({ models: [model], use: [watch] }, { env: {} })
  onTestFinished(async () => {
    await gateway.close()
    await upstream.close()
  })
  const headers = { 'content-type': 'application/json' }
  const response = await gateway.fetch(`http://gateway/v1${path}`, {
    method: 'POST',
    headers,
    body: JSON.stringify({ model: 'm', ...body }),
  })
  expect(await response.json()).toEqual(answer)
  return records[0]!
}

const chat = { messages: [{ role: 'user', content: 'Hi' }] }
const message = (fields: object, more: object = {}) => ({
  id: 'c',
  object: 'chat.completion',
  created: 1,
  model: 'm',
  choices: [{ index: 0, message: { role: 'assistant', ...fields }, finish_reason: 'stop' }],
  ...more,
})

it('accounts an answer whose provider gave no usage by its text, as a stream is', async () => {
  const { usage, cost } = await booksOf('/chat/completions', chat, message({ content: 'twelve bytes' }))
  expect(usage).toEqual({ input: 15, output: 3, estimated: true })
  expect(cost).toMatchObject({ total: 15 * 1000 + 3 * 10_000, source: 'deployment' })
})

it('counts all that was generated: reasoning, and what tools were asked', async () => {
  const tool_calls = [{ id: 't', type: 'function', function: { name: 'f', arguments: '{"a":12345}' } }]
  const fields = { content: null, reasoning_content: 'hmmmhmmm', tool_calls }
  const { usage } = await booksOf('/chat/completions', chat, message(fields, { usage: null }))
  expect(usage).toEqual({ input: 15, output: 5, estimated: true })
})

it('counts completions, and vectors by their input', async () => {
  const completion = {
    id: 'c',
    object: 'text_completion',
    created: 1,
    model: 'm',
    choices: [{ index: 0, text: 'four' }],
  }
  expect((await booksOf('/completions', { prompt: 'Hi' }, completion)).usage).toMatchObject({ output: 1 })
  const vectors = { object: 'list', model: 'm', data: [{ object: 'embedding', index: 0, embedding: [0.5] }] }
  expect((await booksOf('/embeddings', { input: 'Hi' }, vectors)).usage).toMatchObject({ output: 0, estimated: true })
})

it('estimates nothing where the provider tells what it was', async () => {
  const answer = message({ content: 'Hi' }, { usage: { prompt_tokens: 0, completion_tokens: 0, total_tokens: 0 } })
  expect((await booksOf('/chat/completions', chat, answer)).usage).toEqual({ input: 0, output: 0 })
})

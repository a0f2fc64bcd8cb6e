import { createOpenAICompatible } from '@ai-sdk/openai-compatible'
import { generateText, isStepCount, jsonSchema, streamText, tool } from 'ai'
import OpenAI from 'openai'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { serveGateway } from '../support/serve.ts'
import type { Served } from '../support/serve.ts'
import { startUpstream } from '../support/upstream.ts'
import type { Upstream } from '../support/upstream.ts'

let upstream: Upstream
let served: Served
/** What the provider says next: the events of a stream, or one answer. */
const answers: unknown[][] = []

beforeAll(async () => {
  upstream = await startUpstream((call, response) => {
    const events = answers.shift() ?? []
    const streams = call.path.includes('stream') || call.body['stream'] === true
    response.writeHead(200, { 'content-type': streams ? 'text/event-stream' : 'application/json' })
    response.end(
      streams ? events.map((event) => `data: ${JSON.stringify(event)}\n\n`).join('') : JSON.stringify(events[0]),
    )
  })
  const access = { apiKey: 'k-1', baseURL: upstream.url }
  served = await serveGateway({
    models: [
      { name: 'gemini', model: 'gemini/gemini-3-pro-preview', ...access },
      { name: 'claude', model: 'anthropic/claude-opus-4-8', ...access },
    ],
    plugins: { retry: { retries: 0 } },
  })
})
afterAll(async () => {
  await served.close()
  await upstream.close()
})
beforeEach(() => {
  upstream.requests.length = 0
  answers.length = 0
})

const said = (parts: unknown[]) => ({
  candidates: [{ content: { role: 'model', parts }, index: 0, finishReason: 'STOP' }],
  responseId: 'r',
})

describe('the Vercel AI SDK', () => {
  const model = (name: string) =>
    createOpenAICompatible({ name: 'ungate', baseURL: `${served.url}/v1`, apiKey: 'x' })(name)
  const ask = (name: string) => ({
    model: model(name),
    prompt: 'Weather?',
    stopWhen: isStepCount(3),
    maxRetries: 0,
    tools: {
      weather: tool({
        inputSchema: jsonSchema<{ city: string }>({ type: 'object', properties: { city: { type: 'string' } } }),
        execute: ({ city }) => Promise.resolve(`Sun in ${city}`),
      }),
    },
  })

  it.each([true, false])('gives Gemini its signatures back (stream: %s)', async (stream) => {
    const functionCall = { id: 'f1', name: 'weather', args: { city: 'Köln' } }
    answers.push([said([{ functionCall, thoughtSignature: 'c2ln' }])], [said([{ text: 'Sun.' }])])
    const text = stream ? await streamText(ask('gemini')).text : (await generateText(ask('gemini'))).text
    expect(text).toBe('Sun.')
    const [, second] = upstream.requests
    expect((second!.body['contents'] as unknown[])[1]).toEqual({
      role: 'model',
      parts: [{ functionCall, thoughtSignature: 'c2ln' }],
    })
  })
})

describe("the stream helper of OpenAI's SDK", () => {
  it('keeps every thinking block, for the next turn', async () => {
    const block = (index: number, content_block: unknown, ...deltas: unknown[]) => [
      { type: 'content_block_start', index, content_block },
      ...deltas.map((delta) => ({ type: 'content_block_delta', index, delta })),
      { type: 'content_block_stop', index },
    ]
    const signature = { type: 'signature_delta', signature: 'c2ln' }
    answers.push([
      { type: 'message_start', message: { id: 'm', usage: { input_tokens: 1, output_tokens: 1 } } },
      ...block(
        0,
        { type: 'thinking', thinking: '', signature: '' },
        { type: 'thinking_delta', thinking: 'Hm.' },
        signature,
      ),
      ...block(1, { type: 'redacted_thinking', data: 'b3Bh' }),
      ...block(2, { type: 'text', text: '' }, { type: 'text_delta', text: 'Yes.' }),
      { type: 'message_delta', delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 5 } },
      { type: 'message_stop' },
    ])
    const client = new OpenAI({ baseURL: `${served.url}/v1`, apiKey: 'x', maxRetries: 0 })
    const message = await client.chat.completions
      .stream({ model: 'claude', messages: [{ role: 'user', content: 'Hi' }] })
      .finalMessage()
    expect(message).toMatchObject({
      content: 'Yes.',
      reasoning_content: 'Hm.',
      thinking_blocks: [
        { type: 'thinking', thinking: 'Hm.', signature: 'c2ln' },
        { type: 'redacted_thinking', data: 'b3Bh' },
      ],
    })
  })
})

import type OpenAI from 'openai'
import { expect, onTestFinished, test } from 'vitest'
import { createGateway, createLibrary } from '../../src/index.ts'
import type { ChatMessageParam, CompletionParams, Library } from '../../src/index.ts'

async function library(): Promise<Library> {
  const gateway = await createGateway({ plugins: { retry: { retries: 0 } } }, { env: {} })
  onTestFinished(() => gateway.close())
  return createLibrary(gateway)
}

// What these tests say, the compiler checks: `npm run typecheck`.
test('an answer’s message goes back into the conversation as it is', async () => {
  const { completion } = await library()
  const messages: ChatMessageParam[] = [{ role: 'user', content: 'Weather?' }]
  const tools = [{ type: 'function', function: { name: 'weather', parameters: { type: 'object' } } }]
  const asked = await completion({ model: 'mock', messages, tools })
  const { message } = asked.choices[0]!
  messages.push(message, { role: 'tool', tool_call_id: message.tool_calls![0]!.id, content: 'Sun' })
  const answer = await completion({ model: 'mock', messages: [...messages, message].slice(0, 3), tools })
  expect(answer.choices[0]!.message.content).toEqual(expect.any(String))
})

test('conversations and tools typed by OpenAI’s SDK are taken', async () => {
  const { completion } = await library()
  const messages: OpenAI.ChatCompletionMessageParam[] = [
    { role: 'developer', content: 'Be brief.' },
    { role: 'user', content: [{ type: 'text', text: 'Hello' }] },
  ]
  const typed: Partial<OpenAI.ChatCompletionCreateParamsNonStreaming> = {}
  const tools: OpenAI.ChatCompletionTool[] = [{ type: 'function', function: { name: 'f' } }]
  const format: OpenAI.ResponseFormatJSONSchema = {
    type: 'json_schema',
    json_schema: { name: 'n', schema: { type: 'object' } },
  }
  const params: Pick<CompletionParams, 'tool_choice' | 'response_format' | 'stream_options'> = {
    ...(typed.tool_choice && { tool_choice: typed.tool_choice }),
    ...(typed.stream_options && { stream_options: typed.stream_options }),
    response_format: format,
  }
  expect(params.response_format).toBe(format)
  const answer = await completion({ model: 'mock/echo', messages, ...params, response_format: null })
  expect(answer.choices[0]!.message.content).toBe('Hello')
  expect((await completion({ model: 'mock', messages, tools })).choices[0]!.message.tool_calls).toHaveLength(1)
})

test('other fields may be written, wrong ones not', () => {
  const messages: ChatMessageParam[] = [
    { role: 'system', content: [{ type: 'text', text: 'a', cache_control: { type: 'ephemeral' } }] },
    { role: 'user', content: 'b', cache_control: { type: 'ephemeral' } },
    { role: 'user', content: [{ type: 'file', file: { file_data: 'YQ==', filename: 'a.txt', format: 'text/plain' } }] },
    // @ts-expect-error no such role
    { role: 'nobody', content: 'c' },
    // @ts-expect-error a text is a string
    { role: 'user', content: [{ type: 'text', text: 1 }] },
    // @ts-expect-error a result names its call
    { role: 'tool', content: 'd' },
  ]
  expect(messages).toHaveLength(6)
})
